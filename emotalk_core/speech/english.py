"""How English sounds, without another program: the phones of a text by rules that were learnt from
a dictionary (`training/english.py`), so that they read each of its words as it does, and others
alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np

from ..atomic_file import atomic_file
from .english_numbers import in_words

__all__ = [
    "FILE",
    "OUTSIDE",
    "PLACES",
    "Rules",
    "load_rules",
    "read_english",
    "spoken_words",
    "write_rules",
]

FILE: Final = Path(__file__).with_name("english.npz")

PLACES: Final = tuple(place for step in range(1, 18) for place in (step, -step))
"""Which letters around one are asked for, in this order: the next, the last, the one after ..."""

OUTSIDE: Final = "."  # beside a word

_SHORT: Final = {
    "mr": "mister", "dr": "doctor", "jr": "junior", "sr": "senior", "st": "saint",
    "sgt": "sergeant", "ltd": "limited", "etc": "et cetera", "vs": "versus", "feb": "february",
    "q": "cue", "w": "double you", "x": "ex", "bbq": "barbecue", "sql": "sequel",
    "bmw": "b m double you", "fyi": "f y i", "xml": "ex m l", "kwh": "kilowatt hours",
}  # fmt: skip
_SIGNS: Final = {"&": "and", "@": "at", "+": "plus", "=": "equals", "%": "percent"}
_WORD: Final = re.compile(r"(?:[a-z]\.){2,}|[a-z]+(?:'[a-z]+)*|'[a-z]+|[&@+=%]", re.IGNORECASE)
_VOWEL: Final = re.compile("[aeiouy]")


@dataclass(frozen=True, eq=False)
class Rules:
    """A tree of letters for each letter of a word: what it is spoken as, unless a letter around it,
    asked for in the order of `PLACES`, says otherwise.
    """

    letters: bytes  # of each node, those of a node's children one after another, and in order
    spoken: bytes  # index into `phones`
    first: tuple[int, ...]  # where a node's children begin; one more number than nodes
    phones: tuple[tuple[str, ...], ...]  # ARPABET without stress

    def read(self, word: str) -> tuple[str, ...]:
        """The phones of a word of small letters and apostrophes."""
        return tuple(phone for i in range(len(word)) for phone in self._letter(word, i))

    def _letter(self, word: str, i: int) -> tuple[str, ...]:
        node = self._child(0, word[i])
        if node is None:
            return ()
        for place in PLACES:
            beside = word[i + place] if 0 <= i + place < len(word) else OUTSIDE
            below = self._child(node, beside)
            if below is None:
                break
            node = below
        return self.phones[self.spoken[node]]

    def _child(self, node: int, letter: str) -> int | None:
        found = self.letters.find(letter.encode(), self.first[node], self.first[node + 1])
        return None if found < 0 else found


def load_rules(path: Path) -> Rules:
    """As `write_rules` wrote them."""
    with np.load(path) as file:
        children = accumulate(file["children"].tolist(), initial=1)
        phones = tuple(tuple(name.split()) for name in file["phones"].tolist())
        return Rules(file["letters"].tobytes(), file["spoken"].tobytes(), tuple(children), phones)


def write_rules(rules: Rules, path: Path) -> None:
    """Small: numbers of children in place of where they begin, compressed."""
    with atomic_file(path) as file:
        np.savez_compressed(
            file,
            letters=np.frombuffer(rules.letters, np.uint8),
            spoken=np.frombuffer(rules.spoken, np.uint8),
            children=np.diff(rules.first).astype(np.uint8),
            phones=np.array([" ".join(phones) for phones in rules.phones]),
        )


@cache
def _shipped() -> Rules:
    return load_rules(FILE)


def read_english(text: str) -> tuple[tuple[str, ...], ...]:
    """The phones of each word of an English text, ARPABET without stress; none of a text that has
    no words.
    """
    words = (_shipped().read(word) for word in spoken_words(text))
    return tuple(word for word in words if word)


def spoken_words(text: str) -> Iterator[str]:
    """The words of an English text as they are spoken, in small letters: numbers, signs, short
    forms and initials in words.

    >>> list(spoken_words("Dr. Kay's 2nd BBC film, 50% off"))[:6]
    ['doctor', "kay's", 'second', 'b', 'b', 'c']
    """
    marked = unicodedata.normalize("NFD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    plain = "".join(c for c in marked if not unicodedata.combining(c))
    for match in _WORD.finditer(in_words(plain)):
        yield from _as_spoken(match[0])


def _as_spoken(word: str) -> Iterator[str]:
    lower = word.lower()
    if "." in word or (word.isupper() and not _VOWEL.search(lower)):
        lower = " ".join(c for c in lower if c.isalpha())
    for part in lower.split():
        yield from _SHORT.get(part, _SIGNS.get(part, part)).split()
