"""FLAME's expressions and jaw as Blender has them: arrays to fit a matrix to."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ....emotalk_core.rigs.binding import BoneTarget
from ....emotalk_core.rigs.bones import bone_driven, match_bones
from ....emotalk_core.rigs.flame import is_expression_key
from ..keying.skeletons import bones_of
from ..keying.still_keys import key_points
from .parts import Part

__all__ = ["expressions_of", "jaw_motion"]


def expressions_of(skin: bpy.types.Object, part: Part) -> dict[str, np.ndarray]:
    """What each expression key does at 1, float64 (N, 3) in the world; a muted one nothing."""
    to_world = np.linalg.inv(part.to_own).T
    return {
        block.name: (not block.mute)
        * (key_points(block) - key_points(block.relative_key)).astype(float)
        @ to_world
        for block in skin.data.shape_keys.key_blocks
        if is_expression_key(block.name)
    }


def jaw_motion(skin: bpy.types.Object, part: Part) -> np.ndarray | None:
    """What the jaw's bone does to the mesh where jawOpen is 1, float64 (N, 3) in the world; None
    where no such bone bends it.
    """
    armature: Any = skin.find_armature()
    roles = match_bones(bones_of(armature)) if armature is not None else {}
    group = skin.vertex_groups.get(roles["jaw"].name) if "jaw" in roles else None
    if group is None:
        return None
    opening = bone_driven(armature.name, roles)[0]
    assert isinstance(opening.target, BoneTarget)
    jaw, world = roles["jaw"], np.array(armature.matrix_world)
    axis = Vector((jaw.rest @ np.array(opening.target.axis)).tolist())
    turn = np.array(Matrix.Rotation(opening.gain, 3, axis))
    own = (part.mesh.vertices - world[:3, 3]) @ np.linalg.inv(world[:3, :3]).T
    moved = (own - jaw.head) @ (turn - np.eye(3)).T
    return _shares(skin, group.index, armature)[:, None] * (moved @ world[:3, :3].T)


def _shares(skin: Any, group: int, armature: Any) -> np.ndarray:
    """How much of each vertex (N,) follows the bone of a group, as the armature shares it out."""
    bending = {bone.name for bone in armature.data.bones if bone.use_deform}
    counted = {g.index for g in skin.vertex_groups if g.name in bending}
    shares = np.zeros(len(skin.data.vertices))
    for vertex in skin.data.vertices:
        weights = {g.group: g.weight for g in vertex.groups if g.group in counted}
        shares[vertex.index] = weights.get(group, 0.0) / max(sum(weights.values()), 1e-9)
    return shares
