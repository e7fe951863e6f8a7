"""The gaze layer: small saccades around the place that the eyes look at, and the drift between
them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from .. import arkit
from ..timing import NETWORK_FPS, frame_times
from .chance import cell_rng, slow_noise

__all__ = ["CONTEXT_FRAMES", "add_gaze", "gaze_angles", "look_from"]

_LAYER: Final = 2
_DRIFT_LAYER: Final = 3
_CELL_FRAMES: Final = 33  # a fixation of about 1.1 s
_SACCADE_FRAMES: Final = 2  # 50-70 ms for a few degrees
_HOME: Final = 0.45  # of the fixations look straight at the listener
_YAW: Final = 0.11  # spread of the others, in coefficients: about 3 degrees
_PITCH: Final = 0.06
_DRIFT: Final = 0.012

CONTEXT_FRAMES: Final = 2 * _CELL_FRAMES

# (channel, sign of yaw or pitch that drives it); yaw > 0 looks to the character's left.
_YAW_CHANNELS: Final = (
    (arkit.index("eyeLookOutLeft"), 1.0),
    (arkit.index("eyeLookInRight"), 1.0),
    (arkit.index("eyeLookInLeft"), -1.0),
    (arkit.index("eyeLookOutRight"), -1.0),
)
_PITCH_CHANNELS: Final = (
    (arkit.index("eyeLookUpLeft"), 1.0),
    (arkit.index("eyeLookUpRight"), 1.0),
    (arkit.index("eyeLookDownLeft"), -1.0),
    (arkit.index("eyeLookDownRight"), -1.0),
)

_RIGHT: Final = frozenset(
    channel
    for channel, _sign in (*_YAW_CHANNELS, *_PITCH_CHANNELS)
    if arkit.CHANNELS[channel].endswith("Right")
)


def gaze_angles(n_frames: int, *, size: float, seed: int, start_frame: int = 0) -> np.ndarray:
    """Yaw and pitch, float32 (T, 2) in coefficients; both eyes alike."""
    if size <= 0.0 or n_frames == 0:
        return np.zeros((n_frames, 2), np.float32)
    frames = np.arange(start_frame, start_frame + n_frames)
    first, last = start_frame // _CELL_FRAMES - 1, (start_frame + n_frames) // _CELL_FRAMES
    fixations = [_fixation(seed, cell) for cell in range(first, last + 1)]
    out = np.tile(fixations[0][1:], (n_frames, 1))
    for (_, *before), (begin, yaw, pitch) in pairwise(fixations):
        share = np.clip((frames - begin + 1) / _SACCADE_FRAMES, 0.0, 1.0)[:, None]
        out += share * (np.array([yaw, pitch]) - np.array(before))
    times_s = frame_times(n_frames, NETWORK_FPS, start_frame)
    drift = [slow_noise(times_s, 0.7, seed, _DRIFT_LAYER + axis) for axis in range(2)]
    return (size * (out + _DRIFT * np.stack(drift, axis=1))).astype(np.float32)


def _fixation(seed: int, cell: int) -> tuple[float, float, float]:
    """First frame, yaw and pitch of the fixation that begins in `cell`."""
    rng = cell_rng(seed, _LAYER, cell)
    begin = int((cell + 0.1 + 0.8 * rng.random()) * _CELL_FRAMES)
    is_home, yaw, pitch = rng.random() < _HOME, rng.standard_normal(), rng.standard_normal()
    away = 0.25 if is_home else 1.0
    return (
        begin,
        away * _YAW * float(np.clip(yaw, -2.0, 2.0)),
        away * _PITCH * float(np.clip(pitch, -2.0, 2.0)),
    )


def add_gaze(values: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Curves (T, 52) with `angles` added to where the eyes look: (T, 2) for both eyes alike, or
    (T, 2, 2) for the left and the right one.
    """
    out = values.copy()
    for axis, channels in ((0, _YAW_CHANNELS), (1, _PITCH_CHANNELS)):
        for channel, sign in channels:
            eye = int(channel in _RIGHT)
            turned = angles[:, axis] if angles.ndim == 2 else angles[:, eye, axis]
            out[:, channel] += np.maximum(sign * turned, 0.0)
    return out


def look_from(values: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose eyes look where `angles` (T, 2, 2) say, and nowhere else."""
    out = values.copy()
    out[:, [channel for channel, _sign in (*_YAW_CHANNELS, *_PITCH_CHANNELS)]] = 0.0
    return add_gaze(out, angles)
