"""How Japanese sounds, without another program: a text is cut into the words of a dictionary so
that these and their neighbours cost least together (Viterbi; Kudo, Yamamoto, Matsumoto, "Applying
Conditional Random Fields to Japanese Morphological Analysis", 2004). The dictionary, with how each
word is spoken, is a small one made of UniDic (`training/japanese.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, pairwise, takewhile
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ...atomic_file import atomic_file
from ..english import read_english, spelled_english
from ..phones import letters_of
from ..spelled_numbers import numbers_in_words
from .kana import in_katakana, phones_of_kana
from .old_kanji import in_new_kanji

__all__ = [
    "EDGE",
    "FILE",
    "NOUN",
    "UNKNOWN",
    "Dictionary",
    "Entry",
    "japanese_words",
    "load_dictionary",
    "write_dictionary",
]

FILE: Final = Path(__file__).with_name("ja.npz")
EDGE, NOUN = 0, 1
"""Kinds of words that every dictionary has: the ends of a text, and what no entry says."""

_OWN: Final = "[ぁ-ゖァ-ヺー々〇一-鿿㐀-䶿]+"
_RUN: Final = re.compile(rf"(?P<own>{_OWN}(?: +{_OWN})*)|(?P<latin>[a-z']+)", re.IGNORECASE)
_KATAKANA: Final = re.compile("[ァ-ヺー]{1,40}")  # longer than any name
_DIGITS: Final = "〇一二三四五六七八九"
_BY_PLACE: Final = re.compile(
    f"[{_DIGITS}]*〇[{_DIGITS}]+|[{_DIGITS}]+〇|[一二][{_DIGITS}]{{3}}(?=年)"
)
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks that say how a letter is drawn, or where a line may end."""
_FURIGANA: Final = re.compile("(?<=[々一-鿿㐀-䶿])[(《][ぁ-ゖァ-ヺー・ ]+[)》]")
_AGAIN: Final = re.compile("(.)([ゝヽ])|(.)([ゞヾ])")
_LONG: Final = re.compile("(?<=[ぁ-ゖ])[ー〜~]+")  # has no phones, and would hide a word
_VOICED: Final = "\N{COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK}"
_SAME: Final = "々"
_HIRAGANA: Final = "".join(map(chr, range(0x3041, 0x3097)))
_END, _AS_WRITTEN = 0, 1  # bytes between those of katakana
_KANA_CODES: Final = 0x309F

_LEANS: Final = re.compile("[ぁ-ゖ]{1,2}")
_ALONE: Final = frozenset(
    ("これ", "それ", "あれ", "どれ", "この", "その", "あの", "どの", "ここ", "そこ", "どこ",
     "いい")
)  # fmt: skip

UNKNOWN: Final = 55  # costs of a letter that no entry has
_FOREIGN, _FOREIGN_LETTER = 35, 1  # and of katakana, which foreign words and names are written in


class Entry(NamedTuple):
    """One way to read a word."""

    kind: int  # which others may stand beside it
    cost: int
    kana: str  # as it is spoken, in katakana


class _Step(NamedTuple):
    """The best way to an end of a word."""

    cost: int
    kind: int
    before: _Step | None
    letters: str
    kana: str


_START: Final = _Step(0, EDGE, None, "", "")


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Words, and what it costs where they stand side by side."""

    entries: Mapping[str, Sequence[Entry]]
    joins: Sequence[Sequence[int]]  # by the kind of a word, then that of the one before it

    def words(self, text: str) -> list[tuple[str, str]]:
        """The words of a text of Japanese letters alone, and their kana, empty where none is known:
        those that cost least. No word goes on over a space.
        """
        ways: list[list[_Step]] = [[_START], *([] for _ in text)]
        for start, before in enumerate(ways[:-1]):
            if text[start] == " ":
                ways[start + 1] += before
                continue
            for letters, entry in self._from(text, start) if before else ():
                ways[start + len(letters)].append(self._after(before, letters, entry))
        step = self._after(ways[-1], "", Entry(EDGE, 0, "")).before
        found = []
        while step is not None and step.before is not None:
            found.append((step.letters, step.kana))
            step = step.before
        return found[::-1]

    def _after(self, before: Sequence[_Step], letters: str, entry: Entry) -> _Step:
        joins = self.joins[entry.kind]
        best = min(before, key=lambda step: step.cost + joins[step.kind])
        cost = best.cost + joins[best.kind] + entry.cost
        return _Step(cost, entry.kind, best, letters, entry.kana)

    def _from(self, text: str, start: int) -> Iterator[tuple[str, Entry]]:
        """The words that begin at a letter; one of a single letter is always among them."""
        longest = min(len(text), start + self._longest)
        for end in range(start + 1, longest + 1):
            letters = text[start:end]
            yield from ((letters, entry) for entry in self.entries.get(letters, ()))
        run = _KATAKANA.match(text, start)
        if run:
            yield run[0], Entry(NOUN, _FOREIGN + _FOREIGN_LETTER * len(run[0]), run[0])
        letter = text[start]
        if letter == _SAME and start:
            before = self.entries.get(text[start - 1], ())
            yield from ((letter, entry) for entry in before)
        if letter not in self.entries:
            kana = in_katakana(letter)
            yield letter, Entry(NOUN, UNKNOWN, kana if _KATAKANA.match(kana) else "")

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.entries))


@cache
def _shipped() -> Dictionary:
    return load_dictionary(FILE)


def japanese_words(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The words of a text that have sounds, numbers and Latin ones too, and the phones of each.
    Kana in brackets that say how the kanji before them are read are not said again.
    """
    plain = in_new_kanji(unicodedata.normalize("NFKC", _UNSEEN.sub("", text)))
    spoken = numbers_in_words(_BY_PLACE.sub(_in_digits, _FURIGANA.sub("", plain)), "ja")
    for run in _RUN.finditer(_LONG.sub("", _AGAIN.sub(_repeated, spoken))):
        if run["latin"]:
            yield from zip(
                spelled_english(run[0]), map(_english, read_english(run[0])), strict=True
            )
            continue
        yield from _leaning(run[0], _shipped().words(run[0]))


