"""`blender -b FILE --command emotalk …`: what the command line does to a scene.

Exit codes: 0 done; 2 bad input or environment; 3 some of several failed; 130 cancelled.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import bpy

from ..emotalk_core.cli import CANCELLED_LINE, ended_like_ctrl_c
from ..emotalk_core.cli.options import (
    OneLineParser,
    add_control_flags,
    add_engine_place_flags,
    add_progress_flag,
    add_table_flags,
)
from ..emotalk_core.cli.streams import ready_streams, tell
from ..emotalk_core.cli.tables import TABLES
from ..emotalk_core.cli.texts import add_texts_flag
from ..emotalk_core.errors import Cancelled, EmoTalkError, InputError
from ..emotalk_core.keys.easing import EASE_S, LONGEST_S
from ..emotalk_core.rows import read_number

__all__ = ["main"]

_log = logging.getLogger(__name__)

_BAD, _CANCELLED = 2, 130
_FILMS: Final = ("mp4", "mkv", "png")
_LAST_FRAME: Final = 1_048_574  # of a scene, as Blender has it
_BLEND: Final = re.compile(r"\.blend\d*$", re.IGNORECASE)  # older copies are .blend1, .blend2


def main(argv: Sequence[str]) -> int:
    """Run one command on the open file; the exit code."""
    ready_streams()
    try:
        arguments = _parser().parse_args(list(argv))
    except SystemExit as stop:  # argparse has told why; Blender wants a number
        return int(stop.code or 0)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        _ensure_opened()
        with ended_like_ctrl_c():
            return run(arguments)
    except EmoTalkError as error:
        for reason in error.reasons[:-1]:
            _failed(reason)
        return _failed(error.reasons[-1])
    except OSError as error:
        return _failed(f"{error.strerror or error}: {error.filename}")
    except (Cancelled, KeyboardInterrupt):
        return _cancelled()
    except Exception as error:  # noqa: BLE001 - one of the doors
        from .bridge.command_line.shots import is_ctrl_c

        return _cancelled() if is_ctrl_c(error) else _unexpected(error)


def _ensure_opened() -> None:
    """Raise InputError if Blender was to open a file and could not: it goes on with its startup
    file, and a night's shots would have the demo character.
    """
    words = takewhile(lambda word: word not in ("-c", "--command"), sys.argv[1:])
    named = [word for word in words if _BLEND.search(word)]
    if named and not bpy.data.filepath:
        raise InputError(
            "Blender could not open the file",
            value=named[-1],
            remedy="Check its name, and whether this Blender can read it.",
        )


def _unexpected(error: Exception) -> int:
    _log.exception("This is a bug in EmoTalk, not in your file")
    return _failed(f"unexpected {type(error).__name__}: {error}")


def _cancelled() -> int:
    tell(CANCELLED_LINE)
    return _CANCELLED


def _failed(why: str) -> int:
    tell(f"emotalk: {why}")
    return _BAD


def _parser() -> argparse.ArgumentParser:
    from .bridge.command_line import cast_command, shots

    parser = OneLineParser(prog="blender -b FILE --command emotalk")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_animate(commands).set_defaults(run=shots.animate_command)
    _add_cast(commands).set_defaults(run=cast_command.cast_command)
    _add_batch(commands).set_defaults(run=shots.batch_command)
    return parser


def _add_animate(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("animate", help="animate a character of the open file and save it")
    sound = parser.add_mutually_exclusive_group(required=True)
    sound.add_argument("--strip", metavar="NAME", help="a sound strip of the sequencer")
    sound.add_argument("--speaker", metavar="OBJECT", help="a Speaker object")
    sound.add_argument("--sound", metavar="FILE", type=Path, help="a sound file")
    parser.add_argument(
        "--start", type=_frame, metavar="FRAME", help="of --sound (default: scene's)"
    )
    parser.add_argument("--target", required=True, metavar="OBJECT", help="who speaks")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="BLEND", help="(default: the open file itself)"
    )
    add_table_flags(parser)
    _add_shared(parser)
    return parser


def _add_cast(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        "cast", help="animate every strip of the open file that one of its cast speaks"
    )
    parser.add_argument(
        "--role", action="append", metavar="OBJECT=STRIPS",
        help="who speaks which strips, in place of the file's own cast: the beginning of their "
        "names or a pattern (Ada=ada*), the sequencer's channel (Ben=#2), or both; @1 at the end: "
        "the first channel of their sound alone. As often as there are roles",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, metavar="BLEND", help="(default: the open file itself)"
    )
    parser.add_argument(
        "--look-at", action="append", metavar="OBJECT=TARGET",
        help="what one of them looks at while it speaks, another's face for instance; as often as "
        "there are roles",
    )  # fmt: skip
    parser.add_argument(
        "--fill-pauses", action="store_true",
        help="let everybody blink and look around while they say nothing, over the frame range",
    )  # fmt: skip
    parser.add_argument("--report", type=Path, metavar="FILE", help="what was made, as json")
    add_texts_flag(parser)
    parser.set_defaults(sound=None, **dict.fromkeys((*TABLES, "text", "text_beside")))
    add_engine_place_flags(parser)
    add_progress_flag(parser)
    return parser


def _add_batch(commands: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser("batch", help="a folder of sounds to animated files and films")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="sound files")
    parser.add_argument(
        "--character", metavar="OBJECT", help="who speaks (default: the demo character, added)"
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="a folder")
    parser.add_argument("--render", action="store_true", help="make a film of each, with sound")
    parser.add_argument(
        "--format", choices=_FILMS, default="mp4", help="of the films; png: a folder of pictures"
    )
    parser.add_argument(
        "--resume", action="store_true", help="keep what an earlier run has finished"
    )
    add_texts_flag(parser)
    _add_shared(parser)
    parser.set_defaults(**dict.fromkeys((*TABLES, "text", "text_beside")))
    return parser


def _frame(text: str) -> int:
    try:
        frame = int(text)
    except ValueError:
        frame = _LAST_FRAME + 1
    if abs(frame) > _LAST_FRAME:
        raise argparse.ArgumentTypeError(f"no such frame: {text!r} (use up to {_LAST_FRAME})")
    return frame


def _seconds(text: str) -> float:
    try:
        seconds = read_number(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"no such ease: {text!r} (use 0 to {LONGEST_S:g} seconds)")
    return seconds


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="what was heard and made, as json"
    )
    parser.add_argument(
        "--ease", type=_seconds, metavar="SECONDS",
        help=f"in which the face settles after the voice, 0 none (default: {EASE_S:g}, or what the "
        "file's panel says)",
    )  # fmt: skip
    parser.add_argument(
        "--look-at", metavar="OBJECT",
        help="what the eyes rest on; of a face or an armature what is between its eyes",
    )  # fmt: skip
    add_control_flags(parser)
    add_engine_place_flags(parser)
    add_progress_flag(parser)
