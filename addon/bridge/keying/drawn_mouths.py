"""Numbers of the scene that switch drawings, keyed so that each shows a mouth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np

from ....emotalk_core.errors import RigError
from ....emotalk_core.keys.tables import escape
from .. import compat

__all__ = ["Switch", "key", "switches_of"]

_OURS: Final = "emotalk"


@dataclass(frozen=True)
class Switch:
    """A number that says which drawing is shown."""

    block: bpy.types.ID  # that holds it
    path: str  # from there
    label: str


def switches_of(thing: bpy.types.Object) -> tuple[Switch, ...]:
    """All of an object: its Time Offset modifiers, custom properties, and image sequences."""
    return (*_offsets(thing), *_properties(thing), *_images(thing))


def _offsets(thing: Any) -> Iterator[Switch]:
    for kind in ("modifiers", "grease_pencil_modifiers"):  # the latter up to Blender 4.2
        for modifier in getattr(thing, kind, ()):
            if modifier.type in {"GREASE_PENCIL_TIME", "GP_TIME"}:
                path = f'{kind}["{escape(modifier.name)}"].offset'
                yield Switch(thing, path, f"Time Offset: {modifier.name}")


def _properties(thing: Any) -> Iterator[Switch]:
    for name, value in thing.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and not name.startswith(_OURS):
            yield Switch(thing, f'["{escape(name)}"]', f"Property: {name}")


def _images(thing: Any) -> Iterator[Switch]:
    materials = [slot.material for slot in thing.material_slots if slot.material is not None]
    for material in dict.fromkeys(materials):
        tree = material.node_tree
        for node in tree.nodes if tree is not None else ():
            if node.type == "TEX_IMAGE" and node.image and node.image.source == "SEQUENCE":
                path = f'nodes["{escape(node.name)}"].image_user.frame_offset'
                yield Switch(tree, path, f"Image Sequence: {node.image.name}")


def key(switch: Switch, shown: Sequence[tuple[int, int]]) -> None:
    """Let the drawings of these numbers be shown from these frames on, rising; keys that were
    between the first frame and the last one go.

    Raises
    ------
    RigError
        It is linked, or a driver has it.
    """
    _check(switch)
    holder, _, name = switch.path.rpartition(".")
    if name == "offset":  # the modifier counts frames from the current one else
        switch.block.path_resolve(holder).mode = "FIX"
    switch.block.keyframe_insert(switch.path, frame=shown[0][0])
    curve = compat.fcurves_of(switch.block).find(switch.path)
    first, last = shown[0][0], shown[-1][0]
    kept = [(*k.co, k.interpolation) for k in curve.keyframe_points if not first <= k.co[0] <= last]
    new = [(float(frame), float(number), "CONSTANT") for frame, number in shown]
    points = curve.keyframe_points
    points.clear()
    points.add(len(kept) + len(new))
    for point, (frame, value, manner) in zip(points, sorted([*kept, *new]), strict=True):
        point.co, point.interpolation = (frame, value), manner
    for part in ("control_point", "left_handle", "right_handle"):  # they come selected
        points.foreach_set(f"select_{part}", np.zeros(len(points), bool))
    curve.update()


def _check(switch: Switch) -> None:
    block = switch.block
    if not block.is_editable:
        raise RigError(
            "Linked data cannot be animated",
            value=block.name,
            remedy="Make a library override of it.",
        )
    data = block.animation_data
    if data is not None and data.drivers.find(switch.path) is not None:
        raise RigError("A driver has it", value=switch.label, remedy="Key what the driver reads.")
