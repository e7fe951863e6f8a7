"""Curves without jitter: Savitzky-Golay, without delay."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np

from .. import arkit
from ..controls import Controls
from .filters import moving

__all__ = ["UPPER", "smooth", "smooth_regions"]

_ORDER: Final = 2
_LONGEST: Final = 11  # frames: 0.37 s at 30 fps

UPPER: Final = sorted((*arkit.BROWS, *arkit.EYES))
"""Columns of the upper face: brows, lids, eyes and cheeks."""


def smooth_regions(values: np.ndarray, controls: Controls) -> np.ndarray:
    """Curves (T, 52) with the whole face as smooth as `smoothing` says, and the upper face by
    `upper_smoothing` more, or less where that is negative.
    """
    upper = min(max(controls.smoothing + controls.upper_smoothing, 0.0), 1.0)
    out = smooth(values, controls.smoothing)
    if upper == controls.smoothing:
        return out
    out = out.copy()
    out[:, UPPER] = smooth(values[:, UPPER], upper)
    return out


def smooth(values: np.ndarray, strength: float) -> np.ndarray:
    """Curves (T, C) with less frame-to-frame motion; the ends are fitted, not padded.

    Parameters
    ----------
    strength : float
        0 changes nothing, 1 fits parabolas to 11 frames; in between neighbouring window lengths are
        blended, so that a slider moves without steps.

    Returns
    -------
    float32 (T, C)
        May leave 0..1 slightly: limits are applied last.

    References
    ----------
    Savitzky and Golay, Analytical Chemistry 36 (1964). The published demo smooths with 5 frames,
    order 2.
    """
    if strength <= 0.0 or len(values) <= _ORDER + 1:
        return values
    size = 3.0 + (_LONGEST - 3.0) * strength  # 3 frames and a parabola: nothing changes
    lower = min(3 + 2 * int((size - 3.0) / 2.0), _LONGEST)
    share = np.float32((size - lower) / 2.0)
    out = _fit(values, lower)
    return out if share == 0.0 else out + share * (_fit(values, lower + 2) - out)


def _fit(values: np.ndarray, size: int) -> np.ndarray:
    size = min(size, len(values) - (1 - len(values) % 2))  # odd, and not longer than the curves
    if size <= _ORDER + 1:
        return values.astype(np.float32)
    half = size // 2
    projection = _projection(size)
    out = moving(values, projection[half])
    out[:half] = projection[:half] @ values[:size]
    out[-half:] = projection[-half:] @ values[-size:]
    return out


@functools.cache
def _projection(size: int) -> np.ndarray:
    """float32 (size, size): row i gives the fitted parabola's value at place i of a window."""
    powers = np.vander(np.arange(size) - size // 2, _ORDER + 1).astype(np.float64)
    return (powers @ np.linalg.pinv(powers)).astype(np.float32)
