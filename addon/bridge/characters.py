"""Which meshes are one character: what hangs together, without those who stand beside it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import bpy
import numpy as np

from ...emotalk_core.errors import RigError
from ...emotalk_core.retarget import match_meshes

__all__ = [
    "GUIDE",
    "all_meshes",
    "armature_of",
    "character_meshes",
    "check_is_there",
    "chosen_meshes",
    "face_of",
    "guided_by",
    "has_keys",
    "is_deleted",
    "is_same",
    "looks_of_keys",
]

_OF_A_FACE: Final = ("jawOpen", "mouthSmileLeft")
"""Channels that a face has and its teeth, brows and eyes have not."""

_OF_A_HEAD: Final = 0.8
"""What lies within a head and is smaller than this share of it is a part of it."""

GUIDE: Final = "emotalk_guide"
"""Custom property on the empties that say where a face's features are: which of them it is."""


def character_meshes(thing: bpy.types.Object) -> list[bpy.types.Object]:
    """Every mesh with shape keys that belongs to the character of `thing`, `thing` first.

    A character is what hangs on the same topmost parent or armature. A loose mesh brings along the
    other meshes of its own collection, or what lies within it where that is the whole scene's:
    importers often leave eyes and teeth unparented. Another
    face with an armature of its own, or apart from this one, is somebody else with all its parts.
    What was deleted holds its parts together still, and is none of them.
    """
    found = [other for other in _family(thing) if has_keys(other) and not is_deleted(other)]
    keys_seen: set[Any] = set()
    meshes = []
    for mesh in sorted(found, key=lambda other: other != thing):
        if mesh.data.shape_keys not in keys_seen:  # linked duplicates share their keys
            keys_seen.add(mesh.data.shape_keys)
            meshes.append(mesh)
    return _without_others(thing, meshes)


def all_meshes(thing: bpy.types.Object) -> list[bpy.types.Object]:
    """Every mesh of the character of `thing`, with shape keys or without, `thing` first.

    Without keys a face is not known by them: what has an armature of its own or is apart from
    `thing` is somebody else's.
    """
    found = [other for other in _family(thing) if other.type == "MESH" and not is_deleted(other)]
    own = thing if thing.type == "ARMATURE" else _armature(thing)
    found = [mesh for mesh in found if _armature(mesh) in {None, own}]
    if thing.type != "MESH":
        return found
    return [thing, *(mesh for mesh in found if mesh != thing and not _is_apart(mesh, [thing]))]


def chosen_meshes(targets: Iterable[Any], character: Any | None) -> list[bpy.types.Object]:
    """What the panel's list `targets` has switched on; all of the character where the list was made
    for another one, and so holds none of its meshes.
    """
    there = [item for item in targets if item.object and not is_deleted(item.object)]
    used = [item.object for item in there if item.use]
    if character is not None and character not in used:
        family = character_meshes(character)
        if not any(item.object in family for item in there):
            used = family
    return [mesh for mesh in used if has_keys(mesh)]


def is_same(thing: bpy.types.Object, other: bpy.types.Object | None) -> bool:
    """Whether two objects are parts of one character: one of a group is not the group."""
    if other is None:
        return False
    one, another = (set(face_of(character_meshes(part), part)) for part in (thing, other))
    return one == another


def face_of(meshes: Sequence[bpy.types.Object], thing: bpy.types.Object) -> list[bpy.types.Object]:
    """What tells one character from others: its meshes with keys, or of a face of bones its
    armature; `thing` itself where nothing can speak.
    """
    return [*meshes] or [armature_of((), thing) or thing]


def armature_of(meshes: Sequence[bpy.types.Object], thing: Any = None) -> bpy.types.Object | None:
    """The armature that the meshes hang on, or `thing`, or `thing` itself if it is one; none that
    was deleted, though meshes point to it still.
    """
    if thing is not None and thing.type == "ARMATURE" and not is_deleted(thing):
        return thing
    holders = [*meshes, *([thing] if thing is not None else [])]
    found = dict.fromkeys(armature for mesh in holders for armature in _armatures(mesh))
    return next((armature for armature in found if not is_deleted(armature)), None)


def is_deleted(thing: bpy.types.Object) -> bool:
    """Whether no scene and no collection holds it: deleted with X, but something points to it."""
    places = (*bpy.data.collections, *(scene.collection for scene in bpy.data.scenes))
    return all(thing.name not in place.objects for place in places)


def check_is_there(thing: bpy.types.Object) -> None:
    """Nothing, where the chosen character can be worked with.

    Raises
    ------
    RigError
        It was deleted.
    """
    if is_deleted(thing):
        raise RigError("The character was deleted", value=thing.name, remedy="Choose another.")


