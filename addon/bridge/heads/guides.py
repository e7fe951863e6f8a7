"""Guides on a head: empties that hang on its skin, each where a feature of the face is.

Their places are told in the skin's own coordinates, where left and right mirror each other in X.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from ....emotalk_core.errors import InputError
from ....emotalk_core.heads.guessing import guess_guides
from ....emotalk_core.heads.guides import GUIDES, LEFT, MIRROR, RIGHT, base_guides, twin
from ....emotalk_core.heads.intake import HeadMesh, check_meshes
from ....emotalk_core.progress import Progress
from ..characters import GUIDE, guided_by
from .parts import Part, world_at_rest
from .rough import rough_guides

__all__ = [
    "Guess",
    "Places",
    "are_one_sided",
    "are_there",
    "both_sides",
    "guess",
    "hint_of",
    "is_mirrored",
    "is_posed",
    "is_whole",
    "known",
    "on_skin",
    "place",
    "places_of",
    "remove",
    "there",
    "upright_turn",
    "without_right",
]

Places = dict[str, np.ndarray]  # name of a guide -> (3,) in the skin's own coordinates

_COLLECTION: Final = "Face Guides"
_PLACES: Final = "emotalk_guides"
"""Custom property on the skin: where its guides were."""

_SIZE: Final = 0.016  # of the face's height, the radius of an empty
_ASKEW: Final = 0.98  # cosine between the skin's X and the way from right to left; less is askew
_UP: Final = np.array([0.0, 0.0, 1.0])
_SAME: Final = 1e-4


@dataclass(frozen=True)
class Guess:
    """Where guides may be on a skin at rest, in the world."""

    points: Mapping[str, np.ndarray]  # (3,) each
    is_found: bool  # whether a face was; else they stand as on most heads


def guess(meshes: Sequence[HeadMesh], turn: np.ndarray, progress: Progress) -> Guess:
    """Look for the face of a skin, the first mesh, along the axes that `turn` (3, 3) lays along
    the world's; no bpy, so a thread may.
    """
    progress(0.0, "Looking for the face")
    check_meshes(meshes)
    turned = [HeadMesh(mesh.vertices @ turn.T, mesh.faces) for mesh in meshes]
    try:
        found, is_found = guess_guides(turned, _UP, progress=progress), True
    except InputError:
        found, is_found = rough_guides(turned[0]), False
    return Guess({name: point @ turn for name, point in found.items()}, is_found)


def upright_turn(skin: bpy.types.Object) -> np.ndarray:
    """The least turn (3, 3) about Z that lays the skin's own level axes along the world's, because
    faces look along one of their own.
    """
    axes = np.array(world_at_rest(skin).to_3x3().normalized())
    x, y, _z = axes[:, np.hypot(axes[0], axes[1]).argmax()]
    angle = np.arctan2(y, x)
    angle -= np.pi / 2.0 * round(angle / (np.pi / 2.0))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])


def places_of(skin: bpy.types.Object, found: Guess) -> Places:
    """The same in the skin's own coordinates."""
    back = world_at_rest(skin).inverted()
    return {name: np.array(back @ _vector(point)) for name, point in found.points.items()}


def are_there(skin: bpy.types.Object) -> bool:
    """Whether a skin has guides now."""
    return bool(_empties(skin))


def are_one_sided(skin: bpy.types.Object) -> bool:
    """Whether its guides on the right are the mirror of the left ones."""
    return not any(name.endswith(RIGHT) for name in _empties(skin))


def is_whole(skin: bpy.types.Object) -> bool:
    """Whether none of its guides was deleted that are needed: right ones can mirror the left."""
    return {guide.name for guide in GUIDES} <= {*_empties(skin)}


def known(skin: bpy.types.Object) -> Places:
    """Where the guides are, or else were."""
    was = {name: np.array(place) for name, place in skin.get(_PLACES, {}).items()}
    return was | there(skin)


def there(skin: bpy.types.Object) -> Places:
    """Where the guides are now."""
    back = skin.matrix_world.inverted_safe()
    return {
        name: np.array(back @ empty.matrix_world.translation)
        for name, empty in _empties(skin).items()
    }


def is_mirrored(places: Places) -> bool:
    """Whether left and right lie along the skin's own X."""
    pairs = [(places[name], places[other]) for name in places if (other := _right_of(name))]
    across = np.mean([left - right for left, right in pairs], axis=0)
    return bool(abs(across[0]) >= _ASKEW * np.linalg.norm(across))


