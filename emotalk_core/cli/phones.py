"""`emotalk phones`: what is heard, phone by phone, to be looked at and mended."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..atomic_file import ensure_writable
from ..audio import open_sound
from ..pipeline import hear_shares
from ..progress import part_of
from ..speech.passage import followed
from ..speech.phone_files import SUFFIXES, ensure_phone_file, write_phones
from ..speech.phones import ensure_names_phones, phones_of
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
from .streams import say, tell
from .texts import add_text_flags, read_script, read_words

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk phones AUDIO -o OUT`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "phones",
        help="what is heard, phone by phone, to be mended for animate --phones",
        description="The phones that the model hears, in IPA, without gaps. Rows that are removed "
        "are heard again; times and symbols may be changed.",
    )
    parser.add_argument("audio", type=Path, metavar="AUDIO", help="a sound or film file")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUT",
        help=f"{', '.join(SUFFIXES)} (Praat, spreadsheets, Audacity)",
    )  # fmt: skip
    add_channel_flag(parser)
    add_text_flags(parser)
    add_engine_flags(parser)
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    ensure_phone_file(output)
    refuse_overwriting("The phones", [output], [arguments.audio, *control_files(vars(arguments))])
    words, script = read_words(arguments), read_script(arguments)
    channel, engine = read_channel(arguments), read_engine(arguments)
    ensure_names_phones(engine.config)
    ensure_writable(output)
    progress = progress_for(arguments.progress)
    sound = open_sound(arguments.audio, channel=channel, progress=part_of(progress, 0.0, 0.1))
    heard = part_of(progress, 0.1, 0.7)
    shares = hear_shares(sound, engine, cache=read_cache(arguments), progress=heard)
    text = followed(shares, words, script, part_of(progress, 0.7, 0.9))
    shares = shares if text.told is None else text.told.shares
    phones = phones_of(shares, part_of(progress, 0.9, 1.0))
    write_phones(phones, output)
    progress(1.0, "Done")
    said = f"; {text.said}" if text.said else ""
    say(f"{output}: {len(phones)} phones and pauses{said}")
    for warning in text.warnings:
        tell(f"emotalk: {arguments.audio}: {warning}")
    return 0
