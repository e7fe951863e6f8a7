"""What the letters of a word stand for: a tree of the letters around each, learnt from words whose
phones are known (`training/letters.py`), so that it reads these as they are, and others alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
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

    letters: str  # of each node, those of a node's children one after another, and in order
    spoken: Sequence[int]  # places in `phones`
    first: tuple[int, ...]  # where a node's children begin; one more number than nodes
    phones: tuple[tuple[str, ...], ...]

    def read(self, word: str) -> tuple[str, ...]:
        """The phones of a word of small letters; of letters that it does not know none."""
        letters = (self._letter(word, i) for i in range(len(word)))
        return tuple(chain.from_iterable(letters))

    def read_unspaced(self, words: str) -> tuple[tuple[str, ...], ...]:
        """The phones of each letter of words that stand together: one ends where none goes on."""
        return tuple(self._letter(words, i, is_unspaced=True) for i in range(len(words)))

    def _letter(self, word: str, i: int, *, is_unspaced: bool = False) -> tuple[str, ...]:
        node = self._child(0, word[i])
        if node is None:
            return ()
        for place in PLACES:
            beside = word[i + place] if 0 <= i + place < len(word) else OUTSIDE
            below = self._child(node, beside)
            if below is None and is_unspaced:
                below = self._child(node, OUTSIDE)
            if below is None:
                break
            node = below
        return self.phones[self.spoken[node]]

    def _child(self, node: int, letter: str) -> int | None:
        found = self.letters.find(letter, self.first[node], self.first[node + 1])
        return None if found < 0 else found


def load_rules(path: Path) -> Rules:
    """As `write_rules` wrote them."""
    with np.load(path) as file:
        children = accumulate(file["children"].tolist(), initial=1)
        phones = tuple(tuple(name.split()) for name in file["phones"].tolist())
        letters, spoken = file["letters"].tobytes().decode(), tuple(file["spoken"].tolist())
        return Rules(letters, spoken, tuple(children), phones)


def write_rules(rules: Rules, path: Path) -> None:
    """Small: numbers of children in place of where they begin, compressed."""
    children = np.diff(rules.first)
    with atomic_file(path) as file:
        np.savez_compressed(
            file,
            letters=np.frombuffer(rules.letters.encode(), np.uint8),
            spoken=np.array(rules.spoken, np.min_scalar_type(max(rules.spoken))),
            children=children.astype(np.min_scalar_type(children.max())),
            phones=np.array([" ".join(phones) for phones in rules.phones]),
        )
