"""The panel's sliders as the core's Controls, and their F-curves as a ControlTrack."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, Final

import bpy
import numpy as np

from ....emotalk_core.controls import (
    EMOTIONS,
    LIMITS,
    MOVING,
    Controls,
    ControlTrack,
    MovingControls,
)
from .. import compat
from ..keying import bends, slider_action
from ..keying.curves import read_keys, runs_on

__all__ = [
    "apply",
    "are_still",
    "at",
    "clear",
    "copy_keys",
    "digest",
    "ease_of",
    "key",
    "key_track",
    "keyed",
    "keyed_track",
    "moved_by_keys",
    "muted",
    "playing",
    "put_back",
    "read",
    "told_of",
    "with_words",
]

_NUMBERS: Final = tuple(f.name for f in fields(Controls) if f.name != "emotions")
_LATER: Final[dict[str, Any]] = {"contrast": 0.0, "usual": ""}
"""Sliders that takes of older versions do not name, and what these meant: no reason to say that
keys and sliders differ."""

_GROUP: Final = "EmoTalk"
"""In which their curves stand in the Dope Sheet."""

_STEP_FRAMES: Final = 2  # keyed sliders are sampled this finely between their keys
_LONGEST_S: Final = 600.0  # so far repeating curves are followed in a sound of unknown length
_JUST_BEFORE: Final = 0.01  # frames; what is held until a key stands there as it did all along


def read(group: Any) -> Controls:
    """The sliders as they stand."""
    return Controls(
        emotions=tuple(_plain(getattr(group, name)) for name in EMOTIONS),
        **{name: _plain(getattr(group, name)) for name in _NUMBERS},
    )


def ease_of(group: Any) -> float:
    """Seconds in which the face settles after the sound: a matter of keys, not of curves."""
    return _plain(group.ease_s)


def _plain(number: float) -> float:
    """0.1 where Blender's float32 says 0.10000000149: the same curves as on the command line."""
    return round(number, 6)


def apply(controls: Controls, group: Any) -> None:
    """Set the sliders."""
    for name, weight in zip(EMOTIONS, controls.emotions, strict=True):
        setattr(group, name, weight)
    for name in _NUMBERS:
        setattr(group, name, getattr(controls, name))


def moved_by_keys(group: Any) -> list[str]:
    """Names of the sliders that go where their keyframes say, wherever they are set."""
    return [name for name in MOVING if name in playing(group)]


def playing(group: Any) -> dict[str, Any]:
    """The F-curves that move their sliders, by name: a muted one leaves its slider as it stands."""
    return {name: curve for name, curve in keyed(group).items() if not curve.mute}


def muted(group: Any) -> list[str]:
    """Names of the sliders whose keys move nothing."""
    return [name for name, curve in keyed(group).items() if curve.mute]


def are_still(group: Any, first: float, last: float) -> bool:
    """Whether keys move the sliders, but none between two scene frames."""
    curves = playing(group).values()
    if not curves or any(runs_on(curve) for curve in curves):
        return False
    spans = [curve.range() for curve in curves]
    return all(last <= begins or ends <= first for begins, ends in spans)


def key(group: Any, frames: Mapping[float, Controls]) -> None:
    """Key all sliders that may be keyed at some scene frames; other keys stay. None of these are
    selected.
    """
    scene = group.id_data
    slider_action.ensure(scene)
    fcurves = compat.fcurves_of(scene, ensure=True)
    there = keyed(group)
    for name in MOVING:
        curve = there.get(name)
        if curve is None:
            curve = compat.new_fcurve(fcurves, group.path_from_id(name), 0, _GROUP)
        for frame, wanted in frames.items():
            point = curve.keyframe_points.insert(frame, _value(wanted, name))
            point.interpolation = "LINEAR"
            for part in ("control_point", "left_handle", "right_handle"):  # new ones come selected
                setattr(point, f"select_{part}", False)
        curve.update()


def clear(group: Any, after: float, before: float) -> None:
    """Remove the sliders' keys between two scene frames, not on them."""
    for curve in keyed(group).values():
        points = curve.keyframe_points
        for point in [p for p in points if after < p.co.x < before][::-1]:
            points.remove(point, fast=True)
        curve.update()


def key_track(group: Any, track: ControlTrack, start_frame: float, rate: Fraction) -> None:
    """Set the sliders, and key those of a track that moves, in place of the keys that are there."""
    apply(track.base, group)
    fcurves = compat.fcurves_of(group.id_data)
    for curve in keyed(group).values():
        compat.remove_fcurve(fcurves, curve)
    times = (start_frame + time_s * float(rate) for time_s in track.times_s)
    if track.keys:
        key(group, dict(zip(times, track.keys, strict=True)))


def _value(controls: Controls, name: str) -> float:
    return controls.emotions[EMOTIONS.index(name)] if name in EMOTIONS else getattr(controls, name)


def copy_keys(group: Any, other: Any) -> None:
    """Give `other` the keyframes of `group`, both of one scene."""
    fcurves = compat.fcurves_of(group.id_data)
    for name in keyed(other):  # left behind by a take that was there once
        compat.remove_fcurve(fcurves, keyed(other)[name])
    for name, curve in keyed(group).items():
        copy = compat.new_fcurve(fcurves, other.path_from_id(name), 0, _GROUP)
        bends.copy_curve(curve, copy)


