"""Phones: times, symbols in IPA or ARPABET, and the mouth that each of them asks for."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.model.config import PHONES
from emotalk_core.speech import phones
from emotalk_core.speech.phones import SILENCE, is_silent, is_sound, letters_of

__all__ = [
    "KINDS",
    "SHAPE_NAMES",
    "SILENCE",
    "Mouth",
    "Phone",
    "is_sound",
    "kind_of",
    "mouth_parts",
    "numbers_of",
    "phone_numbers",
]

KINDS: Final = (
    "closure",
    "labiodental",
    "rounded",
    "open",
    "sibilant",
    "other_vowel",
    "other_consonant",
    "silence",
)
"""Visible classes of phones; a diphthong has the class of its onset."""

_TABLE: Final = Path(__file__).with_name("mouths.csv")


@dataclass(frozen=True)
class Phone(phones.Phone):
    """One speech sound of a recording."""

    kind: str  # one of KINDS


@dataclass(frozen=True, eq=False)
class Mouth:
    """The lips and the jaw that a phone asks for, and how firmly."""

    kind: str
    shape: np.ndarray  # float64 (len(SHAPE_NAMES),), both sides of a pair have the same value
    hold_jaw: float  # dominance over neighbours, about 0.1 (gives way) to 3 (insists)
    hold_round: float
    hold_lips: float


def _read_table() -> tuple[tuple[str, ...], dict[str, Mouth]]:
    with _TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = tuple(n for n in rows[0] if n not in {"symbol", "kind"} and not n.startswith("hold_"))
    mouths = {
        row["symbol"]: Mouth(
            row["kind"],
            np.array([float(row[n]) for n in names]),
            float(row["hold_jaw"]),
            float(row["hold_round"]),
            float(row["hold_lips"]),
        )
        for row in rows
    }
    return names, mouths


SHAPE_NAMES, _MOUTHS = _read_table()
"""Columns of the mouth table: ARKit channels, `Left`/`Right` left off."""
_NUMBER_OF: Final = {id(mouth): PHONES.index(symbol) for symbol, mouth in _MOUTHS.items()}

_TYPICAL: Final = {  # stands in for a symbol that the table does not know
    "closure": "b", "labiodental": "v", "rounded": "o", "open": "a", "sibilant": "s",
    "other_vowel": "ə", "other_consonant": "n", "silence": SILENCE,
}  # fmt: skip


@cache
def mouth_parts(symbol: str, kind: str) -> tuple[Mouth, ...]:
    """Mouths that a phone passes through in equal shares: two for most diphthongs and affricates.

    `kind` decides when it contradicts the symbol (a released /p/ has open lips): the class was
    given with the times, the symbol only refines it.
    """
    if kind == "silence" or is_silent(symbol):
        return (_MOUTHS[SILENCE],)
    parts = tuple(_MOUTHS[c] for c in letters_of(symbol)[:3])
    if not parts or _contradicts(parts[0].kind, kind):
        return (_MOUTHS[_TYPICAL[kind]],)
    return parts


def numbers_of(symbol: str, kind: str) -> tuple[int, ...]:
    """Numbers in `PHONES` of the mouths that a phone passes through."""
    return tuple(_NUMBER_OF[id(part)] for part in mouth_parts(symbol, kind))


def phone_numbers(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    """Number in `PHONES` of the mouth at ascending `times` (n,) in s: int64, 0 is silence."""
    numbers = np.zeros(len(times), np.int64)
    for phone in phones:
        parts = numbers_of(phone.symbol, phone.kind)
        edges = np.linspace(phone.start_s, phone.end_s, len(parts) + 1)
        for part, (first, last) in zip(parts, pairwise(np.searchsorted(times, edges)), strict=True):
            numbers[first:last] = part
    return numbers


def _contradicts(of_symbol: str, given: str) -> bool:
    lips = {"closure", "labiodental"}
    return of_symbol != given and (of_symbol in lips or given in lips)


@cache
def kind_of(symbol: str) -> str:
    """Class of a phone from its symbol alone."""
    if is_silent(symbol):
        return "silence"
    letters = letters_of(symbol)
    if not letters:
        return "other_consonant"
    if letters[0] in "td" and len(letters) > 1 and letters[1] in "szʃʒɕ":
        return "sibilant"
    if letters[0] == "p" and letters[1:2] == "f":
        return "labiodental"
    return _MOUTHS[letters[0]].kind
