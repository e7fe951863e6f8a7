"""An armature as the core's skeleton: its bones at rest, and the faces posed with them."""

from __future__ import annotations

import bpy
import numpy as np

from ....emotalk_core.retarget import BoneRest, Skeleton
from ....emotalk_core.rigs.known_faces import known_face
from ....emotalk_core.rigs.rotation import UNPOSED
from .pose_actions import face_poses
from .poses import poses_of

__all__ = ["bones_of", "skeleton_of"]


def skeleton_of(armature: bpy.types.Object | None, *, use_poses: bool) -> Skeleton:
    """Its bones at rest and how they were posed by hand; the faces that Actions of this file hold
    for them, and those of a rig whose face is known. Nothing where there is none.
    """
    if armature is None:
        return Skeleton()
    bones = bones_of(armature)
    face = known_face(bones)
    if not use_poses:
        return Skeleton(armature.name, bones, aims=face.aims)
    poses = face_poses(armature)
    return Skeleton(armature.name, bones, poses, face.poses, face.label, face.aims)


def bones_of(armature: bpy.types.Object) -> list[BoneRest]:
    """Its bones at rest, and how they were posed by hand."""
    modes = {bone.name: bone.rotation_mode for bone in armature.pose.bones}
    poses = poses_of(armature)
    return [
        BoneRest(
            bone.name,
            np.array(bone.head_local),
            np.array(bone.matrix_local.to_3x3()),
            modes.get(bone.name, "QUATERNION"),
            poses.get(bone.name, UNPOSED),
        )
        for bone in armature.data.bones
    ]
