"""KeyTables into F-curves: one Action of our own for each data-block, prepared first, written
last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy

from ...emotalk_core.errors import RigError
from ...emotalk_core.retarget import Binding, KeyTable, KeyTarget
from . import compat
from .counting import counted
from .curves import Keys, merged, read_keys, write_keys
from .rigs import is_deleted

__all__ = [
    "MARK",
    "BakeResult",
    "Stretch",
    "clear",
    "described",
    "is_ours",
    "objects_named",
    "write",
]

MARK: Final = "emotalk_owner"
"""Custom property on every Action that we made; nothing without it is ever changed."""

_KEPT: Final = "EmoTalk kept: "
"""Name of the NLA track that holds the Action a user had before."""


@dataclass(frozen=True)
class Stretch:
    """Which scene frames a bake may change."""

    old: tuple[float, float] | None = None  # where the take lay when it was last baked
    only: tuple[float, float] | None = None  # a part of the take; None: all of it
    blend_frames: float = 4.0  # the ends of `only` are blended with what was there


@dataclass(frozen=True)
class BakeResult:
    """What a bake has done, for the report."""

    n_curves: int
    n_keys: int
    first_frame: float
    last_frame: float
    actions: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Plan:
    """The curves of one data-block (a Key, or an armature object)."""

    block: Any
    owner: str  # object name, for names and messages
    tables: tuple[KeyTable, ...]


def objects_named(names: Sequence[str]) -> dict[str, bpy.types.Object]:
    """The scene's objects of these names, local ones before linked ones.

    Raises
    ------
    RigError
        One of them is no longer there.
    """
    found = {
        name: bpy.data.objects.get((name, None)) or bpy.data.objects.get(name) for name in names
    }
    for name, thing in found.items():
        # What is deleted with X stays in the file as long as one of our settings points to it.
        if thing is None or is_deleted(thing):
            raise RigError(
                "An object was deleted meanwhile",
                value=name,
                remedy="Undo that, or choose another.",
            )
    return {name: thing for name, thing in found.items() if thing is not None}


def write(
    tables: Sequence[KeyTable], binding: Binding, stretch: Stretch | None = None
) -> BakeResult:
    """Write `tables` into our Actions of the objects that they name.

    Everything that can fail is tried before the first change.

    Raises
    ------
    RigError
        An object or its keys are gone, linked, or in the NLA's tweak mode.
    """
    stretch = stretch or Stretch()
    objects = objects_named(tuple(dict.fromkeys(table.object_name for table in tables)))
    notes: list[str] = []
    plans = _plans(tables, objects, notes)
    for plan in plans:
        _check(plan, notes)
    if not any(plan.tables for plan in plans):
        raise RigError(
            "Nothing can be keyed",
            value=", ".join(objects),
            remedy="Remove the drivers of its shape keys.",
        )
    _widen_sliders(binding, objects)
    actions, n_keys = [], 0
    for plan in plans:
        actions.append(_ensure_own_action(plan, notes).name)
        n_keys += _write_plan(plan, stretch)
    frames = tables[0].frames
    n_curves = sum(len(plan.tables) for plan in plans)
    ends = (float(frames[0]), float(frames[-1])) if len(frames) else (0.0, 0.0)
    return BakeResult(n_curves, n_keys, *ends, tuple(actions), tuple(dict.fromkeys(notes)))


def described(result: BakeResult) -> str:
    """How much was written, in words."""
    return f"{counted(result.n_keys, 'key')} on {counted(result.n_curves, 'curve')}"


def clear(objects: Sequence[bpy.types.Object]) -> int:
    """Remove our Actions from these objects and give back what they had before; how many."""
    n_removed = 0
    for block in _blocks(objects):
        data = block.animation_data
        if data is None or not is_ours(data.action):
            continue
        action = data.action
        data.action = None
        if action.users == 0:
            bpy.data.actions.remove(action)
        _restore_kept(block, data)
        n_removed += 1
    return n_removed


def is_ours(action: Any) -> bool:
    """Whether we made this Action."""
    return action is not None and MARK in action


def _blocks(objects: Sequence[bpy.types.Object]) -> list[Any]:
    blocks = []
    for thing in objects:
        if thing.type == "MESH" and thing.data.shape_keys is not None:
            blocks.append(thing.data.shape_keys)
        blocks.append(thing)
    return blocks


def _plans(
    tables: Sequence[KeyTable], objects: Mapping[str, bpy.types.Object], notes: list[str]
) -> list[_Plan]:
    by_block: dict[tuple[str, str], list[KeyTable]] = {}
    for table in tables:
        by_block.setdefault((table.object_name, table.block), []).append(table)
    plans = []
    for (name, kind), own in by_block.items():
        block = _block(objects[name], kind)
        driven = (
            {d.data_path for d in block.animation_data.drivers} if block.animation_data else set()
        )
        free = tuple(table for table in own if table.data_path not in driven)
        if len(free) < len(own):
            n_driven = counted(len(own) - len(free), "driven value")
            notes.append(f"{name}: {n_driven} left to the drivers")
        plans.append(_Plan(block, name, free))
    return [plan for plan in plans if plan.tables]


def _block(thing: bpy.types.Object, kind: str) -> Any:
    if kind == "object":
        return thing
    key = thing.data.shape_keys if thing.type == "MESH" else None
    if key is None:
        raise RigError(
            "The shape keys are gone", value=thing.name, remedy="Undo that, or choose another mesh."
        )
    return key


def _check(plan: _Plan, notes: list[str]) -> None:
    """Refuse what cannot be written; note what would hide the result."""
    if not plan.block.is_editable or plan.block.library is not None:
        raise RigError(
            "Linked data cannot be animated",
            value=plan.owner,
            remedy="Make a library override of its mesh or armature, or make it local.",
        )
    if hasattr(plan.block, "key_blocks"):
        _check_keys(plan, notes)
    data = plan.block.animation_data
    if data is None:
        return
    if data.use_tweak_mode:
        raise RigError(
            "An NLA strip is being edited",
            value=plan.owner,
            remedy="Leave tweak mode (Tab in the NLA).",
        )
    if any(track.is_solo for track in data.nla_tracks):
        notes.append(f"{plan.owner}: an NLA track is soloed and hides the new keys")
    if data.action_influence == 0.0:
        notes.append(f"{plan.owner}: the Action's influence is 0 and hides the new keys")


def _check_keys(plan: _Plan, notes: list[str]) -> None:
    blocks = {
        f'key_blocks["{bpy.utils.escape_identifier(b.name)}"].value': b
        for b in plan.block.key_blocks
    }
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


def _widen_sliders(binding: Binding, objects: Mapping[str, bpy.types.Object]) -> None:
    """Make room for what the binding may ask: F-curve values are clamped to the slider's range."""
    for item in binding.driven:
        if not isinstance(item.target, KeyTarget) or item.target.object_name not in objects:
            continue
        block = objects[item.target.object_name].data.shape_keys.key_blocks[item.target.key]
        if item.lower < block.slider_min:
            block.slider_min = item.lower
        if item.upper > block.slider_max:
            block.slider_max = item.upper


