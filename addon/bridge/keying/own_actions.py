"""The Actions that are ours: made, put in place of what was there, and taken away again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import bpy

from .. import compat
from . import before, layers, slider_limits
from .plans import Plan

__all__ = [
    "MARK",
    "clear",
    "ensure",
    "is_ours",
    "is_ours_alone",
    "leave",
    "n_users",
    "name_after",
    "new_action",
    "put",
    "show_written",
    "unshare",
]

MARK: Final = "emotalk_owner"
"""Custom property on every Action that we made; nothing without it is ever changed."""

_SUFFIX: Final = ".emotalk"
"""Ends the name of every Action that we made."""


def is_ours(action: Any) -> bool:
    """Whether we made this Action."""
    return action is not None and MARK in action


def is_ours_alone(block: Any) -> bool:
    """Whether the data-block plays an Action of ours that is nobody else's, so that keys on it may
    be written in place.
    """
    data = block.animation_data
    return data is not None and is_ours(data.action) and not _is_anothers_too(data)


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
    _show_tracks_around(plan)
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
        goes_on = current is not None and layers.keep(plan, current, notes)
        layers.lay_over(plan, goes_on=goes_on, is_over_ours=_plays_ours_alone(data))
        compat.assign_action(plan.block, action, compat.first_slot(action))
        return action
    told = _replace(data, action)
    notes += [f"{plan.owner}: {told}"] if told else []
    _show_tracks_around(plan)
    return action


def unshare(block: Any) -> None:
    """Give the data-block an Action of its own where it shares ours with somebody, or has it from
    another file.
    """
    data = block.animation_data
    is_written = data is not None and is_ours(data.action) and block.is_editable
    if is_written and _is_anothers_too(data):
        _replace(data, data.action.copy())


def name_after(block: Any, owner: str) -> None:
    """Call our Action, of a copy, after the one who has it; not one that is shared, nor one that
    somebody has given another name.
    """
    action = block.animation_data.action if block.animation_data else None
    if not is_ours(action) or not action.is_editable or n_users(action) > 1:
        return
    if action.name.startswith(action[MARK] + _SUFFIX):
        action.name = owner + _SUFFIX
    action[MARK] = owner


def clear(objects: Sequence[bpy.types.Object], notes: list[str]) -> int:
    """Remove our Actions from these objects and give back the Actions and values that they had
    before; how many. What of that is not given back goes to `notes`.
    """
    n_removed = 0
    for block in _driven_by_us(objects):
        data = block.animation_data
        action, slot = data.action, compat.slot_of(data)
        driven = before.paths_of(compat.fcurves_of(block))
        data.action = None
        _let_go(action, slot)
        _give_back(block, driven, notes)
        n_removed += 1
    for block in _taken_off(objects):
        _give_back(block, tuple(before.kept_values(block)), notes)
    return n_removed


def show_written(block: Any) -> None:
    """Let Blender show what was written into a data-block's Action; new keys are not selected, or
    the next X in the Dope Sheet would delete them.
    """
    compat.deselect_new_keys(block)
    block.update_tag()


def leave(objects: Sequence[bpy.types.Object]) -> int:
    """Our Actions on these objects, whose takes are gone and which hold keys of somebody else's,
    are ours no more; how many. What a user had before plays on below them or stays in the file.
    """
    n_left = 0
    for block in _driven_by_us(objects):
        del block.animation_data.action[MARK]
        layers.leave(block)
        slider_limits.forget(block)
        before.forget(block)
        n_left += 1
    return n_left


def _give_back(block: Any, driven: Sequence[tuple[str, int]], notes: list[str]) -> None:
    """What a data-block had before ours, which drove these paths and is gone."""
    stays = layers.give_back(block)
    notes += [f"NLA track {name} was changed by hand, so it stays" for name in stays]
    slider_limits.give_back(block)
    before.give_back(block, driven)


def _show_tracks_around(plan: Plan) -> None:
    """Tracks may have come since the first take; those of a body were asked for its pose then."""
    if plan.kind != "object":
        layers.lay_over(plan, goes_on=False)


def _driven_by_us(objects: Sequence[bpy.types.Object]) -> list[Any]:
    """The data-blocks of these objects whose Action is ours."""
    blocks = [block for block in _blocks(objects) if block.animation_data]
    return [block for block in blocks if is_ours(block.animation_data.action)]


def _taken_off(objects: Sequence[bpy.types.Object]) -> list[Any]:
    """The data-blocks of these objects from which somebody has taken our Action, for no other one:
    they stand in the middle of a word. One that was pushed down speaks still.
    """
    blocks = [block for block in _blocks(objects) if before.kept_values(block)]
    return [block for block in blocks if not _is_moved(block.animation_data)]


def _is_moved(data: Any) -> bool:
    """Whether an Action is active, or a strip plays one of ours."""
    if data is None:
        return False
    strips = [strip for track in data.nla_tracks for strip in track.strips]
    return data.action is not None or any(is_ours(strip.action) for strip in strips)


def _plays_ours_alone(data: Any) -> bool:
    """Whether strips play Actions of ours, pushed down, and no others."""
    strips = [strip for track in data.nla_tracks if not track.mute for strip in track.strips]
    return bool(strips) and all(is_ours(strip.action) for strip in strips if not strip.mute)


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
    is_shared = n_users(action) > 1 or not action.is_editable
    return is_shared or bool(compat.other_slots(action, compat.slot_of(data)))


def n_users(action: Any) -> int:
    """How many have an Action, apart from who keeps it in the file."""
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
    if n_users(current) and not others:
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
