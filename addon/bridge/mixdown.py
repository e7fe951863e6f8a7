"""Sound of one strip as Blender itself plays it, for what no property tells: speed changes by
retiming keys.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy

from ...emotalk_core.errors import InputError
from . import compat

__all__ = ["render"]


def render(strip: Any, scene: bpy.types.Scene, first: int, last: int) -> Path:
    """A wav of frames `first`..`last` of `strip` alone, in Blender's temporary folder.

    Works on a copy of the scene without its objects, so that the user's scene is never touched.

    Raises
    ------
    InputError
        This Blender cannot mix sound.
    """
    if not compat.has_sound_library():
        raise InputError(
            "This Blender cannot play speed changes",
            value=strip.name,
            remedy="Render the strip to a sound file first.",
        )
    folder = Path(tempfile.mkdtemp(prefix="emotalk_", dir=bpy.app.tempdir))
    copy = scene.copy()
    try:
        _keep_only(copy, strip.name)
        copy.frame_start, copy.frame_end = first, last - 1
        return _mix(copy, folder / "strip.wav")
    finally:
        bpy.data.scenes.remove(copy)


def _keep_only(scene: bpy.types.Scene, name: str) -> None:
    for thing in [*scene.collection.objects]:
        scene.collection.objects.unlink(thing)
    for collection in [*scene.collection.children]:
        scene.collection.children.unlink(collection)
    for strip in compat.strips_all(scene):
        strip.mute = strip.name != name and strip.type != "META"


def _mix(scene: bpy.types.Scene, path: Path) -> Path:
    with bpy.context.temp_override(scene=scene):
        bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="S16")
    return path
