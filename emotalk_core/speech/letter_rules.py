"""What the letters of a word stand for: a tree of the letters around each, learnt from words whose
phones are known (`training/letters.py`), so that it reads these as they are, and others alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np

from ..atomic_file import atomic_file

__all__ = ["OUTSIDE", "PLACES", "Rules", "load_rules", "write_rules"]

PLACES: Final = tuple(place for step in range(1, 18) for place in (step, -step))
"""Which letters around one are asked for, in this order: the next, the last, the one after ..."""

OUTSIDE: Final = "."  # beside a word


@dataclass(frozen=True, eq=False)
class Rules:
    """A tree of letters for each letter of a word: what it is spoken as, unless a letter around it,
    asked for in the order of `PLACES`, says otherwise.
    """

    alphabet: str  # its letters and `OUTSIDE`, 256 at most
    letters: bytes  # of each node, those of a node's children one after another, and in order:
    # places in the alphabet
    spoken: bytes  # index into `phones`
    first: tuple[int, ...]  # where a node's children begin; one more number than nodes
    phones: tuple[tuple[str, ...], ...]

    def read(self, word: str) -> tuple[str, ...]:
        """The phones of a word of small letters; of letters that it does not know none."""
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
        place = self.alphabet.find(letter)
        if place < 0:
            return None
        found = self.letters.find(place, self.first[node], self.first[node + 1])
        return None if found < 0 else found


def load_rules(path: Path) -> Rules:
    """As `write_rules` wrote them."""
    with np.load(path) as file:
        children = accumulate(file["children"].tolist(), initial=1)
        phones = tuple(tuple(name.split()) for name in file["phones"].tolist())
        letters, spoken = file["letters"].tobytes(), file["spoken"].tobytes()
        return Rules(str(file["alphabet"]), letters, spoken, tuple(children), phones)


def write_rules(rules: Rules, path: Path) -> None:
    """Small: numbers of children in place of where they begin, compressed."""
    with atomic_file(path) as file:
        np.savez_compressed(
            file,
            alphabet=np.array(rules.alphabet),
            letters=np.frombuffer(rules.letters, np.uint8),
            spoken=np.frombuffer(rules.spoken, np.uint8),
            children=np.diff(rules.first).astype(np.uint8),
            phones=np.array([" ".join(phones) for phones in rules.phones]),
        )
