"""Faces made of bones, and Actions that pose them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

Bones = Mapping[str, Mapping[str, tuple[float, ...]]]


def make_rig(*names: str) -> Any:
    """An armature whose bones have these names; a jaw turns by Euler angles."""
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    for i, name in enumerate(names):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (0.1 * i, 0.0, 1.0), (0.1 * i, -0.1, 1.0)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["jaw"].rotation_mode = "XYZ"
    return rig


def add_pose(rig: Any, name: str, bones: Bones, frames: tuple[float, ...] = (1.0,)) -> Any:
    """An Action that poses these bones, as Blender keys them."""
    data = rig.animation_data_create()
    data.action = bpy.data.actions.new(name)
    for bone, values in bones.items():
        for prop, numbers in values.items():
            setattr(rig.pose.bones[bone], prop, numbers)
            for frame in frames:
                rig.pose.bones[bone].keyframe_insert(prop, frame=frame)
    action, data.action = data.action, None
    action.use_fake_user = True
    for bone in rig.pose.bones:
        bone.matrix_basis.identity()
    return action


def activate(rig: Any, action: Any) -> None:
    """As in the Action editor."""
    rig.animation_data.action = action
    if hasattr(rig.animation_data, "action_slot"):
        rig.animation_data.action_slot = action.slots[0]
