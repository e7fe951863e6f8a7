"""What a bake means to write, by data-block, and every reason why it could not: looked at first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy

from ....emotalk_core.errors import RigError
from ....emotalk_core.retarget import KeyTable
from .. import compat
from ..characters import is_deleted
from ..counting import counted

__all__ = [
    "Plan",
    "block_of",
    "check_at_once",
    "checked_plans",
    "keyed_block",
    "keyed_blocks",
    "value_path",
]

_OVERRIDE_MESH: Final = (
    "Make a library override of its mesh too: select it, and in the Data properties Shift-click "
    "the chain beside the mesh's name, of each of several; or make it local."
)
_OVERRIDE_ARMATURE: Final = (
    "Make a library override of the armature (Object > Library Override > Make), or switch Turn "
    "Head Bone off in Rig, and Use Poses."
)


@dataclass(frozen=True, eq=False)
class Plan:
    """The curves of one data-block (a Key, or an armature object)."""

    block: Any
    kind: str  # which data-block of the object it is
    owner: str  # object name, for names and messages
    tables: tuple[KeyTable, ...]


def _objects_named(names: Sequence[str]) -> dict[str, bpy.types.Object]:
    """The scene's objects of these names; Blender finds local ones before linked ones.

    Raises
    ------
    RigError
        One of them is no longer there.
    """
    found = {name: bpy.data.objects.get(name) for name in names}
    for name, thing in found.items():
        # What is deleted with X stays in the file as long as one of our settings points to it.
        if thing is None or is_deleted(thing):
            raise RigError(
                "An object was deleted meanwhile",
                value=name,
                remedy="Undo that, or choose another.",
            )
    return {name: thing for name, thing in found.items() if thing is not None}


def check_at_once(names: Iterable[str]) -> None:
    """What `checked_plans` would refuse after minutes of hearing, whatever is heard. A block with
    drivers may have nothing to be written: what it lacks shows then.

    Raises
    ------
    RigError
        Of the objects of these names some are linked, or in the NLA's tweak mode.
    """
    things = [thing for thing in map(bpy.data.objects.get, names) if thing is not None]
    plans = [Plan(keyed_block(thing), _kind(thing), thing.name, ()) for thing in things]
    plans = [plan for plan in plans if not _has_drivers(plan.block)]
    _check_none_is_linked(plans)
    for plan in plans:
        _check_no_tweak_mode(plan)


def _kind(thing: Any) -> str:
    return "shape_keys" if thing.type == "MESH" else "object"


def _has_drivers(block: Any) -> bool:
    data = block.animation_data
    return data is not None and bool(len(data.drivers))


def checked_plans(tables: Sequence[KeyTable], notes: list[str]) -> list[Plan]:
    """The curves to write, without those that drivers hold or somebody has locked; what the user
    should know goes to `notes`.

    Raises
    ------
    RigError
        An object or its keys are gone, linked, or in the NLA's tweak mode.
    """
    objects = _objects_named(tuple(dict.fromkeys(table.object_name for table in tables)))
    plans = _plans(tables, objects, notes)
    _check_none_is_linked(plans)
    for plan in plans:
        _check(plan, notes)
    if not plans:
        raise RigError(
            "Nothing can be keyed",
            value=", ".join(objects),
            remedy="Remove the drivers of its shape keys, or unlock its curves.",
        )
    return plans


def _plans(
    tables: Sequence[KeyTable], objects: Mapping[str, bpy.types.Object], notes: list[str]
) -> list[Plan]:
    by_block: dict[tuple[str, str], list[KeyTable]] = {}
    for table in tables:
        by_block.setdefault((table.object_name, table.block), []).append(table)
    plans = []
    for (name, kind), own in by_block.items():
        block = block_of(objects[name], kind)
        driven = (
            {d.data_path for d in block.animation_data.drivers} if block.animation_data else set()
        )
        undriven = [table for table in own if table.data_path not in driven]
        if len(undriven) < len(own):
            n_driven = counted(len(own) - len(undriven), "driven value")
            notes.append(f"{name}: {n_driven} left to the drivers")
        locked = {(c.data_path, c.array_index) for c in compat.fcurves_of(block) if c.lock}
        free = [t for t in undriven if (t.data_path, t.array_index) not in locked]
        if len(free) < len(undriven):
            n_locked = counted(len(undriven) - len(free), "locked curve")
            notes.append(f"{name}: {n_locked} not touched")
        plans.append(Plan(block, kind, name, tuple(free)))
    return [plan for plan in plans if plan.tables]


def block_of(thing: bpy.types.Object, kind: str) -> Any:
    """The data-block of an object that holds its curves: itself, or its shape keys."""
    if kind == "object":
        return thing
    key = thing.data.shape_keys if thing.type == "MESH" else None
    if key is None:
        raise RigError(
            "The shape keys are gone", value=thing.name, remedy="Undo that, or choose another mesh."
        )
    return key


def value_path(key: str) -> str:
    """Data path of a shape key's value."""
    return f'key_blocks["{bpy.utils.escape_identifier(key)}"].value'