def digest(group: Any, told: tuple[str, str] | None = None, usual: str | None = None) -> str:
    """Equal texts, equal curves: tells whether a take shows what its sliders say. `told`, `usual`:
    phones and words, and the usual voice, of a take that begins with these sliders; None: they are
    its own.
    """
    told = (group.phones, group.words) if told is None else told
    usual = group.usual if usual is None else usual
    keys = {name: bends.described(curve) for name, curve in playing(group).items()}
    names = (*EMOTIONS, *_NUMBERS)
    stand = {name: _plain(getattr(group, name)) for name in names if name not in keys}
    stand |= {"usual": usual}
    still = {name: value for name, value in stand.items() if _LATER.get(name) != value}
    parts: list[Any] = [still | {"ease_s": ease_of(group)}, keys]
    return json.dumps([*parts, *told] if any(told) else parts)


def with_words(was: str, words: str) -> str:
    """The digest `was` for what it says and other words."""
    still, keys, *told = json.loads(was)
    told = [told[0] if told else "", words]
    return json.dumps([still, keys, *told] if any(told) else [still, keys])


def put_back(group: Any, was: str) -> None:
    """Set the sliders, and what is told, as they were when `was` was their digest; those that had
    keys stay.
    """
    try:
        still, _keys, *told = json.loads(was)
    except (ValueError, TypeError):  # of a version that knew none
        return
    now = group.usual
    for name, value in (_LATER | still).items():
        setattr(group, name, value)
    if group.usual != now:  # who told that one is not known any more
        group.usual_from = ""
    group.phones, group.words = told or ("", "")


def keyed_track(
    group: Any, start_frame: float, end_frame: float, rate: Fraction, grid_from: float = 0.0
) -> ControlTrack:
    """The sliders over a stretch of the scene, infinite where its end is not known: their F-curves
    where they have some, sampled between their keys on a grid that has the frame `grid_from`.
    """
    base = read(group)
    curves = playing(group)
    if not curves:
        return ControlTrack(base)
    if math.isinf(end_frame) and any(map(runs_on, curves.values())):
        end_frame = start_frame + _LONGEST_S * float(rate)
    first, last = _moving(curves.values(), start_frame, end_frame)
    frames = _sampled(curves.values(), first, last, grid_from)
    rows = np.empty((len(frames), len(MOVING)))
    for column, name in enumerate(MOVING):
        curve, still = curves.get(name), _value(base, name)
        rows[:, column] = still if curve is None else _values(curve, name, frames)
    return ControlTrack(base, (frames - start_frame) / float(rate), MovingControls(base, rows))


def told_of(group: Any) -> list[str]:
    """Of sliders that are moved by something that is not read over the length of a take."""
    data = group.id_data.animation_data
    if data is None:
        return []
    paths = {group.path_from_id(name): name for name in MOVING}
    tracks = [track for track in data.nla_tracks if not track.mute]
    strips = [strip for track in tracks for strip in track.strips if not strip.mute]
    movers = {
        "a driver": data.drivers,
        "an NLA track": [curve for strip in strips for curve in compat.strip_curves(strip)],
    }
    told = [
        f"Slider {paths[curve.data_path]} is moved by {mover}: the take keeps the value of one "
        "frame. Keyframes are followed"
        for mover, curves in movers.items()
        for curve in curves
        if curve.data_path in paths and not curve.mute
    ]
    return [*dict.fromkeys(told)]  # a slider may be in many strips


def _moving(curves: Collection[Any], start_frame: float, end_frame: float) -> tuple[float, float]:
    """Between which frames of a stretch the curves change: before and after their keys they stand
    still, but those that repeat or run on.
    """
    if any(runs_on(curve) for curve in curves):
        return start_frame, end_frame
    ends = [frame for curve in curves for frame in curve.range()]
    first = min(max(start_frame, min(ends)), end_frame)
    return first, max(first, min(end_frame, max(ends)))


def _sampled(curves: Collection[Any], first: float, last: float, grid_from: float) -> np.ndarray:
    """Frames (K,), rising, from `first` to `last` at least: so many that no key is missed."""
    # What a modifier repeats or adds may change from frame to frame.
    step = 1 if any(len(curve.modifiers) for curve in curves) else _STEP_FRAMES
    # The same ones wherever the keys begin: one that moves changes nothing far from it.
    a, b = math.floor((first - grid_from) / step), math.ceil((last - grid_from) / step)
    grid = grid_from + step * np.arange(a, b + 1, dtype=np.float64)
    found = [grid, [first]]
    for curve in curves:
        keys = read_keys(curve)
        frames = keys.frames.astype(np.float64)
        found += [frames, frames[1:][keys.is_held[:-1]] - _JUST_BEFORE]
    frames = np.unique(np.concatenate(found))
    return frames[(frames >= first) & (frames <= grid[-1])]


def keyed(group: Any) -> dict[str, Any]:
    """The F-curves of the sliders, by name, those too that are muted."""
    scene = group.id_data
    curves = compat.fcurves_of(scene) if isinstance(scene, bpy.types.Scene) else ()
    paths = {group.path_from_id(name): name for name in MOVING}
    return {paths[curve.data_path]: curve for curve in curves if curve.data_path in paths}


def at(group: Any, frame: float) -> Controls:
    """The sliders as their keys say at a scene frame; where they have none, as they stand."""
    return _at(read(group), playing(group), frame)


def _at(base: Controls, curves: Mapping[str, Any], frame: float) -> Controls:
    here = np.array([frame])
    moved = {name: float(_values(curve, name, here)[0]) for name, curve in curves.items()}
    weights = tuple(moved.pop(name, _value(base, name)) for name in EMOTIONS)
    return replace(base, emotions=weights, **moved)


def _values(curve: Any, name: str, frames: np.ndarray) -> np.ndarray:
    """What an F-curve says of a slider, within its limits, at `frames` (K,)."""
    return np.clip([*map(curve.evaluate, frames.tolist())], *LIMITS.get(name, (0.0, 1.0)))
