"""Where a new character stands so that nothing in the scene hides it from its own camera."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .character import Character

__all__ = ["boxes_in", "move_clear"]

_SOLID = frozenset({
    "MESH", "CURVE", "CURVES", "SURFACE", "FONT", "META", "VOLUME", "POINTCLOUD", "GPENCIL",
    "GREASEPENCIL",
})  # fmt: skip
_GAP_M = 0.1
_FLOOR_M = 0.02  # what ends below this is a floor
_CELLAR_M = 0.5  # a room's own floor lies higher than this under the character's
_LAND_M = 20.0  # what is wider than this is a landscape or a sky


def boxes_in(depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    """Lowest and highest corners (N, 2, 3) of all that is to be seen, instances too."""
    boxes = [
        _box(instance.matrix_world, instance.object)
        for instance in depsgraph.object_instances
        if instance.object.type in _SOLID
    ]
    return np.array(boxes).reshape(-1, 2, 3)


def move_clear(character: Character, boxes: np.ndarray) -> bool:
    """Move a character that stands at the origin, with its camera and light, along X past the
    `boxes` that are in its way; whether that was needed.
    """
    own = _own_box(character)
    boxes = boxes[~(_is_floor(boxes) | _is_around(boxes, own))]
    offset = np.zeros(3)
    while (hit := _overlap(boxes, own + offset)).any():
        offset[0] = boxes[hit, 1, 0].max() - own[0, 0] + _GAP_M
    for thing in (character.root, character.camera, character.light):
        thing.location += Vector(offset)
    return bool(offset.any())


def _box(matrix: Matrix, thing: bpy.types.Object) -> np.ndarray:
    corners = np.array([matrix @ Vector(corner) for corner in thing.bound_box])
    return np.stack([corners.min(0), corners.max(0)])


def _own_box(character: Character) -> np.ndarray:
    """Face, camera, light, and so what lies between them."""
    boxes = [_box(mesh.matrix_world, mesh) for mesh in character.meshes]
    reach = 0.5 * character.light.data.size
    light, camera = np.array(character.light.location), np.array(character.camera.location)
    boxes += [np.stack([light - reach, light + reach]), np.stack([camera, camera])]
    corners = np.concatenate(boxes)
    return np.stack([corners.min(0), corners.max(0)])


def _overlap(boxes: np.ndarray, own: np.ndarray) -> np.ndarray:
    return ((boxes[:, 0] < own[1]) & (boxes[:, 1] > own[0])).all(1)


def _is_floor(boxes: np.ndarray) -> np.ndarray:
    return boxes[:, 1, 2] < _FLOOR_M


def _is_around(boxes: np.ndarray, own: np.ndarray) -> np.ndarray:
    """A room or a backdrop with everything in it, or a landscape."""
    holds = (boxes[:, 0, :2] < own[0, :2]).all(1) & (boxes[:, 1] > own[1]).all(1)
    is_land = np.ptp(boxes[:, :, 0], axis=1) > _LAND_M
    return (holds & (boxes[:, 0, 2] > -_CELLAR_M)) | is_land
