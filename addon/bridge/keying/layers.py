"""How an Action of ours lies over what a user animates: his NLA tracks, and the Action that he had
before, which is kept and comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import bpy

from ....emotalk_core.keys.tables import KeyTable
from .. import compat
from ..counting import counted
from .curves import runs_on
from .plans import Plan
from .pose_actions import is_face_pose

__all__ = ["give_back", "keep", "lay_over", "leave", "told_of"]

_FOR_EVER: Final = 10_000  # frames

_REMEMBERED: Final = {
    "action_extrapolation": "emotalk_extrapolation",
    "action_blend_type": "emotalk_blending",
    "action_influence": "emotalk_influence",
}
"""What of a data-block's animation is set for our Action, and the custom property on it that says
how its own one was layered on its tracks."""

_ONLY_ITS_FRAMES: Final = "NOTHING"
"""How an Action of ours lets what is below show before and after the take."""

_ALWAYS: Final = "HOLD"
"""How an Action plays before its first frame too."""

_ADDED: Final = "COMBINE"
"""How it turns a head that the body turns already: further, where it would pop out of its pose."""

_COMBINED: Final = (".rotation_quaternion", ".rotation_euler", ".location", ".scale")
"""Ends of the paths that Blender combines rightly; axis and angle it adds up."""

_KEPT: Final = "EmoTalk kept: "
"""Begins the name of the NLA track that plays the Action a user had before."""

_AS_LEFT: Final = "emotalk_as_left"
"""Custom property on a data-block: how the strip of that track is when nobody has touched it, as
JSON."""

_OF_A_STRIP: Final = (
    "frame_start", "frame_end", "action_frame_start", "action_frame_end", "scale", "repeat",
    "blend_in", "blend_out", "blend_type", "extrapolation", "mute", "use_reverse",
    "use_animated_time_cyclic", "use_animated_influence", "use_animated_time",
)  # fmt: skip

_REPLACED: Final = "emotalk_replaced"
"""Custom property on a data-block: the Action that ours replaces whole, and its slot's name."""


def keep(plan: Plan, current: Any, notes: list[str]) -> bool:
    """Put a user's Action where it goes on working, or keep it in the file if ours has all of its
    curves and frames; whether it goes on.
    """
    data = plan.block.animation_data
    ours = {(table.data_path, table.array_index) for table in plan.tables}
    curves = [*compat.fcurves_of(plan.block)]
    others = [curve for curve in curves if (curve.data_path, curve.array_index) not in ours]
    current.use_fake_user = True
    is_bones = plan.kind == "object"
    goes_on = bool(others) or _reaches_beyond(curves, plan.tables)
    if is_face_pose(plan.block, current) if is_bones else not goes_on:
        slot = getattr(compat.slot_of(data), "identifier", "")
        plan.block[_REPLACED] = {"action": current, "slot": slot}
        notes.append(f"{plan.owner}: its Action {current.name} is kept: Remove brings it back")
        return False
    track = _push_down(data, current, curves)
    plan.block[_AS_LEFT] = json.dumps(_known(plan.block) | {track.name: _state_of(track)})
    notes.append(f"{plan.owner}: its Action {current.name} went on, as an NLA track below ours")
    return True


def _reaches_beyond(curves: Iterable[Any], tables: Iterable[KeyTable]) -> bool:
    """Whether there are keys before ours or after them, where ours let them show."""
    keyed = [curve for curve in curves if len(curve.keyframe_points)]
    ours = [table.frames for table in tables if len(table.frames)]
    if not keyed or not ours or not compat.keys_rest_at_zero():
        return False
    first, last = _range_of(keyed)
    return first < min(frames[0] for frames in ours) or last > max(frames[-1] for frames in ours)


def lay_over(plan: Plan, *, goes_on: bool, is_over_ours: bool = False) -> None:
    """Let what is below play before and after our keys, and a body during them too: its head turns
    on top of what it does there. A way of layering that somebody has chosen since stays.

    `goes_on`: the user's own Action has just taken its place, and the way it is layered, there.
    `is_over_ours`: what is below are our own keys alone, and a head is not to nod twice.
    """
    block = plan.block
    if not _has_strips(block.animation_data):
        return
    if goes_on:
        _forget_layering(block)
        _set(block, "action_blend_type", "REPLACE")
        _set(block, "action_influence", 1.0)
    elif _REMEMBERED["action_extrapolation"] in block:
        return
    if plan.kind == "object" or compat.keys_rest_at_zero():
        _set(block, "action_extrapolation", _ONLY_ITS_FRAMES)
    is_body = plan.kind == "object" and not is_over_ours
    if is_body and all(t.data_path.endswith(_COMBINED) for t in plan.tables):
        _set(block, "action_blend_type", _ADDED)


