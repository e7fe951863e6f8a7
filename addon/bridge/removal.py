"""One take goes: its keys and its line in the list; with a character's last take our Actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import bpy
import numpy as np

from . import by_hand, compat, own_actions
from .counting import counted
from .curves import Bends, Keys, read_keys, write_keys
from .session import SESSION

__all__ = ["remove"]

_OF_A_TAKE: Final = re.compile(r"^emotalk\.takes\[(\d+)\]")


def remove(scene: bpy.types.Scene, place: int) -> str:
    """Take the take at `place` of the list away; what was done, in words. Frames that another take
    of the same face has too are left to it.
    """
    ours = scene.emotalk
    take = ours.takes[place]
    objects = [*by_hand.parts_of(take).values()]
    others = [other for other in _all_takes() if other != take and _shares(other, objects)]
    if others:
        told = f"Removed {take.name}: {counted(_cut(take, objects, others), 'key')}"
    else:
        told = f"Removed {counted(own_actions.clear(objects), 'Action')}"
    SESSION.forget(take.uid)
    ours.takes.remove(place)
    _follow_the_list(scene, place)
    ours.take_index = max(0, min(ours.take_index, len(ours.takes) - 1))
    return told


def _all_takes() -> Iterator[Any]:
    for scene in bpy.data.scenes:
        yield from scene.emotalk.takes


def _shares(take: Any, objects: Sequence[Any]) -> bool:
    return any(thing in objects for thing in by_hand.parts_of(take).values())


def _cut(take: Any, objects: Sequence[Any], others: Sequence[Any]) -> int:
    """Remove the keys of `take` alone; how many."""
    n_removed = 0
    for fcurves in _our_curves(objects):
        for curve in fcurves:
            keys = read_keys(curve)
            goes = _within(keys.frames, take)
            for other in others:
                goes &= ~_within(keys.frames, other)
            if goes.any():
                write_keys(curve, _chosen(keys, ~goes))
                n_removed += int(goes.sum())
    return n_removed


def _our_curves(objects: Sequence[Any]) -> Iterator[Any]:
    for thing in objects:
        key = thing.data.shape_keys if thing.type == "MESH" else None
        for block in (thing, key):
            data = block.animation_data if block else None
            if data is not None and own_actions.is_ours(data.action):
                yield compat.fcurves_of(block) or ()
                block.update_tag()


def _within(frames: np.ndarray, take: Any) -> np.ndarray:
    return (frames >= take.first_frame - 0.01) & (frames <= take.last_frame + 0.01)


def _chosen(keys: Keys, which: np.ndarray) -> Keys:
    bends = keys.bends
    if bends is not None:
        bends = Bends(bends.interpolation[which], bends.handles[which], bends.types[which])
    return Keys(keys.frames[which], keys.values[which], bends)


def _follow_the_list(scene: bpy.types.Scene, removed: int) -> None:
    """Keyframes and drivers of the sliders of later takes move up with them, those of the removed
    one go.
    """
    data = scene.animation_data
    for curves in (compat.fcurves_of(scene), data.drivers if data else None):
        for curve in [*(curves or ())]:
            found = _OF_A_TAKE.match(curve.data_path)
            number = int(found[1]) if found else -1
            if number == removed:
                curves.remove(curve)
            elif number > removed:
                rest = curve.data_path[len(found[0]) :] if found else ""
                curve.data_path = f"emotalk.takes[{number - 1}]{rest}"