def without_right(places: Places) -> Places:
    """The middle and the left."""
    return {name: place for name, place in places.items() if not name.endswith(RIGHT)}


def both_sides(places: Places) -> Places:
    """With a mirror's guide on the right wherever it has none: about the middle ones, so that the
    skin's origin may be anywhere.
    """
    middle = np.mean([place[0] for name, place in places.items() if twin(name) is None] or [0.0])
    mirrored = {
        other: place * MIRROR + (2.0 * middle, 0.0, 0.0)
        for name, place in places.items()
        if (other := _right_of(name)) and other not in places
    }
    return places | mirrored


def on_skin(skin: bpy.types.Object, part: Part, places: Places) -> dict[str, np.ndarray]:
    """The nearest points on the skin at rest, in the world."""
    mesh, world = part.mesh, world_at_rest(skin)
    polygons = [[int(i) for i in face if i >= 0] for face in mesh.faces]
    tree = BVHTree.FromPolygons(mesh.vertices.tolist(), polygons)
    points = {name: world @ _vector(place) for name, place in places.items()}
    return {name: np.array(tree.find_nearest(point)[0]) for name, point in points.items()}


def place(scene: bpy.types.Scene, skin: bpy.types.Object, places: Places) -> dict[str, Any]:
    """Empties at these places, in a collection of their own, by name; those that were there go."""
    remove(skin)
    collection = bpy.data.collections.new(_COLLECTION)
    scene.collection.children.link(collection)
    height = np.ptp([*places.values()], axis=0).max()
    made = {}
    for name, where in places.items():
        empty = bpy.data.objects.new(name, None)
        empty[GUIDE] = name
        empty.location = where.tolist()
        _hang(empty, skin)
        empty.empty_display_type, empty.empty_display_size = "SPHERE", _SIZE * height
        empty.show_in_front = True
        collection.objects.link(empty)
        made[name] = empty
    _remember(skin, places)
    return made


def remove(skin: bpy.types.Object) -> None:
    """Take the guides away, and remember where they were."""
    empties = _empties(skin)
    if empties:
        of_side = known if any(name.endswith(RIGHT) for name in there(skin)) else _known_left
        _remember(skin, of_side(skin))  # those that were deleted by hand come back, too
    for collection in {c for empty in empties.values() for c in empty.users_collection}:
        if set(collection.objects) <= set(empties.values()) and not collection.children:
            bpy.data.collections.remove(collection)
    for empty in empties.values():
        bpy.data.objects.remove(empty)


def _known_left(skin: bpy.types.Object) -> Places:
    return without_right(known(skin))


def hint_of(empty: bpy.types.Object) -> str:
    """Which feature a guide stands for."""
    name = empty[GUIDE]
    return next((guide.hint for guide in GUIDES if name in (guide.name, twin(guide.name))), "")


def is_posed(skin: bpy.types.Object, places: Places) -> bool:
    """Whether bones move the skin's face away from where it is at rest, and so from its guides."""
    armature: Any = skin.find_armature()
    if armature is None:
        return False
    vertices = skin.data.vertices
    tip = _vector(places["nose_tip"])
    nearest = min(vertices, key=lambda vertex: (vertex.co - tip).length_squared)
    names = {skin.vertex_groups[group.group].name for group in nearest.groups if group.weight > 0}
    bones = [armature.pose.bones[name] for name in names if name in armature.pose.bones]
    return any(not _is_same(bone.matrix, bone.bone.matrix_local) for bone in bones)


def _hang(empty: Any, skin: bpy.types.Object) -> None:
    """As a child goes along with its parent, without the lines that would hide the face."""
    hold = empty.constraints.new("CHILD_OF")
    hold.target, hold.show_expanded = skin, False
    hold.inverse_matrix.identity()


def _empties(skin: bpy.types.Object) -> dict[str, Any]:
    """By name; of one that was copied by hand either."""
    return {thing[GUIDE]: thing for thing in bpy.data.objects if guided_by(thing) == skin}


def _remember(skin: bpy.types.Object, places: Places) -> None:
    known = base_guides()
    skin[_PLACES] = {name: place.tolist() for name, place in places.items() if name in known}


def _right_of(name: str) -> str | None:
    return twin(name) if name.endswith(LEFT) else None


def _vector(point: np.ndarray) -> Vector:
    return Vector(point.tolist())


def _is_same(one: Matrix, other: Matrix) -> bool:
    return all((a - b).length < _SAME for a, b in zip(one, other, strict=True))
