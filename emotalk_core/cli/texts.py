"""The text that is spoken in a sound, as flags tell it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..rows import read_text
from ..transcript import Words, pronounced

__all__ = ["add_text_flags", "is_text_file", "read_words", "text_of"]


def add_text_flags(parser: argparse.ArgumentParser) -> None:
    """What is read."""
    parser.add_argument(
        "--text", metavar="TEXT|FILE.txt",
        help="what is said, word for word: the lips are heard in the light of it (needs espeak-ng; "
        "up to three minutes)",
    )  # fmt: skip
    parser.add_argument(
        "--language", default="en-us", metavar="NAME",
        help="of --text, as espeak-ng calls it: en-us, de, fr-fr (default: en-us)",
    )  # fmt: skip


def read_words(arguments: argparse.Namespace) -> Words:
    """The phones of the text that is given; none without."""
    if arguments.text is None:
        return ()
    return pronounced(text_of(arguments), arguments.language)


def text_of(arguments: argparse.Namespace) -> str:
    """The text itself, where a file is named too."""
    text: str = arguments.text
    return read_text(Path(text), "text") if is_text_file(text) else text


def is_text_file(text: str) -> bool:
    """Whether --text names a file."""
    return text.lower().endswith(".txt") and "\n" not in text
