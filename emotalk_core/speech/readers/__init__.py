"""How languages other than English sound, without another program: the phones of a text by rules
that were learnt from words as espeak-ng, or a dictionary of Chinese, reads them
(`training/readers.py`), of Japanese by a small dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from ...progress import Progress, silent
from ..languages import from_whisper, to_whisper
from ..letter_rules import Rules, load_rules
from ..spelled_numbers import numbers_in_words
from .japanese import japanese_words

__all__ = [
    "FOLDER",
    "JAPANESE",
    "WORD",
    "can_read",
    "decomposed",
    "languages_read",
    "read_letters",
    "spelled_letters",
]

FOLDER: Final = Path(__file__).parent
WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?")
_SYLLABLE: Final = re.compile("[가-힣]")
_LATIN: Final = "-latn"  # another way to write a language
JAPANESE: Final = "ja"
_UNSPACED: Final = frozenset(["cmn"])  # each of whose letters is a word
_PLAIN: Final = str.maketrans(
    {
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{MODIFIER LETTER APOSTROPHE}": "'",
        "\N{SOFT HYPHEN}": None,
    }
)
_DOTS: Final = str.maketrans("Iİ", "ıi")  # Turkish has two letters where others have one


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
    none of one that has no words. `progress` only takes a Cancelled.
    """
    words = []
    for _, phones in _read(text, language):
        progress(0.0, "Reading the text")
        words.append(phones)
    return tuple(words)


def spelled_letters(text: str, language: str) -> tuple[str, ...]:
    """The words that `read_letters` has the phones of, in small letters."""
    return tuple(word for word, _ in _read(text, language))


def decomposed(word: str) -> str:
    """The letters of a word: those of Korean are in its syllables."""
    return _SYLLABLE.sub(lambda found: unicodedata.normalize("NFD", found[0]), word)


def _read(text: str, language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words, and their phones."""
    name = _name(language)
    assert name is not None, "ask can_read"
    if name == JAPANESE:
        yield from japanese_words(text)
        return
    rules, read = _load(name)
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    spoken = numbers_in_words(plain, language.lower(), name).translate(_PLAIN)
    for word in WORD.findall(_small(spoken, name)):
        if name in _UNSPACED:
            parts = zip(word, rules.read_unspaced(word), strict=True)
        else:
            parts = [(word, read(decomposed(word)))]
        yield from ((letters, phones) for letters, phones in parts if phones)


def _small(text: str, name: str) -> str:
    """In small letters, each of one sign."""
    return unicodedata.normalize("NFC", text.translate(_DOTS if name == "tr" else {}).lower())


def _name(language: str) -> str | None:
    """Of its file."""
    asked = language.lower()
    names = [asked] if _LATIN in asked else [asked, from_whisper(to_whisper(asked))]
    return next((name for name in names if name in languages_read()), None)


@cache
def _load(name: str) -> tuple[Rules, Callable[[str], tuple[str, ...]]]:
    """A language's rules, and words read by them: a script says the same ones again and again."""
    rules = load_rules(FOLDER / f"{name}.npz")
    return rules, cache(rules.read)
