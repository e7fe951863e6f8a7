"""The Actions that are ours: made, put in place of what was there, and taken away again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import bpy

from . import before, compat, slider_limits
from .curves import runs_on
from .plans import Plan

__all__ = ["MARK", "clear", "ensure", "is_ours", "leave", "new_action", "put", "unshare"]

MARK: Final = "emotalk_owner"
"""Custom property on every Action that we made; nothing without it is ever changed."""

_SUFFIX: Final = ".emotalk"
"""Ends the name of every Action that we made."""

_FOR_EVER: Final = 10_000  # frames

_EXTRAPOLATION: Final = "emotalk_extrapolation"
"""Custom property on an armature: how its own Action went on before and after its keys."""

_BLENDING: Final = "emotalk_blending"
"""Custom property on an armature: how its own Action was blended with its tracks."""

_ONLY_ITS_FRAMES: Final = "NOTHING"
"""How an Action of ours lets a body's own one show before and after the take."""

_ADDED: Final = "COMBINE"
"""How it turns a head that the body turns already: further, where it would pop out of its pose."""

_TURNS: Final = (".rotation_quaternion", ".rotation_euler")
"""Ends of the paths that Blender combines as rotations; axis and angle it adds up."""

_KEPT: Final = "EmoTalk kept: "
"""Begins the name of the NLA track that plays the Action a user had before."""

_REPLACED: Final = "emotalk_replaced"
"""Custom property on a data-block: the Action that ours replaces whole, and its slot's name."""


def is_ours(action: Any) -> bool:
    """Whether we made this Action."""
    return action is not None and MARK in action


def new_action(plan: Plan) -> Any:
    """An Action of ours for a data-block, not in use yet."""
    action = bpy.data.actions.new(plan.owner + _SUFFIX)
    action[MARK] = plan.owner
    return action


def ensure(plan: Plan, notes: list[str]) -> Any:
    """Our Action, active on the data-block; what was active before is kept."""
    data = plan.block.animation_data or plan.block.animation_data_create()
    current = data.action
    if not is_ours(current):
        return put(plan, new_action(plan), notes)
    if _is_anothers_too(data):
        return put(plan, current.copy(), notes)
    before.remember(plan, is_first=False)
    return current


def put(plan: Plan, action: Any, notes: list[str]) -> Any:
    """Make `action`, ours and not in use yet, the active one of the data-block.

    It takes name and place of an Action of ours of which it is a copy; one that is shared stays as
    it is, and what a user made is kept.
    """
    data = plan.block.animation_data or plan.block.animation_data_create()
    current = data.action
    before.remember(plan, is_first=not is_ours(current))
    if not is_ours(current):
        if current is not None:
            _keep(plan, current, notes)
        if plan.kind == "object" and len(data.nla_tracks) and _EXTRAPOLATION not in plan.block:
            _lay_over_body(plan, data)
        compat.assign_action(plan.block, action, compat.first_slot(action))
        return action
    told = _replace(data, action)
    notes += [f"{plan.owner}: {told}"] if told else []
    return action


def unshare(block: Any) -> None:
    """Give the data-block an Action of its own where it shares ours with somebody, or has it from
    another file.
    """
    data = block.animation_data
    is_written = data is not None and is_ours(data.action) and block.is_editable
    if is_written and _is_anothers_too(data):
        _replace(data, data.action.copy())


def clear(objects: Sequence[bpy.types.Object]) -> int:
    """Remove our Actions from these objects and give back the Actions and values that they had
    before; how many.
    """
    n_removed = 0
    for block in _driven_by_us(objects):
        data = block.animation_data
        _restore_layering(block)
        action, slot = data.action, compat.slot_of(data)
        driven = before.paths_of(compat.fcurves_of(block))
        data.action = None
        _let_go(action, slot)
        _restore_kept(block, data)
        slider_limits.give_back(block)
        before.give_back(block, driven)
        n_removed += 1
    return n_removed


def leave(objects: Sequence[bpy.types.Object]) -> int:
    """Our Actions on these objects, whose takes are gone and which hold keys of somebody else's,
    are ours no more; how many. What a user had before plays on below them or stays in the file.
    """
    n_left = 0
    for block in _driven_by_us(objects):
        data = block.animation_data
        _restore_layering(block)
        del data.action[MARK]
        slider_limits.forget(block)
        before.forget(block)
        if _REPLACED in block:
            del block[_REPLACED]
        for track in [t for t in data.nla_tracks if t.name.startswith(_KEPT)]:
            if track.strips:
                track.name = track.name.removeprefix(_KEPT)
            else:  # it only remembered a name
                data.nla_tracks.remove(track)
        n_left += 1
    return n_left


def _lay_over_body(plan: Plan, data: Any) -> None:
    """Let the body play before, during and after our keys, and turn its head on top of what it does
    there.
    """
    plan.block[_EXTRAPOLATION] = data.action_extrapolation
    data.action_extrapolation = _ONLY_ITS_FRAMES
    plan.block[_BLENDING] = data.action_blend_type
    if all(table.data_path.endswith(_TURNS) for table in plan.tables):
        data.action_blend_type = _ADDED


def _restore_layering(block: Any) -> None:
    data = block.animation_data
    if _EXTRAPOLATION in block:
        data.action_extrapolation = block[_EXTRAPOLATION]
        del block[_EXTRAPOLATION]
    if _BLENDING in block:
        data.action_blend_type = block[_BLENDING]
        del block[_BLENDING]


