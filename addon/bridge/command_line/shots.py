"""Shots made by the command line: a sound on a character, saved as a .blend file, and its film."""

from __future__ import annotations

import argparse
import contextlib
import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import bpy

from ....emotalk_core.atomic_file import ensure_writable, growing_folder, remove_leftovers
from ....emotalk_core.cli import is_ended, raise_if_ended
from ....emotalk_core.cli.jobs import find_sounds
from ....emotalk_core.cli.options import CONTROL_FLAGS, control_files, read_channel, read_track
from ....emotalk_core.cli.places import (
    ensure_places,
    ensure_report,
    ensure_still_there,
    refuse_overwriting,
    shared_places,
)
from ....emotalk_core.cli.progress import progress_for
from ....emotalk_core.cli.reports import (
    BatchReport,
    file_stamp,
    file_stamps,
    summed_up,
    telling_how_far,
    with_sound,
    write_report,
)
from ....emotalk_core.cli.streams import say, tell
from ....emotalk_core.cli.tables import tables_beside
from ....emotalk_core.cli.texts import find_texts, readers, said_or_heard
from ....emotalk_core.errors import Cancelled, EmoTalkError, InputError, unexpected
from .. import compat
from ..asked import phones
from ..jobs import settings
from ..jobs.session import SESSION
from ..keying import rigs
from ..take import takes
from . import films
from .by_flags import (
    choose_script,
    choose_sound,
    engine_asked,
    make_take,
    object_called,
    usual_asked,
)
from .saving import save

__all__ = ["animate_command", "batch_command", "check_output", "is_ctrl_c"]

_log = logging.getLogger(__name__)

_REPORT: Final = "batch_report.json"
_STALE_S: Final = 86_400.0  # a picture may take hours, and its film is that of a batch beside us

_MakeTake = Callable[[argparse.Namespace], dict[str, Any]]


@dataclass(frozen=True)
class _Shot:
    """A sound and what is made of it."""

    sound: Path
    blend: Path
    film: Path | None
    text: str | None = None  # a file beside the sound, with its words
    fault: EmoTalkError | None = None  # why nobody makes it

    @property
    def files(self) -> list[Path]:
        """What there is when it is done."""
        return [self.blend] if self.film is None else [self.blend, self.film]


def animate_command(arguments: argparse.Namespace) -> int:
    """`animate`: one strip, speaker or file onto one character of the open file."""
    _refuse_fps(arguments)
    output = arguments.output or Path(bpy.data.filepath or "")
    check_output(output, arguments)
    ours = bpy.context.scene.emotalk
    choose_sound(arguments, ours)
    choose_script(arguments)
    ours.rig.character = object_called(arguments.target)
    with engine_asked(arguments) as engine:
        more = usual_asked(arguments, engine)
        report = make_take(arguments, progress_for(arguments.progress), more=more)
    save(output)
    if arguments.report:
        write_report(arguments.report, report)
    say(f"{output}: {report['n_keys']} keys, {report['seconds']:.2f} s")
    return 0


def check_output(output: Path, arguments: argparse.Namespace) -> None:
    """Raise now if the animated file cannot be saved as `output`, or the report be written."""
    if not output.name:
        raise InputError("The file has no name yet", value="untitled", remedy="Give one with -o.")
    if output.suffix.lower() != ".blend":
        raise InputError("Not a .blend file", value=output, remedy="Name one with -o.")
    used = [*_used_files(), *filter(None, [arguments.sound]), *control_files(vars(arguments))]
    refuse_overwriting("The file", [output], used)
    if output.parent.is_dir():
        ensure_writable(output)
    if arguments.report is not None:
        refuse_overwriting("The report", [arguments.report], [*used, output, *_open_file()])
        ensure_report(arguments.report, output.parent)


def _open_file() -> list[Path]:
    return [Path(bpy.data.filepath)] if bpy.data.filepath else []


def _used_files() -> list[Path]:
    """What the open file has outside of itself: sounds, pictures, libraries."""
    return [Path(path) for path in bpy.utils.blend_paths(absolute=True)]


