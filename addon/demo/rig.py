"""The armature: chest, neck, head and two eyes."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from .warp import eye_centre
from .write_mesh import to_scene

# Bone -> (parent, head, tail) in mm of the head's data.
_Bone = tuple[str | None, tuple[float, ...], tuple[float, ...]]  # parent, head, tail in mm

SPINE: dict[str, _Bone] = {
    "chest": (None, (0.0, 400.0, 0.0), (0.0, 540.0, 0.0)),
    "neck": ("chest", (0.0, 540.0, 0.0), (0.0, 630.0, 14.0)),
    "head": ("neck", (0.0, 630.0, 14.0), (0.0, 790.0, 20.0)),
}
EYE_BONE_LENGTH = 40.0  # mm


def new_rig(
    scene: bpy.types.Scene, collection: bpy.types.Collection, prefix: str
) -> bpy.types.Object:
    """A new armature object in `collection` with its bones."""
    armature = bpy.data.armatures.new(f"{prefix} Rig")
    rig = bpy.data.objects.new(f"{prefix} Rig", armature)
    collection.objects.link(rig)
    rig.show_in_front = False  # bones would stand before the face in every viewport
    armature.display_type = "STICK"
    _write_bones(scene, rig)
    return rig


def bind(rig: bpy.types.Object, meshes: Iterable[bpy.types.Object]) -> None:
    """Let the meshes follow the rig's bones by their vertex groups."""
    for mesh in meshes:
        mesh.parent = rig
        modifier = mesh.modifiers.new("Rig", "ARMATURE")
        modifier.object = rig


def _write_bones(scene: bpy.types.Scene, rig: bpy.types.Object) -> None:
    # Bones can only be made in edit mode, which belongs to the window's active object.
    layer = scene.view_layers[0]
    before = layer.objects.active
    with bpy.context.temp_override(
        scene=scene, view_layer=layer, active_object=rig, object=rig, selected_objects=[rig]
    ):
        layer.objects.active = rig
        bpy.ops.object.mode_set(mode="EDIT")
        for name, (parent, head, tail) in _bones().items():
            bone = rig.data.edit_bones.new(name)
            bone.head, bone.tail = to_scene(np.array(head)), to_scene(np.array(tail))
            bone.parent = rig.data.edit_bones[parent] if parent else None
        bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = before


def _bones() -> dict[str, _Bone]:
    bones = dict(SPINE)
    for name, side in (("eye.L", 1), ("eye.R", -1)):
        centre = eye_centre(side)
        ahead = centre + np.array([0.0, 0.0, EYE_BONE_LENGTH])
        bones[name] = ("head", tuple(centre), tuple(ahead))
    return bones
