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

__all__ = ["forget", "render"]

_known: dict[tuple[object, ...], Path] = {}
"""What was mixed since the last `forget`: sliders ask again and again, and mixing is slow."""


def forget() -> None:
    """Mix anew when asked next: retiming keys do not tell all that they do."""
    _known.clear()


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
    wanted = _fingerprint(strip, scene, first, last)
    if wanted not in _known or not _known[wanted].is_file():
        _known[wanted] = _rendered(strip, scene, first, last)
    return _known[wanted]


def _fingerprint(strip: Any, scene: bpy.types.Scene, first: int, last: int) -> tuple[object, ...]:
    keys = tuple(key.timeline_frame for key in strip.retiming_keys)
    return scene.name, strip.name, strip.sound.filepath, first, last, compat.scene_rate(scene), keys


def _rendered(strip: Any, scene: bpy.types.Scene, first: int, last: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="emotalk_", dir=bpy.app.tempdir))
    copy = scene.copy()
    try:
        _keep_only(copy, strip.name)
        later = max(0, -first)  # a scene's range starts at 0 at the earliest
        for item in compat.top_strips(copy) if later else ():
            compat.move_strip(item, later)
        copy.frame_start, copy.frame_end = first + later, last + later - 1
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
