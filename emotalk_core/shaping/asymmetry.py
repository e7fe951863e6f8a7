"""The asymmetry of an expression: no face smiles, frowns or raises its brows alike on both sides.

What a pair of channels shows is shared out anew between left and right, so that the mean of the two
stays: a lean that a seed has for good, and a slow drift around it. What speaks and what blinks is
left alone, and with the means the gap between the lips stays too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..timing import NETWORK_FPS, frame_times
from .chance import cell_rng, slow_noise

__all__ = ["PAIRS", "lean", "share_out"]

_LAYER: Final = 30
_MOST: Final = 0.4  # of a pair's mean goes from one side to the other at size 1, at most
_WHOLE_FACE, _OWN, _DRIFT = 0.55, 0.45, 0.4  # deviations: one side is the livelier one all over
_DRIFT_S: Final = 3.7  # about the length of a phrase
_STEEP: Final = 1.6  # of tanh: most seeds lean by more than half of the most

_GROUPS: Final = (
    ("browDown", "browOuterUp"),
    ("mouthSmile", "cheekSquint", "eyeSquint", "mouthDimple"),
    ("mouthFrown", "mouthStretch"),
    ("noseSneer",),
)
"""What one muscle, or those that go together, moves."""

PAIRS: Final = tuple(
    tuple(arkit.indices(f"{stem}Left", f"{stem}Right") for stem in stems) for stems in _GROUPS
)
"""Left and right channel of each pair, by group."""


def lean(n_frames: int, *, size: float, seed: int, start_frame: int = 0) -> np.ndarray:
    """Share of each group's mean that the left side has more and the right one less, float32
    (T, number of groups), within -0.4..0.4 times `size`.
    """
    if size <= 0.0 or n_frames == 0:
        return np.zeros((n_frames, len(_GROUPS)), np.float32)
    times_s = frame_times(n_frames, NETWORK_FPS, start_frame)
    livelier, *own = cell_rng(seed, _LAYER, 0).standard_normal(1 + len(_GROUPS))
    columns = [
        _WHOLE_FACE * livelier
        + _OWN * of_group
        + _DRIFT * slow_noise(times_s, _DRIFT_S, seed, _LAYER + 1 + group)
        for group, of_group in enumerate(own)
    ]
    return (size * _MOST * np.tanh(_STEEP * np.stack(columns, axis=1))).astype(np.float32)


def share_out(values: np.ndarray, leans: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose pairs lean by `leans` (T, number of groups); no side passes 0 or 1 by
    it, so that the mean of each pair stays.
    """
    if not leans.any():
        return values
    out = values.copy()
    for group, pairs in enumerate(PAIRS):
        for left, right in pairs:
            one, other = values[:, left], values[:, right]
            wanted = leans[:, group] * 0.5 * (one + other)
            least = np.minimum(np.maximum(-one, other - 1.0), 0.0)
            most = np.maximum(np.minimum(1.0 - one, other), 0.0)
            moved = np.clip(wanted, least, most)
            out[:, left] += moved
            out[:, right] -= moved
    return out
