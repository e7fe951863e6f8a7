"""A new character is what is selected, and what the view looks at."""

from __future__ import annotations

from typing import Any

import bpy
from mathutils import Vector

from .character import Character

__all__ = ["frame", "select"]

_ROOM = 2.6  # times the bust's radius from the view's centre: all of it, and air around


def select(character: Character, layer: bpy.types.ViewLayer) -> None:
    """Select the armature alone, which moves all of it, and make it active."""
    for thing in layer.objects.selected:
        thing.select_set(False)
    character.root.select_set(True)
    layer.objects.active = character.root


def frame(space: Any, view: Any, root: Any) -> None:
    """Turn the view that the button was pressed in to a character, from where it looks.

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
    view.view_location = middle
    view.view_distance = _ROOM * max((corner - middle).length for corner in corners)