def _leaning(text: str, words: Sequence[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words with their phones; particles and endings (見た, 昨日は) with the word that they follow:
    alone they are too short to be found in a sound. Not over a space.
    """
    following = [*(kana for _, kana in words[1:]), ""]
    before: tuple[str, tuple[str, ...]] = ("", ())
    at = 0
    for (letters, kana), after in zip(words, following, strict=True):
        start = text.index(letters, at)
        phones = phones_of_kana(kana, after)
        if start == at and _LEANS.fullmatch(letters) and letters not in _ALONE:
            before = before[0] + letters, before[1] + phones
        else:
            yield from (before,) if before[1] else ()
            before = letters, phones
        at = start + len(letters)
    yield from (before,) if before[1] else ()


def _english(phones: Sequence[str]) -> tuple[str, ...]:
    return tuple(letter for phone in phones for letter in letters_of(phone))


def _in_digits(found: re.Match[str]) -> str:
    """二〇二六 as 2026, which is read as a number."""
    return "".join(str(_DIGITS.index(letter)) for letter in found[0])


def _repeated(found: re.Match[str]) -> str:
    """Kana in place of a sign that says them again."""
    if found[2]:
        return 2 * found[1]
    return found[3] + unicodedata.normalize("NFC", found[3] + _VOICED)


def load_dictionary(path: Path) -> Dictionary:
    """As `write_dictionary` wrote it."""
    with np.load(path) as file:
        letters = file["letters"].tobytes().decode("utf-16-le")
        kana = iter(file["kana"].tobytes().split(bytes([_END])))
        rows = zip(file["kinds"].tolist(), file["costs"].tolist(), kana, strict=False)
        ends = accumulate(file["lengths"].tolist())
        shared, counts = file["shared"].tolist(), file["counts"].tolist()
        joins = file["joins"].tolist()
    entries: dict[str, tuple[Entry, ...]] = {}
    word, start = "", 0
    for n_shared, end, count in zip(shared, ends, counts, strict=True):
        word, start = word[:n_shared] + letters[start:end], end
        found = (next(rows) for _ in range(count))
        entries[word] = tuple(Entry(kind, cost, _kana(word, code)) for kind, cost, code in found)
    return Dictionary(entries, joins)


def write_dictionary(dictionary: Dictionary, path: Path) -> None:
    """Small: of each word, in order, what it does not share with the one before, compressed."""
    words = sorted(dictionary.entries)
    shared = [_n_shared(*pair) for pair in pairwise(["", *words])]
    new = [word[n:] for word, n in zip(words, shared, strict=True)]
    entries = [(word, entry) for word in words for entry in dictionary.entries[word]]
    kana = b"".join(_code(word, entry.kana) + bytes([_END]) for word, entry in entries)
    with atomic_file(path) as file:
        np.savez_compressed(
            file,
            letters=np.frombuffer("".join(new).encode("utf-16-le"), "<u2"),
            lengths=np.array(list(map(len, new)), np.uint8),
            shared=np.array(shared, np.uint8),
            counts=np.array([len(dictionary.entries[word]) for word in words], np.uint8),
            kinds=np.array([entry.kind for _, entry in entries], np.uint8),
            costs=np.array([entry.cost for _, entry in entries], np.int8),
            kana=np.frombuffer(kana, np.uint8),
            joins=np.array(dictionary.joins, np.int8),
        )


def _n_shared(word: str, other: str) -> int:
    """With how many letters alike they begin."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    )


def _tail(word: str) -> str:
    """The kana that a word ends on."""
    return in_katakana(word[len(word.rstrip(_HIRAGANA)) :])


def _code(word: str, kana: str) -> bytes:
    """A byte for each kana, and one for those that the word is written with at its end."""
    tail = _tail(word)
    if tail and kana.endswith(tail):
        return _code("", kana[: -len(tail)]) + bytes([_AS_WRITTEN])
    return bytes(ord(letter) - _KANA_CODES for letter in kana)


def _kana(word: str, code: bytes) -> str:
    return "".join(_tail(word) if n == _AS_WRITTEN else chr(n + _KANA_CODES) for n in code)
