"""Learns how English is read from a dictionary of words and their phones:
`python -m training.english cmudict.dict` (github.com/cmusphinx/cmudict, BSD) writes the file of
`emotalk_core.speech.english`, in some minutes, and says how many phones it gets wrong in words that
it was not told.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from emotalk_core.speech.english import FILE
from emotalk_core.speech.letter_rules import write_rules

from .letters import Phones, aligned, as_rules, learn, unseen_errors

__all__ = ["read_dictionary"]

_WORD: Final = re.compile(r"[a-z][a-z']*")
_STRESS: Final = "012"


def read_dictionary(path: Path) -> dict[str, Phones]:
    """Words of letters and apostrophes, each with the first of its pronunciations: ARPABET without
    stress, for the network hears an unstressed vowel as it is written there.
    """
    words: dict[str, Phones] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.partition("#")[0].split() or [""]
        if _WORD.fullmatch(word):
            words.setdefault(word, tuple(phone.rstrip(_STRESS) for phone in phones))
    return words


def main(dictionary: Path) -> None:
    """Write the file that ships."""
    found = aligned(read_dictionary(dictionary))
    share = unseen_errors(found)
    print(f"{len(found)} words; of the phones of unseen ones {share:.1%} are wrong")
    write_rules(as_rules(learn(found)), FILE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
