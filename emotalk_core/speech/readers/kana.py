"""What kana stand for: one mora after the other, as the network names their phones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Final

__all__ = ["in_katakana", "phones_of_kana"]

_VOWELS: Final = ("a", "i", "ɯ", "e", "o")
_ROWS: Final = (
    ("", "アイウエオ"), ("", " ヰ ヱヲ"), ("k", "カキクケコ"), ("k", "ガギグゲゴ"),
    ("s", "サ スセソ"), ("ɕ", " シ"), ("z", "ザ ズゼゾ"), ("d ɕ", " ジ"),
    ("t", "タ  テト"), ("t ɕ", " チ"), ("t s", "  ツ"), ("d", "ダ  デド"),
    ("d ɕ", " ヂ"), ("z", "  ヅ"), ("n", "ナニヌネノ"), ("h", "ハ フヘホ"),
    ("k", " ヒ"), ("b", "バビブベボ"), ("p", "パピプペポ"),
    ("m", "マミムメモ"), ("j", "ヤ ユ ヨ"), ("r", "ラリルレロ"), ("w", "ワ"),
    ("v", "  ヴ"), ("k", "ヵ  ヶ"),
)  # fmt: skip
"""Consonants, and the kana that have them, in the order of the vowels. As espeak-ng reads them (the
neutral mouths of g and of hi's palatal are the one of k), but for fu: both lips blow it, and no
teeth bite them.
"""
_MORAS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = MappingProxyType(
    {
        kana: (tuple(consonants.split()), vowel)
        for consonants, row in _ROWS
        for kana, vowel in zip(row, _VOWELS, strict=False)
        if kana != " "
    }
)
_SMALL: Final = MappingProxyType(dict(zip("ァィゥェォャュョヮ", "aiɯeoaɯoa", strict=True)))
_GLIDES: Final = MappingProxyType({"ウ": "w", "ク": "w", "グ": "w", "イ": "j"})
"""Before a small vowel: ウィ, クォ, イェ."""
_OPEN: Final = frozenset("ァィェォ")
_NASAL: Final = "ン"
_NASALS: Final = MappingProxyType({**dict.fromkeys("pbm", "m"), "k": "k"})
"""What it is before some phones, its tongue at the back as in the end; else an n."""
_HIRAGANA: Final = MappingProxyType({code: code + 0x60 for code in range(0x3041, 0x3097)})


def in_katakana(text: str) -> str:
    """Hiragana as katakana, all else as it is."""
    return text.translate(_HIRAGANA)


def phones_of_kana(kana: str, after: str = "") -> tuple[str, ...]:
    """The phones of katakana as it is spoken (ワ for the particle は), with that which follows: a
    nasal goes by it. Long vowels and consonants are one phone, however long it lasts.

    >>> "".join(phones_of_kana("トッキョキョカキョク")), "".join(phones_of_kana("シンブン"))
    ('tokokakokɯ', 'ɕimbɯk')
    """
    return tuple(phone for phone, _ in groupby(_phones(kana, after)))


def _phones(kana: str, after: str) -> Iterator[str]:
    all_kana = kana + after
    for i, letter in enumerate(kana):
        if letter in _MORAS:
            consonants, vowel = _MORAS[letter]
            yield from consonants
            small = all_kana[i + 1 : i + 2]
            if small not in _SMALL:
                yield vowel
            elif small in _OPEN and letter in _GLIDES and not (letter == "イ" and small != "ェ"):
                yield _GLIDES[letter]
        elif letter in _SMALL:
            yield _SMALL[letter]
        elif letter == _NASAL:
            yield _nasal(all_kana[i + 1 :])


def _nasal(after: str) -> str:
    following = after.lstrip("ーッ")[:1]
    if following not in _MORAS:
        return _NASALS["k"]
    consonants, _ = _MORAS[following]
    return _NASALS.get(consonants[0], "n") if consonants and following != "ヒ" else "n"
