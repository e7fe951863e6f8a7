"""The eyes of a character in the scene: on what they sit, and how far they turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ....emotalk_core.retarget import Binding, BoneTarget, Driven, KeyTarget
from ....emotalk_core.rigs.bones import match_bones
from ....emotalk_core.rigs.eyes import Eyes, eyes_of_bones, eyes_of_keys, key_place, key_turn
from ....emotalk_core.rigs.known_faces import known_face
from ....emotalk_core.shaping.look import EyeTurns
from .skeletons import bones_of
from .still_keys import key_points

__all__ = ["Gazer", "find_eyes", "turns_of"]

_WAYS: Final = {"inward": "In", "outward": "Out", "up": "Up", "down": "Down"}
_MOUTHS: Final = ("jawOpen", "mouthClose", "mouthFunnel", "mouthSmileLeft")
"""Channels whose keys are at the mouth."""

_Points = tuple[bpy.types.Object, np.ndarray, np.ndarray]
"""A mesh, its vertices at rest and where a key has them, float64 (N, 3) each."""

_Place = tuple[bpy.types.Object, np.ndarray]
"""A point (3,) in an object's space."""


@dataclass(frozen=True, eq=False)
class Gazer:
    """Eyes, and the object (and its bone) that carries them."""

    eyes: Eyes
    carrier: bpy.types.Object
    bone: str = ""  # of an armature

    def world(self, depsgraph: bpy.types.Depsgraph) -> Matrix:
        """From the carrier's space at rest to the world, as it is in `depsgraph`."""
        thing = self.carrier.evaluated_get(depsgraph)
        if not self.bone:
            return thing.matrix_world.copy()
        rest = self.carrier.data.bones[self.bone].matrix_local
        return thing.matrix_world @ thing.pose.bones[self.bone].matrix @ rest.inverted()


def find_eyes(
    meshes: Sequence[bpy.types.Object], armature: bpy.types.Object | None, binding: Binding
) -> Gazer | None:
    """The eyes of a character: by its bones, else by what its keys move; None where neither tells.

    Parameters
    ----------
    meshes, armature :
        Of the character.
    binding : Binding
        What drives its keys.
    """
    bones = bones_of(armature) if armature is not None else []
    roles = {**match_bones(bones), **known_face(bones).eyes}
    eyes = eyes_of_bones(roles)
    if armature is not None and eyes is not None:
        return Gazer(eyes, armature, _head_bone(armature, roles))
    return _by_keys(meshes, binding)


def _head_bone(armature: Any, roles: Any) -> str:
    """What carries the eyes: the head, or whatever they hang on."""
    if "head" in roles:
        return roles["head"].name
    above = armature.data.bones[roles["left_eye"].name].parent
    return above.name if above is not None else ""


def _by_keys(meshes: Sequence[bpy.types.Object], binding: Binding) -> Gazer | None:
    looks, blink = [f"eyeLook{way}" for way in _WAYS.values()], ["eyeBlink"]
    eyeballs = [mesh for mesh in meshes if _is_eye(mesh, binding)]
    for parts, stems in ((eyeballs, looks), (meshes, blink), (meshes, looks)):
        left, right = (
            _place(_points_of(parts, binding, [f"{stem}{side}" for stem in stems]))
            for side in ("Left", "Right")
        )
        if left is not None and right is not None:
            return _between(left, right, meshes, binding)
    return None


def _between(
    left: _Place, right: _Place, meshes: Sequence[bpy.types.Object], binding: Binding
) -> Gazer:
    carrier = left[0]
    mouth = _place(_points_of(meshes, binding, _MOUTHS))
    below = _seen_by(carrier, mouth) if mouth is not None else None
    return Gazer(eyes_of_keys(left[1], _seen_by(carrier, right), below), carrier)


def _place(points: _Points | None) -> _Place | None:
    if points is None:
        return None
    place = key_place(points[1], points[2])
    return None if place is None else (points[0], place)


def _seen_by(carrier: bpy.types.Object, place: _Place) -> np.ndarray:
    """A place (3,) in the space of `carrier`."""
    thing, point = place
    return np.array(carrier.matrix_world.inverted() @ thing.matrix_world @ Vector(point))


def _points_of(
    meshes: Iterable[bpy.types.Object], binding: Binding, channels: Sequence[str]
) -> _Points | None:
    """What the key of the first of `channels` that has one of its own moves."""
    by_name = {mesh.name: mesh for mesh in meshes}
    for wanted in channels:
        for item in binding.driven:
            target, sources = item.target, [channel for channel, _weight in item.sources]
            if isinstance(target, KeyTarget) and sources == [wanted]:
                mesh = by_name.get(target.object_name)
                if mesh is not None:
                    return _points(mesh, target.key)
    return None


def _points(mesh: Any, key: str) -> _Points:
    blocks = mesh.data.shape_keys.key_blocks
    block = blocks[key]
    rest, moved = (key_points(one).astype(np.float64) for one in (block.relative_key, block))
    return mesh, rest, moved


def turns_of(meshes: Sequence[bpy.types.Object], binding: Binding) -> EyeTurns:
    """How far the character's eyes turn: as its bones are driven, else as the keys of meshes that
    are eyes turn them, else as usual.
    """
    found = {name: _turn(meshes, binding, f"eyeLook{way}") for name, way in _WAYS.items()}
    return EyeTurns(**{name: turn for name, turn in found.items() if turn})


def _turn(meshes: Sequence[bpy.types.Object], binding: Binding, stem: str) -> float | None:
    sides = (f"{stem}Left", f"{stem}Right")
    turns = [turn for item in binding.driven for side in sides if (turn := _of_bone(item, side))]
    if turns:
        return max(turns)  # a pose may turn the lids a little, too
    eyes = [mesh for mesh in meshes if _is_eye(mesh, binding)]
    points = _points_of(eyes, binding, sides)
    return key_turn(points[1], points[2]) if points is not None else None


def _of_bone(item: Driven, channel: str) -> float:
    """Radians by which a channel at 1 turns a bone; 0 where it does not."""
    target = item.target
    if not isinstance(target, BoneTarget) or target.kind != "turn":
        return 0.0
    return abs(item.gain * dict(item.sources).get(channel, 0.0)) * float(
        np.linalg.norm(target.axis)
    )


def _is_eye(mesh: bpy.types.Object, binding: Binding) -> bool:
    """Whether nothing moves it but looking: a face's own keys take the lids along."""
    sources = [
        channel
        for item in binding.driven
        if item.target.object_name == mesh.name
        for channel, _weight in item.sources
    ]
    return bool(sources) and all(channel.startswith("eyeLook") for channel in sources)
