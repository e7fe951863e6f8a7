"""The brow layer: brows that go with stressed syllables, as the head's nods do.

A voice without a strong feeling leaves the upper face still; people raise their brows on some of
the words that matter, and draw them further together when they are angry.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..timing import NETWORK_FPS, frame_times
from . import head
from .chance import slow_noise
from .filters import soften

__all__ = ["CONTEXT_FRAMES", "add_accents", "brow_accents"]

_LAYER: Final = 20
_RAISE: Final = 0.34  # of browOuterUp, on the strongest stress
_DRIFT: Final = 0.06  # between the stresses
_LEAST: Final = 0.12  # a stress below this is no accent
_CHOICE_S: Final = 1.3  # about every second stress is taken
_SOFT_FRAMES: Final = 7

CONTEXT_FRAMES: Final = head.CONTEXT_FRAMES + _SOFT_FRAMES

_INNER: Final = arkit.index("browInnerUp")
_OUTER: Final = arkit.indices("browOuterUp")
_DOWN: Final = arkit.indices("browDown")


def brow_accents(
    level: np.ndarray, activity: np.ndarray, *, size: float, seed: int, start_frame: int = 0
) -> np.ndarray:
    """How far the brows go with the speech, float32 (T,), 0 to about `_RAISE` at size 1; the
    parameters are those of `head_rotation`.
    """
    n_frames = len(level)
    if size <= 0.0 or n_frames == 0:
        return np.zeros(n_frames, np.float32)
    times_s = frame_times(n_frames, NETWORK_FPS, start_frame)
    taken = np.clip(0.5 + 1.2 * slow_noise(times_s, _CHOICE_S, seed, _LAYER), 0.0, 1.0)
    drift = np.clip(slow_noise(times_s, 2.1, seed, _LAYER + 1), 0.0, 1.0)
    rise = np.clip(head.stress(level, activity) - _LEAST, 0.0, None) / (1.0 - _LEAST)
    curve = _RAISE * soften(rise * taken, _SOFT_FRAMES) + _DRIFT * drift * soften(activity, 31)
    return (size * curve).astype(np.float32)


def add_accents(values: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """Curves (T, 52) with the accents: brows that are up or at rest go up, drawn ones further
    down.
    """
    out = values.copy()
    drawn = np.clip(values[:, _DOWN].mean(axis=1), 0.0, 1.0)
    up = accents * (1.0 - drawn) ** 2
    out[:, _INNER] += 0.7 * up
    out[:, _OUTER] += up[:, None]
    out[:, _DOWN] += (accents * drawn)[:, None]
    return out
