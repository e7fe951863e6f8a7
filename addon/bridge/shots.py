"""Shots made by the command line: a sound on a character, saved as a .blend file, and its film."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import bpy

from ...emotalk_core.cli.options import CONTROL_FLAGS, read_track
from ...emotalk_core.cli.progress import progress_for
from ...emotalk_core.cli.reports import BatchReport, write_report
from ...emotalk_core.decoders import AUDIBLE_SUFFIXES
from ...emotalk_core.errors import EmoTalkError, InputError, SetupError
from ...emotalk_core.progress import Progress
from . import compat, controls, films, takes
from .session import SESSION
from .settings import EngineFlags, settings_for
from .work import EngineSettings, animate

__all__ = ["animate_command", "batch_command"]

_REPORT: Final = "batch_report.json"


def animate_command(arguments: argparse.Namespace) -> int:
    """`animate`: one strip, speaker or file onto one character of the open file."""
    _refuse_fps(arguments)
    output = arguments.output or Path(bpy.data.filepath or "")
    if not output.name:
        raise InputError("The file has no name yet", value="untitled", remedy="Give one with -o.")
    ours = bpy.context.scene.emotalk
    _choose_sound(arguments, ours)
    ours.rig.character = _object(arguments.target)
    with _engine(arguments):
        report = _make_take(arguments, progress_for(arguments.progress))
    _save(output)
    if arguments.report:
        write_report(arguments.report, report)
    _say(f"{output}: {report['n_keys']} keys, {report['seconds']:.2f} s")
    return 0


def batch_command(arguments: argparse.Namespace) -> int:
    """`batch`: each sound of a folder onto a fresh copy of the open file."""
    _refuse_fps(arguments)
    sounds = _sounds(arguments.folder)
    out: Path = arguments.output
    out.mkdir(parents=True, exist_ok=True)
    report = BatchReport(
        arguments.report or out / _REPORT, "audio", [*map(str, sounds)], resumes=arguments.resume
    )
    scene_file = _stamp(Path(bpy.data.filepath)) if bpy.data.filepath else None
    with _engine(arguments) as engine, tempfile.TemporaryDirectory(prefix="emotalk_") as folder:
        base = _base_file(Path(folder), arguments)
        for number, sound in enumerate(sounds, 1):
            asked = _asked(arguments, sound) | {"file": scene_file, "model": str(engine.model)}
            earlier = report.finished(str(sound), asked)
            if earlier and all(Path(path).exists() for path in earlier["files"]):
                continue
            progress = progress_for(
                arguments.progress, label=f"{number}/{len(sounds)} {sound.name}"
            )
            report.add(_shot(arguments, sound, base, progress) | {"options": asked})
    report.write()
    failed = [entry for entry in report.entries if entry["error"]]
    _say(f"{len(sounds) - len(failed)} of {len(sounds)} done; report: {report.path}")
    return 3 if failed else 0


def _refuse_fps(arguments: argparse.Namespace) -> None:
    if arguments.fps != "30":
        raise InputError(
            "Keys follow the scene's frame rate",
            value=f"--fps {arguments.fps}",
            remedy="Leave it out.",
        )


def _choose_sound(arguments: argparse.Namespace, ours: Any) -> None:
    if arguments.strip is not None:
        ours.source, ours.strip = "STRIP", arguments.strip
    elif arguments.speaker is not None:
        ours.source, ours.speaker = "SPEAKER", _object(arguments.speaker)
    else:
        start = bpy.context.scene.frame_start if arguments.start is None else arguments.start
        ours.source, ours.filepath, ours.start_frame = "FILE", str(arguments.sound.resolve()), start


def _object(name: str) -> bpy.types.Object:
    thing = bpy.context.scene.objects.get(name)
    if thing is None:
        have = ", ".join(sorted(other.name for other in bpy.context.scene.objects)[:8]) or "none"
        raise InputError("No such object", value=name, remedy=f"Objects in the scene: {have}.")
    return thing


def _make_take(arguments: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Animate as the button does; plain values for the report."""
    scene = bpy.context.scene
    controls.apply(read_track(arguments).base, takes.shown_controls(scene))
    prepared = takes.prepare(bpy.context)
    request = prepared.request
    outcome = animate(request, SESSION.room, progress)
    result = takes.finish(prepared, outcome)
    notes = [*request.heard.notes, *result.notes]
    for note in (*outcome.report.warnings, *notes):
        sys.stderr.write(f"emotalk: {note}\n")
    return outcome.report.to_dict() | {
        "n_keys": result.n_keys,
        "n_curves": result.n_curves,
        "actions": list(result.actions),
        "notes": notes,
    }