def batch_command(arguments: argparse.Namespace) -> int:
    """`batch`: each sound of a folder onto a fresh copy of the open file."""
    _refuse_fps(arguments)
    read_track(arguments)  # a flag that is wrong is told once, not by each shot
    read_channel(arguments)
    shots = _shots(arguments)
    texts = find_texts([shot.sound for shot in shots], arguments)
    shots = [replace(shot, text=texts.get(shot.sound)) for shot in shots]
    place: Path = arguments.report or arguments.output / _REPORT
    _refuse_own_input(arguments, shots, place)
    ensure_places(arguments.output, place)
    own = Path(tempfile.gettempdir(), "emotalk_base")
    made = [place, *(shot.blend for shot in shots)]
    remove_leftovers(made)
    slow = [own, *(shot.film for shot in shots if shot.film is not None)]
    remove_leftovers(slow, older_than_s=_STALE_S)
    names = [(shot.sound,) for shot in shots]
    report = BatchReport(place, ("audio",), names, resumes=arguments.resume)
    scene_file = [file_stamp(path) for path in _open_file()]
    with (
        engine_asked(arguments) as engine,
        growing_folder(own) as folder,
    ):
        key = SESSION.room.engine(engine).key  # no model, no such device: told once too
        more = usual_asked(arguments, engine)
        if arguments.texts or arguments.script is not None:
            phones.ensure_obeyed()
        base = _base_file(folder, arguments)
        if arguments.render:
            films.ensure_ready(bpy.context.scene)  # the demo character may have brought a camera
        with telling_how_far(report, len(shots)):
            for number, shot in enumerate(shots, 1):
                asked = _asked(arguments, shot) | {"file": scene_file, "engine": key}
                if report.finished((shot.sound,), asked, shot.files):
                    continue
                ensure_still_there(arguments.output)
                report.begin((shot.sound,))
                label = f"{number}/{len(shots)} {shot.sound.name}"
                progress = progress_for(arguments.progress, label=label)
                make = partial(make_take, progress=progress, more=more, of=f"{shot.sound}: ")
                entry = _make_shot(arguments, shot, base, make)
                ensure_still_there(arguments.output)
                report.add(entry | {"options": asked})
            report.write()
    remove_leftovers(made)  # of a run that was killed shortly before this one began
    return summed_up(report, len(shots))


def _refuse_own_input(arguments: argparse.Namespace, shots: Sequence[_Shot], report: Path) -> None:
    """No file or film in place of a sound, of what flags name or lies beside it, or of what the
    open file uses, nor of itself.
    """
    made = [path for shot in shots for path in shot.files]
    told = [file for shot in shots for file in _told_in(arguments, shot)]
    read = [*_open_file(), *_used_files(), *(shot.sound for shot in shots), *told]
    refuse_overwriting("A shot", made, read)
    refuse_overwriting("The report", [report], [*read, *made])


def _refuse_fps(arguments: argparse.Namespace) -> None:
    if arguments.fps != "30":
        raise InputError(
            "Keys follow the scene's frame rate",
            value=f"--fps {arguments.fps}",
            remedy="Leave it out.",
        )


def _shots(arguments: argparse.Namespace) -> list[_Shot]:
    """Each sound of the folder and of those in it, and where its results go."""
    folder, out = arguments.folder.resolve(), arguments.output.resolve()
    if not folder.is_dir():
        raise InputError(
            "No such folder", value=arguments.folder, remedy="Give a folder of sound files."
        )
    # Films of an earlier run are none of the sounds, where OUT lies among them.
    sounds = find_sounds(folder, apart=out if folder in out.parents else None)
    if not sounds:
        raise InputError("No sounds in the folder", value=folder, remedy="Put sound files into it.")
    shots = [_shot(sound, out / sound.relative_to(folder), arguments) for sound in sounds]
    shared = shared_places(sounds, [shot.blend for shot in shots])
    return [replace(shot, fault=shared.get(i)) for i, shot in enumerate(shots)]


def _shot(sound: Path, place: Path, arguments: argparse.Namespace) -> _Shot:
    film = films.place(place.with_suffix(""), arguments.format) if arguments.render else None
    return _Shot(sound, place.with_suffix(".blend"), film)