def _driven_by_us(objects: Sequence[bpy.types.Object]) -> list[Any]:
    """The data-blocks of these objects whose Action is ours."""
    blocks = [block for block in _blocks(objects) if block.animation_data]
    return [block for block in blocks if is_ours(block.animation_data.action)]


def _blocks(objects: Sequence[bpy.types.Object]) -> list[Any]:
    """What of them a take keys: the shape keys of meshes, armatures. Where a mesh stands is keyed
    by others, though Blender puts that into our Action.
    """
    things = [thing.data.shape_keys if thing.type == "MESH" else thing for thing in objects]
    return [*dict.fromkeys(thing for thing in things if thing is not None)]


def _is_anothers_too(data: Any) -> bool:
    """Whether ours holds keys of somebody else, is in use elsewhere, or belongs to another file:
    what is written there is not saved.
    """
    action = data.action
    is_shared = _n_users(action) > 1 or not action.is_editable
    return is_shared or bool(compat.other_slots(action, compat.slot_of(data)))


def _n_users(action: Any) -> int:
    return action.users - int(action.use_fake_user)


def _replace(data: Any, action: Any) -> str:
    """Make `action`, a copy of ours, the active one in its place and of its name; what another
    holds there stays with them, which is told.
    """
    current, slot = data.action, compat.slot_of(data)
    others = compat.other_slots(current, slot)
    name, slot_name = current.name, getattr(slot, "identifier", None)
    data.action = action
    compat.reassign_slot(data, slot_name)
    for other in compat.other_slots(action, compat.slot_of(data)):
        action.slots.remove(other)
    if not current.is_editable:
        return f"its Action {name} is linked, so it got a copy"
    if _n_users(current) and not others:
        return f"its Action {name} was shared, so it got a copy"
    action.use_fake_user, current.use_fake_user = current.use_fake_user, False
    if not _let_go(current, slot):
        action.name = name
        return ""
    if is_ours(current):  # somebody else has this very slot too
        return f"its Action {name} was shared, so it got a copy"
    current.name = name.removesuffix(_SUFFIX) + "Action" if name.endswith(_SUFFIX) else name
    action.name = name
    return f"other keys in its Action {name} are in {current.name} now"


def _let_go(action: Any, slot: Any | None) -> bool:
    """What is to become of ours, and of its `slot`, now that a data-block has it no more: it stays
    with those who have keys in it, and is theirs, or goes; whether it stays.
    """
    if not action.is_editable:
        return True
    if compat.other_slots(action, slot):
        if not slot.users():
            action.slots.remove(slot)
            del action[MARK]
        action.use_fake_user |= action.users == 0
    elif action.users == 0:
        bpy.data.actions.remove(action)
        return False
    return True


def _keep(plan: Plan, current: Any, notes: list[str]) -> None:
    """Put a user's Action where it goes on working, or keep it in the file if ours replaces all
    of it.
    """
    data = plan.block.animation_data
    ours = {(table.data_path, table.array_index) for table in plan.tables}
    curves = [*(compat.fcurves_of(plan.block) or ())]
    others = [curve for curve in curves if (curve.data_path, curve.array_index) not in ours]
    current.use_fake_user = True
    is_bones = plan.kind == "object"
    if not others and not is_bones:
        slot = getattr(compat.slot_of(data), "identifier", "")
        plan.block[_REPLACED] = {"action": current, "slot": slot}
        if plan.block.override_library:  # files forget custom properties of overrides, not tracks
            data.nla_tracks.new().name = _KEPT + current.name
        notes.append(f"{plan.owner}: its Action {current.name} is kept in the file")
        return
    track = data.nla_tracks.new()
    track.name = _KEPT + current.name
    strip = track.strips.new(current.name, int(current.frame_range[0]), current)
    compat.set_strip_slot(strip, compat.slot_of(data))
    _play_all_the_time(strip, current, curves)
    notes.append(f"{plan.owner}: its Action {current.name} went on, as an NLA track below ours")


def _play_all_the_time(strip: Any, action: Any, curves: Sequence[Any]) -> None:
    """Curves that repeat or run on do so over the whole shot, as they did without a strip."""
    frames = [*action.frame_range]
    for scene in bpy.data.scenes:
        frames += [scene.frame_start, scene.frame_end]
    first, last = min(frames), max(frames)
    if any(runs_on(curve) for curve in curves):
        last += _FOR_EVER
    strip.action_frame_end, strip.action_frame_start = last, first
    strip.frame_end, strip.frame_start = last, first


def _restore_kept(block: Any, data: Any) -> None:
    if _REPLACED in block:
        replaced, slot_name = block[_REPLACED]["action"], block[_REPLACED]["slot"]
        del block[_REPLACED]
        if replaced is not None:  # as once somebody has deleted it
            compat.assign_action(block, replaced)
            compat.reassign_slot(data, slot_name or None)
    for track in list(data.nla_tracks):
        if not track.name.startswith(_KEPT):
            continue
        strip = track.strips[0] if track.strips else None
        slot = compat.slot_of(strip) if strip else None
        # Earlier versions left an empty track, which knew what ours replaced by its name.
        action = strip.action if strip else bpy.data.actions.get(track.name[len(_KEPT) :])
        data.nla_tracks.remove(track)
        if action is not None:
            compat.assign_action(block, action, slot)
