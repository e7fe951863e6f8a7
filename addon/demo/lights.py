"""The character's own camera and key light."""

from __future__ import annotations

import bpy
from mathutils import Vector

FOCUS_M = Vector((0.0, -0.05, 0.318))  # between eyes and mouth, in scene coordinates
CAMERA_M = Vector((0.0, -1.30, 0.335))
LIGHT_M = Vector((-0.75, -1.05, 1.05))


def new_camera(prefix: str) -> bpy.types.Object:
    """A camera that frames head and shoulders."""
    data = bpy.data.cameras.new(f"{prefix} Camera")
    data.lens = 85.0
    data.clip_start = 0.01
    return _aimed(bpy.data.objects.new(data.name, data), CAMERA_M)


def new_key_light(prefix: str) -> bpy.types.Object:
    """A soft key light from the viewer's upper left."""
    data = bpy.data.lights.new(f"{prefix} Key", "AREA")
    data.energy = 26.0
    data.size = 0.7
    data.color = (1.0, 0.94, 0.87)
    return _aimed(bpy.data.objects.new(data.name, data), LIGHT_M)


def _aimed(obj: bpy.types.Object, place: Vector) -> bpy.types.Object:
    obj.location = place
    obj.rotation_euler = (FOCUS_M - place).to_track_quat("-Z", "Y").to_euler()
    return obj
