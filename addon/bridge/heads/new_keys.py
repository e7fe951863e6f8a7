"""New shape keys in the scene: all that a head gets, at once, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ....emotalk_core.arkit import CHANNELS
from ....emotalk_core.errors import RigError
from ....emotalk_core.heads.new_shapes import Shapes
from ....emotalk_core.retarget import match_meshes
from ..counting import counted
from .parts import Part, check_can_get_keys, rest_points, thing_of

__all__ = ["Given", "channels_there", "give", "of_kept", "of_raised_keys", "summary"]


@dataclass(frozen=True)
class Given:
    """What became of one mesh."""

    thing: bpy.types.Object
    n_new: int
    kept: tuple[str, ...]  # channels that it had already


def channels_there(thing: bpy.types.Object) -> set[str]:
    """Channels for which a mesh has a key, in any spelling of ARKit's names."""
    if thing.data.shape_keys is None:
        return set()
    names = [block.name for block in thing.data.shape_keys.key_blocks]
    matching = match_meshes({"": names}).get("")
    of_arkit = matching.channels if matching and matching.convention == "arkit" else ()
    return {*names, *of_arkit} & {*CHANNELS}


def give(parts: Sequence[Part], shapes: Sequence[Shapes]) -> list[Given]:
    """Write shapes as keys into the meshes that they move; nothing else is changed.

    Raises
    ------
    RigError
        A mesh that moves cannot get keys, or is not as it was measured, or all have what they need:
        none has got any then.
    """
    wanted = [(part, moves) for part, moves in zip(parts, shapes, strict=True) if moves]
    things = [thing_of(part) for part, _moves in wanted]
    for thing in things:
        check_can_get_keys(thing)
    planned = [
        _planned(thing, moves, part.to_own)
        for thing, (part, moves) in zip(things, wanted, strict=True)
    ]
    if not any(plan.points for plan in planned):
        remedy = "Delete keys that are to be made anew, or move the guides onto the face."
        raise RigError("No new shape key is needed", value=parts[0].name, remedy=remedy)
    for plan in planned:
        _write(plan)
    return [Given(plan.thing, len(plan.points), plan.kept) for plan in planned]


def summary(given: Sequence[Given]) -> str:
    """What was made, of which there is some, and where: `52 shape keys on Head, 8 on Eye.L`."""
    first, *others = (one for one in given if one.n_new)
    told = f"{counted(first.n_new, 'shape key')} on {first.thing.name}"
    return ", ".join([told, *(f"{one.n_new} on {one.thing.name}" for one in others)])


def of_kept(given: Sequence[Given]) -> list[str]:
    """What somebody should know whose meshes had some of the keys."""
    return [
        f"{one.thing.name} keeps its own {', '.join(one.kept[:3])}"
        + (f" and {len(one.kept) - 3} more" if len(one.kept) > 3 else "")
        for one in given
        if one.kept
    ]


def of_raised_keys(given: Sequence[Given]) -> list[str]:
    """What somebody should know whose face is another one by a key that is not at 0."""
    raised = [
        f"{one.thing.name}: {block.name}"
        for one in given
        for block in one.thing.data.shape_keys.key_blocks[1:]
        if block.value != 0.0 and not block.mute
    ]
    told = f"{', '.join(raised[:3])}: not at 0. New keys are made for the face without it"
    return [told] if raised else []


@dataclass(frozen=True, eq=False)
class _Plan:
    thing: bpy.types.Object
    points: Mapping[str, np.ndarray]  # of each new key, float32 (3 N,), in ARKit's order
    kept: tuple[str, ...]


def _planned(thing: bpy.types.Object, moves: Shapes, to_own: np.ndarray) -> _Plan:
    kept, rest = channels_there(thing) & {*moves}, rest_points(thing.data)
    points = {
        name: (rest + moves[name] @ to_own.T).astype(np.float32).ravel()
        for name in CHANNELS
        if name in moves and name not in kept
    }
    return _Plan(thing, points, tuple(name for name in CHANNELS if name in kept))


def _write(plan: _Plan) -> None:
    """Basis first."""
    thing = plan.thing
    if thing.data.shape_keys is None:
        thing.shape_key_add(name="Basis", from_mix=False).value = 0.0
    keys: Any = thing.data.shape_keys
    active, basis = thing.active_shape_key_index, keys.reference_key
    for name, points in plan.points.items():
        key = thing.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", points)
        key.slider_min, key.slider_max = 0.0, 1.0
        key.value = 0.0  # new keys start at 1 in Blender 5
        key.relative_key = basis
    thing.active_shape_key_index = active
    thing.data.update()
