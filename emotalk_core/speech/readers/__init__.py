"""How languages other than English sound, without another program: the phones of a text by rules
that were learnt from words as espeak-ng reads them (`training/readers.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from ...progress import Progress, silent
from ..languages import from_whisper, to_whisper
from ..letter_rules import load_rules

__all__ = ["FOLDER", "WORD", "can_read", "languages_read", "read_letters", "spelled_letters"]

FOLDER: Final = Path(__file__).parent
WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?")
_PLAIN: Final = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{SOFT HYPHEN}": None})


@cache
def languages_read() -> tuple[str, ...]:
    """Those that `read_letters` reads, by espeak-ng's names."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.npz")))


def can_read(language: str) -> bool:
    """Whether a language is one of them, or a region's way to speak one: `es-419`."""
    return _name(language) is not None


def read_letters(
    text: str, language: str, progress: Progress = silent
) -> tuple[tuple[str, ...], ...]:
    """The phones of each word of a text in a language that `can_read`, as the network names them;
    none of one that has no words. Numbers in digits are left out. `progress` only takes a
    Cancelled.
    """
    read = _reader(language)
    words = []
    for word in _words(text):
        progress(0.0, "Reading the text")
        words.append(read(word))
    return tuple(filter(None, words))


def spelled_letters(text: str, language: str) -> tuple[str, ...]:
    """The words that `read_letters` has the phones of, in small letters."""
    read = _reader(language)
    return tuple(word for word in _words(text) if read(word))


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFC", text.translate(_PLAIN).lower()))


def _name(language: str) -> str | None:
    """Of its file."""
    asked = language.lower()
    names = asked, from_whisper(to_whisper(asked))
    return next((name for name in names if name in languages_read()), None)


def _reader(language: str) -> Callable[[str], tuple[str, ...]]:
    name = _name(language)
    assert name is not None, "ask can_read"
    return _load(name)


@cache
def _load(name: str) -> Callable[[str], tuple[str, ...]]:
    """A script says the same words again and again."""
    return cache(load_rules(FOLDER / f"{name}.npz").read)