def _base_file(folder: Path, arguments: argparse.Namespace) -> Path:
    """The open file with the character and the script in it, as it is before every shot."""
    choose_script(arguments)
    if arguments.character is None:
        bpy.ops.emotalk.add_demo_character()
    else:
        group, character = bpy.context.scene.emotalk.rig, object_called(arguments.character)
        rigs.rig_of(group, character)  # one who cannot speak is told once
        group.character = character
    if arguments.look_at is not None:
        object_called(arguments.look_at)  # told once, not by each shot
    base = folder / "base.blend"
    save(base)
    return base


def _make_shot(
    arguments: argparse.Namespace, shot: _Shot, base: Path, make: _MakeTake
) -> dict[str, Any]:
    """One sound: animate, save, film; an entry of the report, with the error if there was one."""
    entry: dict[str, Any] = {"audio": str(shot.sound), "files": [], "report": None, "error": None}
    try:
        _make_files(arguments, shot, base, make, entry)
    except (EmoTalkError, OSError) as error:
        entry["error"] = str(error)
    except Exception as error:  # one of the doors: the other shots have their turn
        if isinstance(error, Cancelled) or is_ctrl_c(error):
            raise
        _log.exception("This is a bug in EmoTalk, not in your file")
        entry["error"] = str(unexpected(error))
    if entry["error"]:
        tell(f"emotalk: {with_sound(shot.sound, entry['error'])}")
    else:
        say(f"{entry['files'][-1]}: {entry['report']['seconds']:.2f} s")
    return entry


def is_ctrl_c(error: Exception) -> bool:
    """Whether it was Ctrl-C, or the like, in an operator, of which Blender makes an error of its
    own; without its name where it was in `poll`.
    """
    return is_ended() or "KeyboardInterrupt" in str(error)


def _make_files(
    arguments: argparse.Namespace,
    shot: _Shot,
    base: Path,
    make: _MakeTake,
    entry: dict[str, Any],
) -> None:
    """Fill in what was heard, and the files as they are made."""
    if shot.fault is not None:
        raise shot.fault
    if not shot.sound.is_file():
        raise InputError("No such sound file", value=shot.sound, remedy="Mend the link.")
    _ensure_utf8(shot.sound)
    bpy.ops.wm.open_mainfile(filepath=str(base))
    raise_if_ended()  # while handlers looked at the file
    _put_sound(shot.sound)
    own = argparse.Namespace(**(vars(arguments) | _beside(shot)))
    report, left = said_or_heard(make, own)
    if left:
        report["warnings"].append(left)
        tell(f"emotalk: {shot.sound}: {left}")
    entry["report"] = report
    scene = bpy.context.scene
    last_frame = takes.active_take(scene).last_frame
    scene.frame_end = max(scene.frame_start, round(last_frame))
    ensure_still_there(arguments.output)
    raise_if_ended()
    save(shot.blend)
    entry["files"].append(str(shot.blend))
    if shot.film is not None:
        films.render(scene, shot.film, arguments.format)
        entry["files"].append(str(shot.film))


def _beside(shot: _Shot) -> dict[str, str | None]:
    """What is a shot's own of the flags."""
    return tables_beside(shot.sound) | {"text_beside": shot.text}


def _ensure_utf8(sound: Path) -> None:
    try:
        str(sound).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "Blender takes names in UTF-8 alone", value=sound, remedy="Rename the file."
        ) from error


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
    compat.show_strips_of(scene)
    ours.source, ours.strip = "STRIP", strip.name


def _asked(arguments: argparse.Namespace, shot: _Shot) -> dict[str, Any]:
    """What an entry depends on: the same again need not be made again."""
    names = ("character", "render", "format", "ease", "look_at", *CONTROL_FLAGS)
    asked = {name: getattr(arguments, name) for name in names}
    used = file_stamps(_told_in(arguments, shot))
    read_by = readers(vars(arguments) | _beside(shot))
    own = {"sound": file_stamp(shot.sound), "files": used, "readers": read_by}
    return asked | own | {"recogniser": _recogniser()}


def _recogniser() -> str:
    """What hears words first, where the open file asks for that; empty: nobody does."""
    if bpy.context.scene.emotalk.hear_words:
        with contextlib.suppress(EmoTalkError):  # told by each shot
            return str(settings.recogniser())
    return ""


def _told_in(arguments: argparse.Namespace, shot: _Shot) -> list[Path]:
    """The files that say what is felt and spoken in a shot."""
    return control_files(vars(arguments) | _beside(shot))