def _ensure_own_action(plan: _Plan, notes: list[str]) -> Any:
    """Our Action, active on the data-block; what was active before is kept."""
    block = plan.block
    data = block.animation_data or block.animation_data_create()
    current = data.action
    if is_ours(current):
        if current.users - int(current.use_fake_user) > 1:
            slot_name = getattr(compat.slot_of(data), "identifier", None)
            copy = current.copy()
            data.action = copy
            compat.reassign_slot(data, slot_name)
            notes.append(f"{plan.owner}: its Action {current.name} was shared, so it got a copy")
            return copy
        return current
    own = bpy.data.actions.new(f"{plan.owner}.emotalk")
    own[MARK] = plan.owner
    if current is not None:
        _keep(block, data, current, plan, notes)
    data.action = own
    return own


def _keep(block: Any, data: Any, current: Any, plan: _Plan, notes: list[str]) -> None:
    """Put a user's Action where it goes on working, or keep it in the file if ours replaces all
    of it.
    """
    ours = {(table.data_path, table.array_index) for table in plan.tables}
    curves = compat.fcurves_of(block) or ()
    others = [curve for curve in curves if (curve.data_path, curve.array_index) not in ours]
    current.use_fake_user = True
    if not others:
        data.nla_tracks.new().name = (
            _KEPT + current.name
        )  # an empty track remembers what to give back
        notes.append(f"{plan.owner}: its Action {current.name} is kept in the file")
        return
    start, end = current.frame_range
    track = data.nla_tracks.new()
    track.name = _KEPT + current.name
    strip = track.strips.new(current.name, int(start), current)
    compat.set_strip_slot(strip, compat.slot_of(data))
    strip.frame_end, strip.frame_start = end, start
    notes.append(f"{plan.owner}: its Action {current.name} went on, as an NLA track below ours")


def _restore_kept(block: Any, data: Any) -> None:
    for track in list(data.nla_tracks):
        if not track.name.startswith(_KEPT):
            continue
        strip = track.strips[0] if track.strips else None
        slot = compat.slot_of(strip) if strip else None
        action = strip.action if strip else bpy.data.actions.get(track.name[len(_KEPT) :])
        data.nla_tracks.remove(track)
        if action is not None:
            compat.assign_action(block, action, slot)


def _write_plan(plan: _Plan, stretch: Stretch) -> int:
    fcurves = compat.fcurves_of(plan.block, ensure=True)
    known = {(curve.data_path, curve.array_index): curve for curve in fcurves}
    n_keys = 0
    for table in plan.tables:
        curve = known.get((table.data_path, table.array_index))
        if curve is None:
            curve = compat.new_fcurve(fcurves, table.data_path, table.array_index, "EmoTalk")
        keys = merged(read_keys(curve), Keys(table.frames, table.values), stretch)
        n_keys += len(table.frames)
        write_keys(curve, keys)
    plan.block.update_tag()
    return n_keys
