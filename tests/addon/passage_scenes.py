"""Takes that go over into each other: what the tests of passages share."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from tests.addon.ease_scenes import FIRST, LAST, SMILE
from tests.addon.scenes import fcurves

JUMP = 0.82  # what was measured between a happy and an angry half
STEP = 0.1  # what may change from frame to frame
FRAMES = np.arange(FIRST - 20, LAST + 60)
OPEN = "jawOpen"


def say(ours: Any, sound: str, start: float, happy: float) -> Any:
    """A take with a feeling of its own."""
    ours.filepath, ours.start_frame = sound, start
    bpy.ops.emotalk.animate()
    return feel(ours, len(ours.takes) - 1, happy)


def feel(ours: Any, number: int, happy: float) -> Any:
    """The slider of a take that is there."""
    ours.take_index = number
    ours.takes[number].controls.happy = happy
    bpy.ops.emotalk.refresh()
    return ours.takes[number]


def remove(ours: Any, number: int) -> None:
    ours.take_index = number
    bpy.ops.emotalk.clear()


def curve_of(head: Any, key: str) -> Any:
    return fcurves(head.data.shape_keys)[f'key_blocks["{key}"].value', 0]


def shown(head: Any, key: str = SMILE, frames: np.ndarray = FRAMES) -> np.ndarray:
    curve = curve_of(head, key)
    return np.array([curve.evaluate(frame) for frame in frames])


def steps(head: Any, key: str = SMILE, first: int = LAST - 10, last: int = LAST + 24) -> np.ndarray:
    return np.abs(np.diff(shown(head, key, np.arange(first, last))))
