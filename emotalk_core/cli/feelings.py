"""`emotalk feelings`: the phrases of a sound as a table, to be filled in with what is felt in
each.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import Any

from ..atomic_file import atomic_file, ensure_writable
from ..audio import open_sound
from ..controls import ControlTrack
from ..engine import Encoding, said_in
from ..errors import InputError
from ..pipeline import encode
from ..progress import part_of
from ..speech.phrases import Phrase, find_phrases, most_heard
from ..usual_voice import heard_beside
from .felt_table import COLUMNS, is_filled_in
from .options import (
    add_channel_flag,
    add_engine_flags,
    add_progress_flag,
    control_files,
    read_cache,
    read_channel,
    read_engine,
)
from .places import refuse_overwriting
from .progress import progress_for
from .streams import say
from .usual import UsualVoices, add_usual_flag, usual_progress

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk feelings AUDIO -o OUT.csv`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "feelings",
        help="the phrases of a sound, as a table to fill in for animate --feelings",
        description="A row for each phrase: when it is said, what is heard most in it, and empty "
        "columns for the eight emotions, mix and intensity. Rows that stay empty are the voice's, "
        "or what the flags say; times may be changed, rows removed and added.",
    )
    parser.add_argument("audio", type=Path, metavar="AUDIO", help="a sound or film file")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="a csv")
    add_channel_flag(parser)
    add_usual_flag(parser)
    add_engine_flags(parser)
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    refuse_overwriting("The table", [output], [arguments.audio, *control_files(vars(arguments))])
    if is_filled_in(output):
        raise InputError(
            "This table has been filled in", value=output, remedy="Choose another name, or move it."
        )
    channel, engine, cache = read_channel(arguments), read_engine(arguments), read_cache(arguments)
    ensure_writable(output)
    usual = UsualVoices(engine, cache)
    track = usual.told(ControlTrack(), arguments.usual, usual_progress(arguments))
    progress = progress_for(arguments.progress)
    sound = open_sound(arguments.audio, channel=channel, progress=part_of(progress, 0.0, 0.1))
    heard = part_of(progress, 0.1, 1.0)
    encoding = encode(sound, engine, cache=cache, progress=heard)
    encoding = heard_beside(encoding, track.usual, engine.config)
    said = said_in(encoding, engine.config)
    phrases = find_phrases(encoding.level, said.silence if said else None)
    with atomic_file(output) as file:
        file.write(_table(encoding, phrases).encode())
    n = len(phrases)
    say(f"{output}: {'1 phrase' if n == 1 else f'{n} phrases'}")
    return 0


def _table(encoding: Encoding, phrases: tuple[Phrase, ...]) -> str:
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    for phrase in phrases:
        times = {"start_s": f"{phrase.start_s:.3f}", "end_s": f"{phrase.end_s:.3f}"}
        rows.writerow(times | {"heard": most_heard(encoding.heard, phrase)})
    return text.getvalue()
