"""The head layer: yaw, pitch and roll that follow the speech a little, in radians."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..timing import NETWORK_FPS, frame_times
from .chance import slow_noise
from .filters import soften

__all__ = ["CONTEXT_FRAMES", "MAX_RADIANS", "head_rotation", "stress"]

_LAYER: Final = 10
MAX_RADIANS: Final = float(np.radians(4.0))
"""At size 1 no rotation goes beyond this."""

# Degrees of each axis's two noises: a slow sway with the phrase and a quicker one with the words.
_SWAYS: Final = ((1.5, 3.4, 0.75, 1.1), (0.9, 3.1, 0.4, 0.9), (0.8, 4.3, 0.4, 1.3))
_NOD_DEGREES: Final = 1.6  # down on a stressed syllable
_IDLE: Final = 0.4  # of the motion is left in silence
_STRESS_FRAMES: Final = 9  # a syllable and a half
_PHRASE_FRAMES: Final = 61

CONTEXT_FRAMES: Final = _PHRASE_FRAMES + 15


def head_rotation(
    level: np.ndarray, activity: np.ndarray, *, size: float, seed: int, start_frame: int = 0
) -> np.ndarray:
    """float32 (T, 3): yaw (+ to the character's left), pitch (+ up), roll (+ to its left shoulder),
    in radians.

    Parameters
    ----------
    level : float32 (T,)
        dB; what stands out over the phrase around it is a stress.
    activity : float32 (T,)
        0 silence .. 1 speech.
    """
    n_frames = len(level)
    if size <= 0.0 or n_frames == 0:
        return np.zeros((n_frames, 3), np.float32)
    times_s = frame_times(n_frames, NETWORK_FPS, start_frame)
    alive = _IDLE + (1.0 - _IDLE) * soften(activity, 31)
    axes = []
    for axis, (slow, slow_s, quick, quick_s) in enumerate(_SWAYS):
        sway = slow * slow_noise(times_s, slow_s, seed, _LAYER + 2 * axis)
        sway += quick * slow_noise(times_s, quick_s, seed, _LAYER + 2 * axis + 1)
        axes.append(sway * alive)
    axes[1] = axes[1] - _NOD_DEGREES * stress(level, activity)
    degrees = np.stack(axes, axis=1)
    return (size * MAX_RADIANS * np.tanh(np.radians(degrees) / MAX_RADIANS)).astype(np.float32)


def stress(level: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """How much a frame stands out from its phrase, about -0.5..1, float32 (T,)."""
    loud = np.clip(level, -30.0, 10.0) * activity - 30.0 * (1.0 - activity)
    standing_out = soften(loud, _STRESS_FRAMES) - soften(loud, _PHRASE_FRAMES)
    return soften(np.clip(standing_out / 12.0, -0.5, 1.0), _STRESS_FRAMES) * activity
