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
_NEVER: Final = 1_048_574  # Blender's last frame


@dataclass(frozen=True)
class Switch:
    """A number that says which drawing is shown."""

    block: bpy.types.ID  # that holds it
    path: str  # from there
    label: str
    place: str  # from the object on: two materials may well have a node of one name


def switches_of(thing: bpy.types.Object) -> tuple[Switch, ...]:
    """All of an object: its Time Offset modifiers, custom properties, and image sequences."""
    return (*_offsets(thing), *_properties(thing), *_images(thing))


def _offsets(thing: Any) -> Iterator[Switch]:
    for kind in ("modifiers", "grease_pencil_modifiers"):  # the latter up to Blender 4.2
        for modifier in getattr(thing, kind, ()):
            if modifier.type in {"GREASE_PENCIL_TIME", "GP_TIME"}:
                path = f'{kind}["{escape(modifier.name)}"].offset'
                yield Switch(thing, path, f"Time Offset: {modifier.name}", path)


def _properties(thing: Any) -> Iterator[Switch]:
    for name, value in thing.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and not name.startswith(_OURS):
            path = f'["{escape(name)}"]'
            yield Switch(thing, path, f"Property: {name}", path)


def _images(thing: Any) -> Iterator[Switch]:
    seen: set[Any] = set()
    for number, slot in enumerate(thing.material_slots):
        tree = slot.material.node_tree if slot.material is not None else None
        for node in tree.nodes if tree is not None and tree not in seen else ():
            if node.type == "TEX_IMAGE" and node.image and node.image.source == "SEQUENCE":
                path = f'nodes["{escape(node.name)}"].image_user.frame_offset'
                place = f"material_slots[{number}].material.node_tree.{path}"
                yield Switch(tree, path, f"Image Sequence: {node.image.name}", place)
        seen.add(tree)


def key(switch: Switch, shown: Sequence[tuple[int, int]]) -> None:
    """Let the drawings of these numbers be shown from these frames on, rising; keys that were
    between the first frame and the last one go.

    Raises
    ------
    RigError
        It is linked or locked, or a driver has it.
    """
    _check(switch)
    if not _takes_key(switch, shown[0][0]):
        remedy = "Unlock its curve, or make its Action local."
        raise RigError("No keys can be set", value=switch.label, remedy=remedy)
    _stand_still(switch)
    curve = compat.fcurves_of(switch.block).find(switch.path)
    points, first, last = curve.keyframe_points, shown[0][0], shown[-1][0]
    for point in reversed([point for point in points if first <= point.co[0] <= last]):
        points.remove(point, fast=True)
    n_kept = len(points)
    points.add(len(shown))
    for point, place in zip(points[n_kept:], shown, strict=True):
        point.co, point.interpolation, point.type = place, "CONSTANT", "KEYFRAME"
    for part in ("control_point", "left_handle", "right_handle"):  # they come selected
        points.foreach_set(f"select_{part}", np.zeros(len(points), bool))
    curve.update()


def _takes_key(switch: Switch, frame: int) -> bool:
    """Set one, if that may be; Blender 4.2 raises where later ones say no."""
    try:
        return switch.block.keyframe_insert(switch.path, frame=frame)
    except RuntimeError:
        return False


def _stand_still(switch: Switch) -> None:
    """Let the number alone say what is shown: as they come, drawings play on with the scene."""
    holder, _, name = switch.path.rpartition(".")
    if name == "offset":
        switch.block.path_resolve(holder).mode = "FIX"
    elif name == "frame_offset":  # before its start a sequence shows the picture of this number
        user = switch.block.path_resolve(holder)
        user.frame_start, user.use_cyclic = _NEVER, False
        user.frame_duration = max(1, user.frame_duration)
        user.use_auto_refresh = True


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
