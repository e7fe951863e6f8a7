"""What is to be heard: the panel's choice of a strip, a Speaker or a file, and a take's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ....emotalk_core.errors import InputError
from .. import compat
from . import mixdown, scene_strips, sound, strips

__all__ = ["is_clip_of", "is_same_file", "of_clip", "of_panel", "of_strip", "of_take"]


def of_panel(ours: Any, context: bpy.types.Context) -> tuple[sound.Heard, Any | None]:
    """What the panel's source plays, and its strip if it is one.

    Raises
    ------
    InputError
        Nothing is chosen, or it cannot be heard.
    """
    heard, strip = _of_panel(ours, context)
    return _completed(heard, ours.channel, context.scene), strip


def of_strip(strip: Any, channel: int, scene: bpy.types.Scene) -> sound.Heard:
    """What a strip plays, for `scene`; of one channel of its sound, 0 is all of them.

    Raises
    ------
    InputError
        It cannot be heard.
    """
    return _completed(_played(strip, scene), channel, scene)


def of_take(take: Any, scene: bpy.types.Scene) -> tuple[sound.Heard, Any | None]:
    """What the take's source plays, and its strip if it is one.

    Raises
    ------
    InputError
        It is gone, or cannot be heard.
    """
    if take.source == "CLIP":
        return of_clip(take.filepath, take.start_frame, scene), None
    if take.source == "PAUSE":
        return sound.pause(take.start_frame, take.pause_end, scene), None
    heard, strip = _of_take(take, scene)
    return _completed(heard, take.channel, scene), strip


def of_clip(path: str, start_frame: float, scene: bpy.types.Scene) -> sound.Heard:
    """A file of curves, as if it were heard.

    Raises
    ------
    InputError
        It is not there.
    """
    file = Path(bpy.path.abspath(path))
    if not file.is_file():
        raise InputError("No such file of curves", value=file, remedy="Import another one.")
    rate = compat.scene_rate(scene)
    return sound.Heard(file, 0.0, None, start_frame, rate, f"clip {file.name}")


def is_same_file(one: Any, other: Any) -> bool:
    """Whether both play the same sound file from the same frame on, however its path is written."""
    files = {Path(bpy.path.abspath(source.filepath)).resolve() for source in (one, other)}
    return len(files) == 1 and one.start_frame == other.start_frame


def is_clip_of(take: Any, heard: sound.Heard) -> bool:
    """Whether a take plays this file of curves from the same frame on."""
    path = Path(bpy.path.abspath(take.filepath))
    return path.resolve() == heard.path.resolve() and take.start_frame == heard.start_frame


def _of_panel(ours: Any, context: bpy.types.Context) -> tuple[sound.Heard, Any | None]:
    if ours.source == "SPEAKER":
        if ours.speaker is None:
            raise InputError("No speaker chosen", value="", remedy="Pick a Speaker object.")
        return sound.from_speaker(ours.speaker, context.scene), None
    if ours.source == "FILE":
        return sound.from_file(ours.filepath, ours.start_frame, context.scene), None
    places = compat.sequencer_scene(context), context.scene
    strip = strips.find(ours.strip, *places) if ours.strip else strips.chosen(context)
    if strip is None:
        raise InputError(
            "No sound strip selected", value="Sequencer", remedy="Select one, or pick a file."
        )
    mixdown.forget()
    strip = strips.here(strip, context.scene)
    return _played(strip, context.scene), strip


def _of_take(take: Any, scene: bpy.types.Scene) -> tuple[sound.Heard, Any | None]:
    if take.source == "SPEAKER":
        if take.speaker is None:
            raise InputError("The take's speaker is gone", value=take.name, remedy="Animate again.")
        return sound.from_speaker(take.speaker, scene), None
    if take.source == "FILE":
        return sound.from_file(take.filepath, take.start_frame, scene), None
    strip = strips.of_take(take, scene)
    return _played(strip, scene), strip


def _played(strip: Any, scene: bpy.types.Scene) -> sound.Heard:
    heard = sound.from_strip(strip, strip.id_data)
    shown = scene_strips.showing(strip, scene)
    if shown is None:
        return sound.in_scene(heard, scene)
    heard = replace(heard, notes=(*heard.notes, *scene_strips.notes_on(shown)))
    return sound.in_scene(heard, scene, scene_strips.frames_later(shown))


def _completed(heard: sound.Heard, channel: int, scene: bpy.types.Scene) -> sound.Heard:
    """Of the channel that is asked for, with what the scene does to it."""
    return _with_stretching(replace(heard, channel=channel or None), scene)


def _with_stretching(heard: sound.Heard, scene: bpy.types.Scene) -> sound.Heard:
    """With a note where the scene stretches time: Blender does that to keys and not to sound."""
    old, new = scene.render.frame_map_old, scene.render.frame_map_new
    if old == new:
        return heard
    note = (
        f"Time Stretching plays keys {new / old:.3g} times as long as their sound: set Old ({old}) "
        f"and New ({new}) to the same (Output properties, Frame Range)"
    )
    return replace(heard, notes=(*heard.notes, note))
