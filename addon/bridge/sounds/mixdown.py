"""Sound of one strip as Blender itself plays it, for what no property tells: speed changes by
retiming keys.

Mixing takes Blender's main thread about a fiftieth of the sound's length, so a second Blender does
it: it gets a scene with that strip alone, in a file that is written in 10 ms.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import bpy

from ....emotalk_core.errors import InputError
from .. import compat
from .mix_child import mix

__all__ = ["forget", "render"]

_known: dict[tuple[object, ...], Path] = {}
"""What was made since the last `forget`: sliders ask again and again, and mixing is slow."""


def forget() -> None:
    """Mix anew when asked next: retiming keys do not tell all that they do."""
    for path in _known.values():
        shutil.rmtree(path.parent, ignore_errors=True)  # Windows keeps what is being read
    _known.clear()


def render(strip: Any, scene: bpy.types.Scene, first: int, last: int) -> Path:
    """Frames `first`..`last` of `strip` alone, in Blender's temporary folder: a .blend file that
    `decode.to_source` has mixed by a second Blender, or a wav where Blender has no program.

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
        if compat.program():
            path = folder / "strip.blend"
            bpy.data.libraries.write(str(path), {copy}, path_remap="ABSOLUTE")
            return path
        path = folder / "strip.wav"
        mix(copy, strip.sound, path)
        return path
    finally:
        bpy.data.scenes.remove(copy)


def _keep_only(scene: bpy.types.Scene, name: str) -> None:
    """Leave `scene` one strip and the metas around it, and nothing that points elsewhere."""
    for thing in [*scene.collection.objects]:
        scene.collection.objects.unlink(thing)
    for collection in [*scene.collection.children]:
        scene.collection.children.unlink(collection)
    compat.cut_ties(scene)
    _remove_others(compat.top_strips(scene), name)
    _make_audible(scene)


def _make_audible(scene: bpy.types.Scene) -> None:
    """What is silenced in the edit speaks all the same, as without speed changes."""
    scene.animation_data_clear()
    scene.audio_volume = 1.0
    for holder in (scene.sequence_editor, *compat.strips_all(scene)):
        for channel in getattr(holder, "channels", ()):
            channel.mute = False


def _remove_others(strips: Any, name: str) -> bool:
    """Whether the strip `name` is among `strips` or in metas of them; the rest is removed."""
    found = False
    for strip in [*strips]:
        inside = strip.type == "META" and _remove_others(compat.children(strip), name)
        if inside or (strip.name == name and strip.type == "SOUND"):
            strip.mute, found = False, True
            strip.volume = 1.0
        elif strip.name in strips:  # an effect goes with its input
            strips.remove(strip)
    return found
