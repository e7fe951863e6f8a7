"""The blink layer: lids that close fast and open slowly, about 15 times a minute, rather in pauses
than on stresses.

Time is cut into cells of one mean interval with one blink in each, at the best of a few random
moments. So blinks never crowd, depend on the sound within a cell only, and are the same however a
long sound is cut.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from .chance import cell_rng

__all__ = ["CONTEXT_FRAMES", "add_blinks", "blink_curve", "blink_frames"]

_LAYER: Final = 1
_CELL_FRAMES: Final = 120  # 4 s at rate 1: 15 blinks a minute, as in quiet talk
_MARGIN: Final = 0.1  # of a cell kept free at its ends: no two cells' blinks within a fifth of it
_CANDIDATES: Final = 7
_SKIPPED: Final = 0.08  # of the cells have none, and
_DOUBLED: Final = 0.08  # some have two blinks in a row: what makes intervals natural
_DOUBLE_FRAMES: Final = 11  # between the two: no blink comes sooner after another

# One blink at 30 fps from its first frame on: shut within 80 ms, open again in 150-200 ms (Cruz et
# al., "Spontaneous eye blink activity", The Ocular Surface 9, 2011).
_SHAPE: Final = np.array([0.18, 0.82, 1.0, 0.9, 0.58, 0.28, 0.08], np.float32)

_BLINKS: Final = arkit.indices("eyeBlink")
_WIDES: Final = arkit.indices("eyeWide")
_SQUINTS: Final = arkit.indices("eyeSquint")

CONTEXT_FRAMES: Final = _CELL_FRAMES + _DOUBLE_FRAMES + len(_SHAPE) + 8
"""Frames around a stretch on which its blinks depend."""


def blink_frames(
    activity: np.ndarray, *, rate: float, seed: int, start_frame: int = 0
) -> list[int]:
    """First frames of all blinks that touch the stretch and end in it, counted from the stretch's
    own first frame: where a sound ends, nobody is left with his eyes shut.

    Parameters
    ----------
    activity : float32 (T,)
        0 silence .. 1 speech.
    rate : float
        1 is natural, 2 twice as often.
    start_frame : int
        Where in the sound the stretch begins.
    """
    if rate <= 0.0 or not len(activity):
        return []
    size = round(_CELL_FRAMES / max(rate, 1.0))
    first = (start_frame - _DOUBLE_FRAMES - len(_SHAPE)) // size
    last = (start_frame + len(activity)) // size
    frames: list[int] = []
    for cell in range(first, last + 1):
        frames += _blinks_of_cell(cell, size, activity, rate, seed, start_frame)
    return [f for f in frames if -len(_SHAPE) < f <= len(activity) - len(_SHAPE)]


def _blinks_of_cell(
    cell: int, size: int, activity: np.ndarray, rate: float, seed: int, start_frame: int
) -> list[int]:
    rng = cell_rng(seed, _LAYER, cell)
    chances = rng.random(2)
    places = _MARGIN + (1.0 - 2.0 * _MARGIN) * rng.random(_CANDIDATES)
    whims = rng.random(_CANDIDATES)
    # A rate below 1 leaves cells out rather than stretching them: the look-around stays short.
    if chances[0] > min(rate, 1.0) * (1.0 - _SKIPPED):
        return []
    candidates = ((cell + places) * size).astype(int) - start_frame
    best = int(candidates[np.argmax(_welcome(candidates, activity) + 0.5 * whims)])
    again = best + _DOUBLE_FRAMES
    next_from = (cell + 1.0 + _MARGIN) * size - start_frame  # where the next cell's may begin
    is_double = chances[1] < _DOUBLED and again + _DOUBLE_FRAMES <= next_from
    return [best, again] if is_double else [best]


def _welcome(frames: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """How well a blink fits: 1 in a pause, more where a phrase has just ended."""
    last = len(activity) - 1
    now = activity[np.clip(frames, 0, last)]
    before = activity[np.clip(frames - 8, 0, last)]
    return (1.0 - now) + np.clip(before - now, 0.0, 1.0)


def blink_curve(
    activity: np.ndarray, *, rate: float, seed: int, start_frame: int = 0
) -> np.ndarray:
    """How far the lids are shut, float32 (T,), 0 open .. 1 shut."""
    curve = np.zeros(len(activity), np.float32)
    for frame in blink_frames(activity, rate=rate, seed=seed, start_frame=start_frame):
        a, b = max(0, frame), min(len(curve), frame + len(_SHAPE))
        np.maximum(curve[a:b], _SHAPE[a - frame : b - frame], out=curve[a:b])
    return curve


def add_blinks(values: np.ndarray, shut: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose lids close where `shut` (T,) says so, from wherever the expression holds
    them.

    Eyes that are wide or squint give that up while they blink.
    """
    out = values.copy()
    for blink in _BLINKS:
        out[:, blink] = 1.0 - (1.0 - np.clip(values[:, blink], 0.0, 1.0)) * (1.0 - shut)
    out[:, _WIDES] *= (1.0 - shut)[:, None]
    out[:, _SQUINTS] *= (1.0 - 0.6 * shut)[:, None]
    return out