def keyed_block(thing: Any) -> Any:
    """What of an object a take keys: shape keys, which duplicates share, or itself."""
    key = thing.data.shape_keys if thing.type == "MESH" else None
    return key or thing


def keyed_blocks(tables: Iterable[KeyTable]) -> dict[str, Any]:
    """What of each object that `tables` name they key, where it is still there."""
    names = {table.object_name for table in tables}
    objects = {name: bpy.data.objects.get(name) for name in names}
    return {name: keyed_block(thing) for name, thing in objects.items() if thing is not None}


def _check_none_is_linked(plans: Iterable[Plan]) -> None:
    """Name all that is linked in one go: a face has many meshes, each to be overridden by hand."""
    linked = [plan for plan in plans if not plan.block.is_editable or plan.block.library]
    meshes = [plan.owner for plan in linked if plan.kind != "object"]
    if linked:
        remedy = _OVERRIDE_MESH if meshes else _OVERRIDE_ARMATURE
        names = ", ".join(meshes or [plan.owner for plan in linked])
        raise RigError("Linked data cannot be animated", value=names, remedy=remedy)


def _check(plan: Plan, notes: list[str]) -> None:
    """Refuse what cannot be written; note what would hide the result."""
    if hasattr(plan.block, "key_blocks"):
        _check_keys(plan, notes)
    else:
        _check_bones(plan)
        if plan.block.data.pose_position == "REST":
            notes.append(f"{plan.owner}: it stands in Rest Position, so its bones do not move")
    _check_no_tweak_mode(plan)
    data = plan.block.animation_data
    if data is not None and any(track.is_solo for track in data.nla_tracks):
        notes.append(f"{plan.owner}: an NLA track is soloed and hides the new keys")


def _check_no_tweak_mode(plan: Plan) -> None:
    data = plan.block.animation_data
    if data is not None and data.use_tweak_mode:
        raise RigError(
            "An NLA strip is being edited",
            value=plan.owner,
            remedy="Leave tweak mode (Tab in the NLA).",
        )


def _check_bones(plan: Plan) -> None:
    for path in dict.fromkeys(table.data_path for table in plan.tables):
        try:
            plan.block.path_resolve(path)
        except ValueError as error:
            raise RigError(
                "A bone is gone", value=f"{plan.owner}: {path}", remedy="Find the rig again."
            ) from error


def _check_keys(plan: Plan, notes: list[str]) -> None:
    blocks = {value_path(block.name): block for block in plan.block.key_blocks}
    for table in plan.tables:
        if table.data_path not in blocks:
            raise RigError(
                "A shape key is gone",
                value=f"{plan.owner}: {table.data_path}",
                remedy="Find the rig again.",
            )
    muted = [blocks[table.data_path].name for table in plan.tables if blocks[table.data_path].mute]
    if muted:
        notes.append(f"{plan.owner}: {counted(len(muted), 'shape key')} muted, {muted[0]} first")
    if not plan.block.use_relative:
        notes.append(f"{plan.owner}: its shape keys are absolute, so values have no effect")
    if bpy.data.objects[plan.owner].show_only_shape_key:
        notes.append(f"{plan.owner}: a shape key is pinned and hides the others")
