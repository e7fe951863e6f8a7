"""Learns how languages are read from words as espeak-ng reads them:
`python -m training.readers FREQUENCYWORDS [LANGUAGE ...]` writes the files of
`emotalk_core.speech.readers`, a minute for each, and says how many phones each gets wrong in words
that it was not told.

FREQUENCYWORDS is a copy of github.com/hermitdave/FrequencyWords: the 50,000 most frequent words of
many languages in subtitles (CC BY-SA 4.0, which GPL-3.0 takes). espeak-ng is GPL-3.0-or-later; so
are the files. Chinese (cmn) needs pypinyin (MIT; pip install pypinyin);
Japanese is made by `training/japanese.py`.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Final

from emotalk_core.speech.letter_rules import write_rules
from emotalk_core.speech.readers import FOLDER, JAPANESE, WORD, decomposed, languages_read
from emotalk_core.speech.transcript import letters_of_word, words_of

from .letters import Phones, aligned, as_rules, learn, unseen_errors

__all__ = ["LISTS", "read_by_espeak", "read_by_pypinyin", "read_words"]

LISTS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {"cmn": ("zh_cn", "zh_tw"), "fr-fr": ("fr",), "nb": ("no",), "pt-br": ("pt_br",)}
)
"""Of FrequencyWords, for languages that espeak-ng calls otherwise."""

_LIST: Final = "content/2018/{0}/{0}_50k.txt"
_CHINESE: Final = re.compile("[一-鿿]+")
_FOREIGN: Final = "("  # espeak-ng writes (en) where it reads a word as another language's


def read_words(path: Path) -> list[str]:
    """The words of a list, one a line with its number; without those that have other signs."""
    lines = path.read_text(encoding="utf-8").splitlines()
    words = (unicodedata.normalize("NFC", line.split(" ")[0]) for line in lines if line)
    return [*dict.fromkeys(word for word in words if WORD.fullmatch(word))]


def read_by_espeak(words: Sequence[str], language: str) -> dict[str, Phones]:
    """The phones of words, as the network names them (`model.config.PHONES`)."""
    command = ["espeak-ng", "-q", "--ipa", "--sep=_", "-v", language]
    given = "\n".join(words)
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    if len(lines) != len(words):
        sys.exit(f"espeak-ng read {len(lines)} lines of {len(words)}: '{language}'")
    found = {}
    for word, line in zip(words, lines, strict=True):
        phones = tuple(chain.from_iterable(map(letters_of_word, words_of(line))))
        if phones and _FOREIGN not in line:
            found[word] = phones
    return found


def read_by_pypinyin(words: Sequence[str]) -> dict[str, list[Phones]]:
    """The phones of each letter of Chinese words: pinyin by phrases, which espeak-ng reads."""
    pypinyin = importlib.import_module("pypinyin")
    spelled = {
        word: [one[0] for one in pypinyin.pinyin(word, style=pypinyin.Style.TONE3)]
        for word in words
        if _CHINESE.fullmatch(word)
    }
    known = {word: names for word, names in spelled.items() if len(names) == len(word)}
    syllables = sorted({name for names in known.values() for name in names})
    phones = read_by_espeak(syllables, "cmn-latn-pinyin")
    return {
        word: [phones[name] for name in names]
        for word, names in known.items()
        if all(name in phones for name in names)
    }


def _learnt(folder: Path, language: str) -> dict[str, list[Phones]]:
    """The phones of each letter of the words of a language."""
    names = LISTS.get(language, (language,))
    lists = [read_words(folder / _LIST.format(name)) for name in names]
    words = [*dict.fromkeys(chain.from_iterable(lists))]
    if language == "cmn":
        return read_by_pypinyin([*dict.fromkeys([*chain.from_iterable(words), *words])])
    read = read_by_espeak(words, language)
    return aligned({decomposed(word): phones for word, phones in read.items()})


def main(folder: Path, languages: Sequence[str]) -> None:
    """Write the files that ship."""
    for language in languages or sorted({*languages_read()} - {JAPANESE}):
        found = _learnt(folder, language)
        share, rules = unseen_errors(found), as_rules(learn(found))
        file = FOLDER / f"{language}.npz"
        write_rules(rules, file)
        print(
            f"{language}: {len(found)} words; of the phones of unseen ones {share:.1%} are wrong; "
            f"{file.stat().st_size} bytes"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