def told_of(plans: Iterable[Plan], is_ours: Callable[[Any], bool]) -> list[str]:
    """What does not show: of our keys, and below them; one line of what is the same for several.

    `is_ours`: whether we made an Action.
    """
    owners: dict[str, list[str]] = {}
    for plan in plans:
        for text in _told_of_one(plan, is_ours):
            owners.setdefault(text, []).append(plan.owner)
    return [
        f"{', '.join(names[:3])}{' ...' if len(names) > 3 else ''}: {text}"
        for text, names in owners.items()
    ]


def _told_of_one(plan: Plan, is_ours: Callable[[Any], bool]) -> list[str]:
    influence, told = plan.block.animation_data.action_influence, []
    if influence < 1.0:
        told.append(f"the Action's influence shows {influence:.0%} of the new keys")
    curves = [c for c in compat.fcurves_of(plan.block) if len(c.keyframe_points)]
    n_muted = sum(curve.mute or bool(curve.group and curve.group.mute) for curve in curves)
    if n_muted:
        told.append(f"{counted(n_muted, 'curve')} muted in its Action")
    if plan.kind == "object" or not curves:
        return told  # a body shows through
    span = _range_of(curves) if compat.keys_rest_at_zero() else None
    hidden = _hidden(plan, span)
    if hidden:
        where = f"from frame {span[0]:g} to {span[1]:g}" if span else "at all frames"
        strips = f"{counted(len(hidden), 'NLA strip')} below, {hidden[0].name} first"
        if all(is_ours(strip.action) for strip in hidden):
            strips = "EmoTalk's own ones that were pushed down"
        told.append(f"the new keys hide {strips}, {where}")
    return told


def give_back(block: Any) -> list[str]:
    """Make the Action that a user had before the active one again, layered as it was; the names of
    tracks that stay instead, because somebody has worked in them.
    """
    data = block.animation_data or block.animation_data_create()  # somebody may have cleared it
    _restore_layering(block)
    if _REPLACED in block:
        replaced, slot_name = block[_REPLACED]["action"], block[_REPLACED]["slot"]
        del block[_REPLACED]
        if replaced is not None:  # as once somebody has deleted it
            compat.assign_action(block, replaced)
            compat.reassign_slot(data, slot_name or None)
    stays = [track for track in _kept_tracks(data) if not _is_as_left(block, track)]
    for track in stays:
        track.name = track.name.removeprefix(_KEPT)
    for track in _kept_tracks(data):
        strip = track.strips[0] if track.strips else None
        slot = compat.slot_of(strip) if strip else None
        # Earlier versions left an empty track, which knew what ours replaced by its name.
        action = strip.action if strip else bpy.data.actions.get(track.name[len(_KEPT) :])
        data.nla_tracks.remove(track)
        if action is not None:
            compat.assign_action(block, action, slot)
    block.pop(_AS_LEFT, None)
    return [track.name for track in stays]


def leave(block: Any) -> None:
    """Our Action is the user's: what he had before plays on below it or stays in the file."""
    data = block.animation_data
    for name in (_REPLACED, _AS_LEFT):
        block.pop(name, None)
    if not any(track.strips for track in _kept_tracks(data)):
        _restore_layering(block)
    _forget_layering(block)  # the Action that had it has it in its strip
    for track in _kept_tracks(data):
        if track.strips:
            track.name = track.name.removeprefix(_KEPT)
        else:  # it only remembered a name
            data.nla_tracks.remove(track)


def _kept_tracks(data: Any) -> list[Any]:
    return [track for track in data.nla_tracks if track.name.startswith(_KEPT)]


def _is_as_left(block: Any, track: Any) -> bool:
    """Whether giving its Action back loses nothing. Where we remember nothing (files of earlier
    versions, overrides before 5.0) we know that the Action played at its own frames.
    """
    if not track.strips:
        return True
    known, strip = _known(block).get(track.name), track.strips[0]
    if known is not None:
        return _state_of(track) == known
    own = (strip.action_frame_start, strip.action_frame_end, 1.0, 1.0, False, False)
    is_at_own = own == (
        strip.frame_start, strip.frame_end, strip.scale, strip.repeat, strip.mute, track.mute
    )  # fmt: skip
    return len(track.strips) == 1 and is_at_own


