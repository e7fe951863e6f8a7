"""`cast` of the command line: a whole dialogue onto its characters, and the file saved."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import bpy

from ....emotalk_core.cli.places import refuse_overwriting
from ....emotalk_core.cli.progress import progress_for
from ....emotalk_core.cli.reports import write_report
from ....emotalk_core.cli.streams import say, tell
from ....emotalk_core.errors import EmoTalkError, InputError
from ....emotalk_core.progress import Progress
from ..asked import cast
from ..asked.prepared import Prepared
from ..counting import counted
from ..jobs.session import SESSION
from ..jobs.work import Outcome, animate
from ..take import adopted
from ..take.several import Made, Several, asked_of_cast, asked_of_pauses, settle_pauses
from . import by_flags, saving, shots
from .beside import Beside

__all__ = ["cast_command"]

_ROLE: Final = re.compile(r"(?P<who>[^=]+)=(?P<strips>[^@#]*)(#(?P<on>\d+))?(@(?P<channel>\d+))?")


def cast_command(arguments: argparse.Namespace) -> int:
    """`cast`: every strip of the open file that somebody speaks."""
    scene = bpy.context.scene
    output = arguments.output or Path(bpy.data.filepath or "")
    shots.check_output(output, arguments)
    if arguments.role:
        _set_cast(scene.emotalk, arguments.role)
    for text in arguments.look_at or ():
        _set_look(scene.emotalk, text)
    by_flags.choose_script(arguments)
    adopted.adopt(scene).keep()
    with by_flags.engine_asked(arguments):
        several = Several(asked_of_cast(bpy.context))
        told = Beside(several.prepared, arguments)
        if arguments.report is not None:
            refuse_overwriting("The report", [arguments.report], told.files)
        _write(several, arguments, told.work)
        for made in several.made:
            told.record(made)
            if made.outcome.report.said:
                say(f"{made.label}: {made.outcome.report.said}")
        failed = [str(error) for error in several.failed]
        if arguments.fill_pauses:
            failed += _fill_pauses(scene, arguments)
    saving.save(output)
    if arguments.report:
        made = [_entry(made) for made in several.made]
        write_report(arguments.report, {"takes": made, "left_out": failed})
    n_takes = counted(len(several.made), "take")
    say(f"{output}: {n_takes}, {counted(several.n_keys, 'key')}")
    return 3 if failed else 0


def _fill_pauses(scene: bpy.types.Scene, arguments: argparse.Namespace) -> list[str]:
    """Why some pauses could not be filled. The lines are saved whatever becomes of them."""
    try:
        asked, gone = asked_of_pauses(scene)
    except InputError as error:  # nobody pauses
        tell(f"emotalk: {error}")
        return []
    failed: list[str] = []
    try:
        if asked:
            several = Several(asked)
            _write(several, arguments, _animated)
            failed = [str(error) for error in several.failed]
    except EmoTalkError as error:
        tell(f"emotalk: {error}")
        failed = [str(error)]
    settle_pauses(scene, gone, "")
    return failed


def _write(
    several: Several,
    arguments: argparse.Namespace,
    each: Callable[[Prepared], Callable[[Progress], Outcome]],
) -> None:
    """Put the keys of what `each` makes in place, and tell the notes."""
    progress = progress_for(arguments.progress)
    several.look_on(progress, float("inf"))
    several.write(several.work(each)(progress))
    several.check_made()
    for line in several.told:
        tell(f"emotalk: {line}")


def _animated(prepared: Prepared) -> Callable[[Progress], Outcome]:
    return partial(animate, prepared.request, SESSION.room)


def _set_cast(ours: Any, roles: Sequence[str]) -> None:
    """The cast of the flags in place of the file's."""
    read = [_role(text) for text in roles]
    ours.cast.clear()
    for found, character in read:
        role = cast.add_role(bpy.context, character)
        role.strips, role.strip_channel = found["strips"].strip(), int(found["on"] or 0)
        role.channel = int(found["channel"] or 0)


def _set_look(ours: Any, text: str) -> None:
    """Let one of the cast look at what `OBJECT=TARGET` says."""
    who, equals, target = (part.strip() for part in text.partition("="))
    roles = [role for role in ours.cast if role.rig.character and role.rig.character.name == who]
    if not equals or not roles:
        cast = ", ".join(role.rig.character.name for role in ours.cast if role.rig.character)
        raise InputError(
            "Nobody of the cast to look at something",
            value=text,
            remedy=f"Write OBJECT=TARGET with one of the cast: {cast or 'nobody'}.",
        )
    for role in roles:
        role.look_at = by_flags.object_called(target)


def _role(text: str) -> tuple[re.Match[str], bpy.types.Object]:
    found = _ROLE.fullmatch(text)
    if found is None:
        raise InputError(
            "No such role",
            value=text,
            remedy="Write OBJECT=NAMES, OBJECT=#CHANNEL of the sequencer, or both: Ada=ada*#2.",
        )
    return found, by_flags.object_called(found["who"].strip())


def _entry(made: Made) -> dict[str, Any]:
    """A take in the report."""
    return made.outcome.report.to_dict() | {
        "strip": made.label,
        "character": made.prepared.character,
        "n_keys": made.result.n_keys,
        "n_curves": made.result.n_curves,
        "actions": list(made.result.actions),
        "notes": list(made.notes),
    }