def guided_by(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """The mesh that a guide hangs on, to say where a feature of it is; None of anything else."""
    if thing is None or GUIDE not in thing:
        return None
    targets = [c.target for c in thing.constraints if c.type == "CHILD_OF"]
    return next((mesh for mesh in targets if mesh is not None and mesh.type == "MESH"), None)


def has_keys(thing: bpy.types.Object) -> bool:
    """Whether it is a mesh with shape keys."""
    return thing.type == "MESH" and thing.data.shape_keys is not None


def looks_of_keys(thing: bpy.types.Object) -> str:
    """By which it is known whether shape keys came, went or were renamed; cheap in a drawing."""
    names = thing.data.shape_keys.key_blocks.keys() if has_keys(thing) else ()
    return f"{zlib.crc32(chr(10).join(names).encode()):08x}"


def _family(thing: bpy.types.Object) -> list[bpy.types.Object]:
    top: Any = thing
    while top.parent is not None:
        top = top.parent
    armature: Any = thing if thing.type == "ARMATURE" else thing.find_armature()
    family = [top, *top.children_recursive]
    if armature is not None:
        family += [armature, *armature.children_recursive]
        family += [
            other
            for scene in thing.users_scene
            for other in scene.objects
            if other.find_armature() == armature
        ]
    if len(family) == 1:
        of_scenes = [scene.collection for scene in thing.users_scene]
        family += [
            other
            for collection in thing.users_collection
            for other in collection.objects
            if collection not in of_scenes or _is_within(other, thing)
        ]
    return list(dict.fromkeys(family))


def _without_others(
    thing: bpy.types.Object, meshes: Sequence[bpy.types.Object]
) -> list[bpy.types.Object]:
    own = thing if thing.type == "ARMATURE" else _armature(thing)
    mine = [mesh for mesh in meshes if mesh == thing or (own and _armature(mesh) == own)]
    if not any(_is_face(mesh) for mesh in mine):
        return [*meshes]  # an empty above them, or teeth alone: all of it is asked for
    others = [
        mesh
        for mesh in meshes
        if mesh not in mine
        and _is_face(mesh)
        and (_armature(mesh) not in {None, own} or _is_apart(mesh, mine))
    ]
    theirs = {_armature(mesh) for mesh in others} - {None, own}
    return [
        mesh
        for mesh in meshes
        if mesh in mine
        or not (mesh in others or _armature(mesh) in theirs or (others and _is_apart(mesh, mine)))
    ]


def _is_face(mesh: bpy.types.Object) -> bool:
    return _has_face(tuple(block.name for block in mesh.data.shape_keys.key_blocks))


@lru_cache(maxsize=64)
def _has_face(keys: tuple[str, ...]) -> bool:
    # Asked at every move of a slider, and always about the same names.
    matching = match_meshes({"": keys}).get("")
    return matching is not None and not any(name in matching.missing for name in _OF_A_FACE)


def _is_apart(mesh: bpy.types.Object, others: Sequence[bpy.types.Object]) -> bool:
    """Whether its box touches none of the others': a face's eyes, teeth and brows lie within it."""
    low, high = _box(mesh)
    return all((low > far).any() or (high < near).any() for near, far in map(_box, others))


def _is_within(mesh: bpy.types.Object, other: bpy.types.Object) -> bool:
    """Whether the smaller of two loose meshes has its middle in the larger one's box."""
    if not mesh.type == other.type == "MESH" or mesh.parent is not None:
        return False
    (low, high), (near, far) = sorted(map(_box, (mesh, other)), key=_size)
    middle = (low + high) / 2.0
    is_part = _size((low, high)) < _OF_A_HEAD * _size((near, far))
    return is_part and bool((near <= middle).all() and (middle <= far).all())


def _size(box: tuple[np.ndarray, np.ndarray]) -> float:
    """Along its longest edge."""
    return float((box[1] - box[0]).max())


def _box(mesh: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner in the world, (3,) each."""
    world = np.array(mesh.matrix_world)
    corners = np.array(mesh.bound_box) @ world[:3, :3].T + world[:3, 3]
    return corners.min(axis=0), corners.max(axis=0)


def _armature(mesh: Any) -> bpy.types.Object | None:
    """The armature that a mesh hangs on, deleted or not."""
    return next(_armatures(mesh), None)


def _armatures(mesh: Any) -> Iterator[bpy.types.Object]:
    """The one that bends a mesh, then those above it."""
    bending = mesh.find_armature()
    if bending is not None:
        yield bending
    thing = mesh
    while thing is not None:
        if thing.type == "ARMATURE":
            yield thing
        thing = thing.parent
