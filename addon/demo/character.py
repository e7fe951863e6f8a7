"""Puts the demo character into a scene."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...emotalk_core.heads.base_head import read_base_head
from .brows import build_brows
from .clothing import build_sweater
from .eyes import build_eye
from .hair import build_hair
from .hat import build_hat
from .lashes import build_lashes
from .lights import new_camera, new_key_light
from .materials import SURFACES, new_materials
from .part import Part, hex_colour, nearest_colours
from .rig import bind, new_rig
from .skin import LID_GROUPS, build_skin
from .teeth import build_lower_teeth, build_tongue, build_upper_teeth
from .write_mesh import write_part

NAME = "Wren"
LID_OFFSET_M = 0.0004


@dataclass(frozen=True)
class Character:
    """What `build` has put into the scene."""

    root: bpy.types.Object  # the armature; all meshes are its children
    meshes: tuple[bpy.types.Object, ...]
    camera: bpy.types.Object
    light: bpy.types.Object


def build_parts() -> list[Part]:
    """All meshes as plain arrays; needs no Blender."""
    base = read_base_head()
    skin = build_skin(base)
    return [
        skin.part,
        build_eye(1),
        build_eye(-1),
        build_lashes(skin),
        build_brows(skin.part),
        build_upper_teeth(),
        build_lower_teeth(base),
        build_tongue(base),
        build_hair(),
        build_hat(),
        build_sweater(),
    ]


def build(scene: bpy.types.Scene) -> Character:
    """A new character in `scene`, in a collection of its own; nothing else is changed.

    The scene's camera is set only if it has none.
    """
    collection = bpy.data.collections.new(NAME)
    scene.collection.children.link(collection)
    prefix = collection.name
    rig = new_rig(scene, collection, prefix)
    meshes = _write_meshes(build_parts(), collection, prefix)
    bind(rig, meshes)
    _keep_lids_outside(meshes)
    _smooth(meshes)
    camera, light = new_camera(prefix), new_key_light(prefix)
    for obj in (camera, light):
        collection.objects.link(obj)
    if scene.camera is None:
        scene.camera = camera
    return Character(rig, meshes, camera, light)


def _write_meshes(
    parts: list[Part], collection: bpy.types.Collection, prefix: str
) -> tuple[bpy.types.Object, ...]:
    names = dict.fromkeys(part.material for part in parts)
    materials = {name: new_materials(name, prefix) for name in names}
    meshes = []
    for part in parts:
        surface = SURFACES[part.material]
        palette = np.array([hex_colour(text) for text in surface.palette])
        of_faces = nearest_colours(part, palette, surface.reach)
        mesh = write_part(part, materials[part.material], of_faces, prefix)
        mesh["emotalk_subdivisions"] = part.subdivisions
        collection.objects.link(mesh)
        meshes.append(mesh)
    return tuple(meshes)


def _keep_lids_outside(meshes: tuple[bpy.types.Object, ...]) -> None:
    # Half blinks and sums of shapes take the straight way, which cuts through the eyeball.
    skin, *eyes = meshes[:3]
    for eye, group in zip(eyes, LID_GROUPS, strict=True):
        modifier = skin.modifiers.new(group, "SHRINKWRAP")
        modifier.target = eye
        modifier.vertex_group = group
        modifier.wrap_mode = "OUTSIDE"
        modifier.offset = LID_OFFSET_M


def _smooth(meshes: tuple[bpy.types.Object, ...]) -> None:
    for mesh in meshes:
        levels = mesh.pop("emotalk_subdivisions")
        if levels:
            modifier = mesh.modifiers.new("Smooth", "SUBSURF")
            modifier.levels, modifier.render_levels = levels, levels