@contextlib.contextmanager
def _engine(arguments: argparse.Namespace) -> Generator[EngineSettings]:
    """The engine that the flags and the preferences ask for, for as long as this lasts."""
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


def _sounds(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError("No such folder", value=folder, remedy="Give a folder of sound files.")
    found = sorted(
        path.resolve() for path in folder.iterdir() if path.suffix.lower() in AUDIBLE_SUFFIXES
    )
    if not found:
        raise InputError("No sounds in the folder", value=folder, remedy="Put sound files into it.")
    stems = [path.stem for path in found]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise InputError(
            "Two sounds would make one file", value=twice, remedy="Rename one of them."
        )
    return found


def _base_file(folder: Path, arguments: argparse.Namespace) -> Path:
    """The open file with the character in it, as it is before every shot."""
    if arguments.character is None:
        bpy.ops.emotalk.add_demo_character()
    else:
        bpy.context.scene.emotalk.rig.character = _object(arguments.character)
    base = folder / "base.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(base), copy=True)
    return base


def _shot(
    arguments: argparse.Namespace, sound: Path, base: Path, progress: Progress
) -> dict[str, Any]:
    """One sound: animate, save, film; an entry of the report, with the error if there was one."""
    entry: dict[str, Any] = {"audio": str(sound), "files": [], "report": None, "error": None}
    try:
        bpy.ops.wm.open_mainfile(filepath=str(base))
        _put_sound(sound)
        entry["report"] = _make_take(arguments, progress)
        scene = bpy.context.scene
        scene.frame_end = max(scene.frame_start, round(scene.emotalk.takes[-1].last_frame))
        output = arguments.output.resolve() / f"{sound.stem}.blend"
        _save(output)
        entry["files"].append(str(output))
        if arguments.render:
            film = films.render(scene, output.with_suffix(""), arguments.format)
            entry["files"].append(str(film))
        _say(f"{entry['files'][-1]}: {entry['report']['seconds']:.2f} s")
    except (EmoTalkError, OSError) as error:
        entry["error"] = str(error)
        sys.stderr.write(f"emotalk: {sound.name}: {error}\n")
    return entry


def _put_sound(sound: Path) -> None:
    """The sound as a strip where this Blender has sound, else as a file."""
    scene = bpy.context.scene
    ours = scene.emotalk
    if not compat.has_sound_library():
        ours.source, ours.filepath, ours.start_frame = "FILE", str(sound), scene.frame_start
        return
    strips = compat.top_strips(scene)
    channel = 1 + max((strip.channel for strip in strips), default=0)
    strip = strips.new_sound(sound.stem, str(sound), channel, scene.frame_start)
    ours.source, ours.strip = "STRIP", strip.name


def _save(path: Path) -> None:
    """Save a copy; the file appears when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(part), copy=True)
        # 5.2 says that all went well when the disk was full: the end of the file tells.
        compat.names_in(part)
    except (RuntimeError, OSError) as error:
        part.unlink(missing_ok=True)
        # Blender's own words may be those of an earlier error: on a full disk "No such file".
        why = str(error).strip().removeprefix("Error: ")
        raise SetupError(
            f"The file cannot be saved ({why})",
            value=path,
            remedy="Free disk space, or choose a folder that can be written to.",
        ) from error
    part.replace(path)


def _asked(arguments: argparse.Namespace, sound: Path) -> dict[str, Any]:
    """What an entry depends on: the same again need not be made again."""
    names = ("character", "render", "format", *CONTROL_FLAGS)
    asked = {name: getattr(arguments, name) for name in names}
    return asked | {"sound": _stamp(sound)}


def _stamp(path: Path) -> list[int]:
    """Another one when the file changes."""
    info = path.stat()
    return [info.st_size, info.st_mtime_ns]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