def _state_of(track: Any) -> list[Any]:
    """All of a track that somebody might change, but names and what Blender computes."""
    return [track.mute, track.is_solo, *map(_state_of_strip, track.strips)]


def _state_of_strip(strip: Any) -> list[Any]:
    settings = [getattr(strip, name) for name in _OF_A_STRIP]
    points = [[*point.co] for curve in strip.fcurves for point in curve.keyframe_points]
    return [*settings, len(strip.modifiers), points]


def _known(block: Any) -> dict[str, Any]:
    """How tracks were left, by name; nothing where somebody wrote into our property."""
    try:
        return dict(json.loads(block[_AS_LEFT]))
    except (KeyError, ValueError, TypeError):
        return {}


def _hidden(plan: Plan, span: tuple[float, float] | None) -> list[Any]:
    """The strips that move what we key, in the frames that our Action has (None: every
    one).
    """
    data = plan.block.animation_data
    if data.action_blend_type != "REPLACE" or not data.use_nla:
        return []
    paths = {table.data_path for table in plan.tables}
    tracks = [t for t in data.nla_tracks if not t.mute and not t.name.startswith(_KEPT)]
    strips = [strip for track in tracks for strip in track.strips if not strip.mute]
    return [
        strip
        for strip in strips
        if (span is None or (strip.frame_start < span[1] and span[0] < strip.frame_end))
        and any(curve.data_path in paths for curve in compat.strip_curves(strip))
    ]


def _set(block: Any, name: str, value: Any) -> None:
    """Set how our Action is layered, and remember how another one was."""
    if _REMEMBERED[name] not in block:
        block[_REMEMBERED[name]] = getattr(block.animation_data, name)
    setattr(block.animation_data, name, value)


def _restore_layering(block: Any) -> None:
    for name, remembered in _REMEMBERED.items():
        if remembered in block:
            setattr(block.animation_data, name, block[remembered])
    _forget_layering(block)


def _forget_layering(block: Any) -> None:
    for remembered in _REMEMBERED.values():
        block.pop(remembered, None)


def _has_strips(data: Any) -> bool:
    return any(track.strips for track in data.nla_tracks)


def _push_down(data: Any, action: Any, curves: Sequence[Any]) -> Any:
    """Play the active Action as a strip on top of the tracks, as it plays now; its track."""
    is_layered = data.use_nla and any(t.strips and not t.mute for t in data.nla_tracks)
    track = data.nla_tracks.new()
    track.name = _KEPT + action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    compat.set_strip_slot(strip, compat.slot_of(data))
    strip.use_sync_length = False  # editing the Action is to leave the strip as long as it is
    first, last = _whole_time(action, curves)
    if not is_layered:  # an Action without tracks plays whole, whatever its settings are
        _set_range(strip, first, last)
        return track
    own = _own_range(action, curves)
    first = first if data.action_extrapolation == _ALWAYS else own[0]
    last = own[1] if data.action_extrapolation == _ONLY_ITS_FRAMES else last
    _set_range(strip, first, last)
    strip.extrapolation, strip.blend_type = data.action_extrapolation, data.action_blend_type
    if data.action_influence < 1.0:
        _set_influence(strip, data.action_influence)
    return track


def _own_range(action: Any, curves: Sequence[Any]) -> tuple[float, float]:
    """The frames in which Blender plays an Action that does not go on before or after them."""
    if action.use_frame_range or not curves:
        return (*action.frame_range,)
    first, last = _range_of(curves)
    return first, max(last, first + 1.0)


def _range_of(curves: Sequence[Any]) -> tuple[float, float]:
    return min(c.range()[0] for c in curves), max(c.range()[1] for c in curves)


def _whole_time(action: Any, curves: Sequence[Any]) -> tuple[float, float]:
    """Curves that repeat or run on do so over the whole shot, as they did without a strip."""
    frames = [*action.frame_range]
    for scene in bpy.data.scenes:
        frames += [scene.frame_start, scene.frame_end]
    first, last = min(frames), max(frames)
    if any(runs_on(curve) for curve in curves):
        last += _FOR_EVER
    return first, last


def _set_range(strip: Any, first: float, last: float) -> None:
    strip.action_frame_end, strip.action_frame_start = last, first
    strip.frame_end, strip.frame_start = last, first


def _set_influence(strip: Any, influence: float) -> None:
    strip.use_animated_influence = True  # otherwise Blender computes it
    strip.influence = influence
    for point in strip.fcurves[0].keyframe_points:
        point.co.y = influence
