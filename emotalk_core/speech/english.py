"""How English sounds, without another program: the phones of a text by rules that were learnt from
a dictionary (`training/english.py`), so that they read each of its words as it does, and others
alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from ..progress import Progress, silent
from .english_figures import plain_figures
from .english_numbers import in_words
from .letter_rules import Rules, load_rules

__all__ = ["FILE", "read_english", "spelled_english", "spoken_words"]

FILE: Final = Path(__file__).with_name("english.npz")

_SHORT: Final = {
    "mr": "mister", "dr": "doctor", "jr": "junior", "sr": "senior",
    "st": "saint", "sgt": "sergeant", "ltd": "limited", "etc": "et cetera", "vs": "versus",
    "feb": "february", "q": "cue", "w": "double you", "x": "ex", "bbq": "barbecue",
    "sql": "sequel", "bmw": "b m double you", "fyi": "f y i", "xml": "ex m l",
    "kwh": "kilowatt hours",
}  # fmt: skip
_WHOLE: Final = frozenset(
    ["mrs", "ms", "hm", "hmm", "mm", "mmm", "sh", "shh", "psst", "brr", "grr", "tsk"]
)  # in capitals too, as no initials are
_SIGNS: Final = {"&": "and", "@": "at", "+": "plus", "=": "equals", "%": "percent"}
_PLAIN: Final = str.maketrans(
    {
        "\N{RIGHT SINGLE QUOTATION MARK}": "'", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe",
        "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl",
        "½": " half ", "¼": " quarter ", "¾": " three quarters ", "²": " squared ",
        "°": " degrees ", "¢": " cents ", "×": " times ", "\N{MINUS SIGN}": " minus ",
    }
)  # fmt: skip
# An apostrophe before a word is a quotation mark, but for a few words that sound otherwise with it.
_WORD: Final = re.compile(
    r"(?:[a-z]\.){2,}|'(?:cause|n|tis|twas)\b|[a-z]+(?:'[a-z]+)*|[&@+=%]", re.IGNORECASE
)
_INITIALS: Final = re.compile("([B-DF-HJ-NP-TV-XZ]+)('?s)?")
_OF_A_LETTER: Final = {"a": "ay"}  # alone it is the article


@cache
def _shipped() -> Rules:
    return load_rules(FILE)


def read_english(text: str, progress: Progress = silent) -> tuple[tuple[str, ...], ...]:
    """The phones of each word of an English text, ARPABET without stress; none of a text that has
    no words. `progress` only takes a Cancelled.
    """
    read = cache(_shipped().read)  # a script says the same words again and again
    words = []
    for word in spoken_words(text):
        progress(0.0, "Reading the text")
        words.append(read(word))
    return tuple(filter(None, words))


def spelled_english(text: str) -> tuple[str, ...]:
    """The words that `read_english` has the phones of, in small letters."""
    read = cache(_shipped().read)
    return tuple(word for word in spoken_words(text) if read(word))


def spoken_words(text: str) -> Iterator[str]:
    """The words of an English text as they are spoken, in small letters: numbers, signs, short
    forms and initials in words.

    >>> list(spoken_words("Dr. Kay's 2nd BBC film, 50% off"))[:6]
    ['doctor', "kay's", 'second', 'b', 'b', 'c']
    """
    marked = unicodedata.normalize("NFD", plain_figures(text).translate(_PLAIN))
    plain = "".join(c for c in marked if not unicodedata.combining(c))
    for match in _WORD.finditer(in_words(plain)):
        yield from _as_spoken(match[0])


def _as_spoken(word: str) -> Iterator[str]:
    lower = word.lower()
    initials = _INITIALS.fullmatch(word)
    if "." in word:
        lower = _spelled(lower.replace(".", ""))
    elif initials and lower not in _SHORT and lower not in _WHOLE:
        lower = _spelled(initials[1].lower()) + ("'s" if initials[2] else "")
    for part in lower.split():
        yield from _SHORT.get(part, _SIGNS.get(part, part)).split()


def _spelled(letters: str) -> str:
    return " ".join(_OF_A_LETTER.get(letter, letter) for letter in letters)
