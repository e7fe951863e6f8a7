"""A take as the flags of the command line ask for it."""

from __future__ import annotations

import argparse
import contextlib
import functools
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ....emotalk_core.cli.options import read_channel, read_track
from ....emotalk_core.cli.streams import say, tell
from ....emotalk_core.cli.texts import language_of, text_of
from ....emotalk_core.cli.usual import tell_doubt, usual_progress
from ....emotalk_core.controls import Controls, ControlTrack
from ....emotalk_core.errors import InputError
from ....emotalk_core.progress import Progress, part_of
from ..asked import controls, phones, scripts, usual
from ..asked.prepared import LOOK_SHARE
from ..jobs.session import SESSION
from ..jobs.settings import EngineFlags, settings_for
from ..jobs.work import EngineSettings, Request, animate, usual_voice_in
from ..sounds.sound import Heard, from_file
from ..take import adopted, takes

__all__ = [
    "choose_script",
    "choose_sound",
    "engine_asked",
    "make_take",
    "obeyed",
    "object_called",
    "record",
    "usual_asked",
]


def choose_sound(arguments: argparse.Namespace, ours: Any) -> None:
    """Put the sound that the flags name into the panel's settings."""
    if arguments.strip is not None:
        ours.source, ours.strip = "STRIP", arguments.strip
    elif arguments.speaker is not None:
        ours.source, ours.speaker = "SPEAKER", object_called(arguments.speaker)
    else:
        start = bpy.context.scene.frame_start if arguments.start is None else arguments.start
        ours.source, ours.filepath, ours.start_frame = "FILE", str(arguments.sound.resolve()), start


def choose_script(arguments: argparse.Namespace) -> None:
    """Let the file that the flags name be the scene's script."""
    if arguments.script is not None:
        language = language_of(arguments.script, arguments.language)
        scripts.load(Path(arguments.script), language, bpy.context.scene)


def object_called(name: str) -> bpy.types.Object:
    """The scene's object of a name.

    Raises
    ------
    InputError
        There is none.
    """
    thing = bpy.context.scene.objects.get(name)
    if thing is None:
        have = ", ".join(sorted(other.name for other in bpy.context.scene.objects)[:8]) or "none"
        raise InputError("No such object", value=name, remedy=f"Objects in the scene: {have}.")
    return thing


def usual_asked(arguments: argparse.Namespace, settings: EngineSettings) -> tuple[float, ...]:
    """How the speaker sounds in the sound that `--usual` names, for `make_take`; empty without.

    Raises
    ------
    InputError
        It is none, or cannot be read.
    """
    if arguments.usual is None:
        return ()
    heard = from_file(str(Path(arguments.usual).resolve()), 0.0, bpy.context.scene)
    progress = usual_progress(arguments)
    found = usual_voice_in(heard, settings, SESSION.room, progress)
    return tell_doubt(found, arguments.usual).more


def make_take(
    arguments: argparse.Namespace,
    progress: Progress,
    *,
    more: tuple[float, ...] = (),
    of: str = "",
) -> dict[str, Any]:
    """Animate as the button does, with the sliders of the flags; plain values for the report. The
    take is the active one then. `more`: of `usual_asked`. `of` goes before each line that is told,
    where there are several.
    """
    scene, asked = bpy.context.scene, replace(read_track(arguments), usual=more)
    if asked.phones or asked.words:
        phones.ensure_obeyed()
    scene.emotalk.channel = read_channel(arguments) or 0
    adopted.adopt(scene).keep()
    chosen = takes.active_take(scene)
    was = _sliders_of(chosen.controls) if chosen else None
    uid = chosen.uid if chosen else ""
    prepared = takes.prepare(bpy.context, functools.partial(_set_sliders, arguments, asked.base))
    looking = LOOK_SHARE if prepared.sight is not None else 0.0
    prepared = takes.measured(prepared, part_of(progress, 0.0, looking))
    request = obeyed(asked, prepared.request, arguments)
    prepared = replace(prepared, request=request)
    outcome = animate(request, SESSION.room, part_of(progress, looking, 1.0))
    result = takes.finish(prepared, outcome)
    if was and not prepared.uid:  # the flags came to a new take by way of the chosen one's sliders
        group = takes.take_of(scene, uid).controls
        controls.apply(was[0], group)
        group.ease_s, group.look_at = was[1:]
    takes.make_active(prepared)
    record(takes.active_take(scene), asked, arguments, request.heard)
    if outcome.report.said:
        say(f"{of}{outcome.report.said}")
    notes = [*request.heard.notes, *result.notes]
    for note in (*outcome.report.warnings, *notes):
        tell(f"emotalk: {of}{note}")
    return outcome.report.to_dict() | {
        "n_keys": result.n_keys,
        "n_curves": result.n_curves,
        "actions": list(result.actions),
        "notes": notes,
    }


def _sliders_of(group: Any) -> tuple[Controls, float, Any]:
    return controls.read(group), group.ease_s, group.look_at


def _set_sliders(arguments: argparse.Namespace, base: Controls, group: Any) -> None:
    controls.apply(base, group)
    if arguments.ease is not None:
        group.ease_s = arguments.ease
    if arguments.look_at is not None:
        group.look_at = object_called(arguments.look_at)


def obeyed(asked: ControlTrack, request: Request, flags: argparse.Namespace) -> Request:
    """The same with what the flags ask for, in place of what the take has of its own. A text goes
    before a script and before a recogniser, an empty one too.
    """
    own = request.track
    track = replace(
        asked if asked.keys else own,
        look=own.look,
        usual=asked.usual or own.usual,
        words=asked.words or own.words,
        script=own.script,
        phones=phones.on_sound(asked.phones, request.heard) or own.phones,
    )
    if flags.text is None:
        return replace(request, track=track)
    return replace(request, track=replace(track, script=None), words_first=None)


def record(take: Any, asked: ControlTrack, arguments: argparse.Namespace, heard: Heard) -> None:
    """Let the take's sliders say what its keys show; those that were keyed by hand stay so."""
    if asked.keys:
        controls.key_track(take.controls, asked, heard.start_frame, heard.rate)
    if asked.phones:
        phones.put(take.controls, asked.phones)
    if asked.words:
        language = language_of(arguments.text, arguments.language)
        phones.put_text(take.controls, text_of(arguments.text), language, asked.words)
    if asked.usual:
        take.controls.usual = usual.written(asked.usual)
        take.controls.usual_from = Path(arguments.usual).name
    if asked.keys or asked.phones or asked.words or asked.usual:
        take.baked = controls.digest(take.controls)


@contextlib.contextmanager
def engine_asked(arguments: argparse.Namespace) -> Generator[EngineSettings]:
    """The engine that the flags and the preferences ask for, for as long as this lasts; so long a
    recogniser of words stays open, too.
    """
    SESSION.asked = settings_for(
        EngineFlags(
            model=arguments.model,
            engine=arguments.engine,
            device=arguments.device,
            python=arguments.python,
            cache=arguments.cache,
            use_cache=not arguments.no_cache,
        )
    )
    try:
        yield SESSION.asked
    finally:
        SESSION.asked = None
        SESSION.room.words.close()
