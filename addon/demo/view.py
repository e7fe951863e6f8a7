"""A new character is what is selected, and what the view looks at."""

from __future__ import annotations

from typing import Any

import bpy
from mathutils import Euler, Vector

from .character import Character

__all__ = ["frame", "select"]

_ROOM = 2.3  # times the bust's radius from the view's centre: all of it, and air around

_FROM_THE_FRONT = Euler((1.45, 0.0, 0.35))  # radians: from a little above and her left


def select(character: Character, layer: bpy.types.ViewLayer) -> None:
    """Select the armature alone, which moves all of it, and make it active."""
    for thing in layer.objects.selected:
        thing.select_set(state=False)
    character.root.select_set(state=True)
    layer.objects.active = character.root


def frame(space: Any, view: Any, root: Any) -> None:
    """Turn the view that the button was pressed in to a character's face; one along an axis keeps
    its direction.

    A view through a camera, a locked one, and one that shows some objects alone are somebody's
    setting and stay.

    Parameters
    ----------
    space, view : SpaceView3D, RegionView3D
        Those of the context; another editor has another space, and no view.
    root : Object
        The character's armature.
    """
    if view is None or space.type != "VIEW_3D":
        return
    is_set = view.view_perspective == "CAMERA" or view.lock_rotation or space.local_view
    if is_set or space.lock_object or space.lock_cursor:
        return
    meshes = [child for child in root.children if child.type == "MESH"]
    corners = [mesh.matrix_world @ Vector(corner) for mesh in meshes for corner in mesh.bound_box]
    middle = sum(corners, Vector()) / len(corners)
    if view.view_perspective == "PERSP":
        view.view_rotation = _FROM_THE_FRONT.to_quaternion()
    view.view_location = middle
    view.view_distance = _ROOM * max((corner - middle).length for corner in corners)
