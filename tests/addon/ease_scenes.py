"""Takes and their eases: what the tests of eases share."""

from __future__ import annotations

from typing import Any

import bpy

from tests.addon.scenes import EASE_IN, EASE_OUT, fcurves, keys_of

FIRST, LAST = 5, 77  # of the sound that is ready
SMILE = "mouthSmileLeft"
PAUSE = EASE_IN + EASE_OUT + 1  # the shortest with both eases
PASSAGE = 13  # frames in which a face goes over at 24 frames a second, as it comes


def speak(ours: Any, sound: str, start: int, happy: float = 1.0) -> Any:
    """A happy take at a frame."""
    ours.controls.happy = happy
    if len(ours.takes):
        ours.takes[ours.take_index].controls.happy = happy
    ours.filepath, ours.start_frame = sound, start
    bpy.ops.emotalk.animate()
    return ours.takes[ours.take_index]


def smile_at(head: Any, frame: float) -> float:
    curve = fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0]
    return float(curve.evaluate(frame))


def between(head: Any, start: float, end: float, key: str = SMILE) -> list[float]:
    """Frames of the keys that lie between two frames."""
    frames, _ = keys_of(head, key)
    return frames[(frames > start) & (frames < end)].tolist()


def changed(take: Any) -> int:
    from emotalk.addon.bridge.faces import by_hand

    return len(by_hand.changed_curves(take))
