"""Shape keys that have a name which is known, and hold no change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import bpy
import numpy as np

from ....emotalk_core.retarget import Binding, BoneTarget, Driven, KeyTarget
from ..counting import counted

__all__ = ["key_points", "of_still_keys"]

_NEARLY: Final = 1e-6  # of the mesh's size


def of_still_keys(meshes: Iterable[bpy.types.Object], binding: Binding) -> tuple[str, ...]:
    """Of keys that would be driven and move no point: forgotten, or lost when the mesh was made.

    Teeth and eyes often come with all names that the face has. So a key is told only if its
    channels move nothing else of the character.
    """
    things = {mesh.name: mesh for mesh in meshes}
    still: dict[str, list[Driven]] = {}
    moving = {"viseme.sil"}  # the key of a silent mouth may well hold nothing
    for item in binding.driven:
        if _is_still(item.target, things):
            still.setdefault(item.target.object_name, []).append(item)
        else:
            moving |= {channel for channel, _weight in item.sources}
    told = []
    for name, items in still.items():
        keys = [item.target.key for item in items if moving.isdisjoint(dict(item.sources))]
        if keys:
            moves = "moves" if len(keys) == 1 else "move"
            count = counted(len(keys), "shape key")
            told.append(f"{name}: {count} {moves} nothing, {', '.join(keys[:3])}")
    return tuple(told)


def _is_still(target: KeyTarget | BoneTarget, things: Mapping[str, bpy.types.Object]) -> bool:
    """Whether it is a key that moves no point."""
    mesh = things.get(target.object_name)
    if mesh is None or isinstance(target, BoneTarget):
        return False
    block = mesh.data.shape_keys.key_blocks.get(target.key)
    return block is not None and _holds_nothing(block)


def _holds_nothing(block: Any) -> bool:
    here, there = key_points(block), key_points(block.relative_key)
    size = max((float(np.ptp(column)) for column in there.T if len(there)), default=0.0)
    return bool(np.abs(here - there).max(initial=0.0) <= _NEARLY * size)


def key_points(block: Any) -> np.ndarray:
    """float32 (N, 3): where a shape key has the vertices."""
    points = np.empty(3 * len(block.points), np.float32)
    block.points.foreach_get("co", points)
    return points.reshape(-1, 3)
