"""Faces with eyes, and what they look at."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from tests.addon.scenes import fcurves, make_head, voice_of

EYE_SIDE = 0.52
"""Radians by which an eye bone turns for a coefficient of 1.0."""

_BONES = {
    "chest": ((0, 0, 0), (0, 0, 1.0)),
    "head": ((0, 0, 1.0), (0, 0, 1.8)),
    "eye.L": ((0.03, -0.1, 1.6), (0.03, -0.2, 1.6)),
    "eye.R": ((-0.03, -0.1, 1.6), (-0.03, -0.2, 1.6)),
}
EYES = Vector((0, -0.1, 1.6))
"""Between them, of a face at the origin."""

FAR = 1000.0
"""Where both eyes look the same way."""


def put_eyes_under(head: Any) -> Any:
    """An armature with chest, head and eye bones above a face, which looks along -Y."""
    armature = bpy.data.objects.new(f"{head.name} Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    for name, (start, end) in _BONES.items():
        bone = bones.new(name)
        bone.head, bone.tail = start, end
    bones["head"].parent = bones["chest"]
    bones["eye.L"].parent = bones["eye.R"].parent = bones["head"]
    bpy.ops.object.mode_set(mode="OBJECT")
    head.parent = armature
    bpy.context.view_layer.objects.active = head
    return armature


def make_person(name: str, x: float = 0.0, turn: float = 0.0) -> Any:
    """Another face with eyes, at `x`, turned about Z by `turn` radians."""
    head = make_head(name)
    armature = put_eyes_under(head)
    armature.location.x, armature.rotation_euler.z = x, turn
    bpy.context.view_layer.update()
    return head


def put_target(*place: float, name: str = "Target") -> Any:
    """An empty, that far from between the eyes of a face at the origin."""
    target = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(target)
    target.location = EYES + Vector(place)
    bpy.context.view_layer.update()
    return target


def yaw_of(head: Any, number: int = -1) -> np.ndarray:
    """Degrees to its left at which its left eye looks, in the frames of a take."""
    out, inward = (voice_of(head, f"eyeLook{way}Left", number)[1] for way in ("Out", "In"))
    return np.degrees((out - inward) * EYE_SIDE)


def pitch_of(head: Any) -> np.ndarray:
    """Likewise, upwards."""
    up, down = (voice_of(head, f"eyeLook{way}Left")[1] for way in ("Up", "Down"))
    return np.degrees((up - down) * 0.44)


def keyed(thing: Any, path: str, index: int, *values: float) -> None:
    """Straight from the first value at frame 1 to the last at 101."""
    for frame, value in zip((1, 101), values, strict=True):
        getattr(thing, path)[index] = value
        thing.keyframe_insert(path, index=index, frame=frame)
    for curve in fcurves(thing).values():
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
