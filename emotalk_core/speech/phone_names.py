"""What aligners call phones: IPA, ARPABET and SAMPA, each with names of its own for pauses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from .phones import SILENCE, is_arpabet, is_silent

__all__ = ["plain_name", "speller"]

_PAUSES: Final = {"#", "##", "epi", "silb", "sile", "silence", "pause", "<eps>"}
_BRACKETED_PAUSES: Final = {"p", "p:", "sil", "pau", "pause", "silence", "sp", "eps"}

_NOT_SAID: Final = {"spn", "nsn", "noise", "lau", "oov"}
"""What aligners write where they do not know: it stays as it was heard."""

_BRACKETED: Final = re.compile(r"[<\[({]([\w:]+)[>\])}]")  # <p:>, [noise], {sil}
_PLACE: Final = re.compile(r"_[BIES]$")  # in the word, as Kaldi and Gentle write it

_SAMPA_ONLY: Final = re.compile(r"[@{}\\&]|[a-z][A-Z]|[A-Z]:|^[23679][:~]?$")
_SAMPA_PAIRS: Final = {
    "r\\": "ɹ", "s\\": "ɕ", "z\\": "ʑ", "p\\": "ɸ", "v\\": "ʋ", "h\\": "ɦ", "s`": "ʂ", "z`": "ʐ",
}  # fmt: skip
_SAMPA: Final = str.maketrans(
    "@{}&123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ?",
    "əæʉɶɨøɜɾɫɐɤɵœɑβçðɛɱɣɥɪɲɬʎɯŋɔʋɒʁʃθʊʌʍχʏʒʔ",
)
_SAMPA_MARK: Final = re.compile(r"_[\w^~=]")  # aspirated, dental, rising...


def plain_name(name: str) -> str | None:
    """The name of a phone without its place in the word, `SILENCE` for a pause; None for noise and
    what else says nothing of the mouth.

    >>> plain_name("ah_B"), plain_name("<p:>"), plain_name("[noise]")
    ('ah', '_', None)
    """
    name = _PLACE.sub("", name.strip())
    lower = name.lower()
    bracketed = _BRACKETED.fullmatch(lower)
    if lower in _NOT_SAID:
        return None
    if lower in _PAUSES or is_silent(name):
        return SILENCE
    if bracketed:
        return SILENCE if bracketed[1] in _BRACKETED_PAUSES else None
    return name


def speller(names: Iterable[str]) -> Callable[[str], str]:
    """How the plain names of one file become IPA or ARPABET in capitals: an S is a ʃ in SAMPA
    alone, and ae are two vowels unless all of the file is ARPABET.

    >>> [spell(name) for spell in [speller(["tS", "S"])] for name in ["S", "3:"]]
    ['ʃ', 'ɜ:']
    """
    said = [name for name in names if name != SILENCE]
    if all(is_arpabet(name.upper()) for name in said) and any(len(name) > 1 for name in said):
        return str.upper
    if all(map(str.isascii, said)) and any(map(_SAMPA_ONLY.search, said)):
        return _from_sampa
    return str


def _from_sampa(name: str) -> str:
    for pair, letter in _SAMPA_PAIRS.items():
        name = name.replace(pair, letter)
    return _SAMPA_MARK.sub("", name).translate(_SAMPA)
