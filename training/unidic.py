"""UniDic as the package unidic-lite has it: its words, and what it costs where two stand side by
side, read from the compiled files of MeCab.

Of their formats (mecab's dictionary.cpp, darts.h, connector.h): `sys.dic` is a double array of the
words' bytes, then ids and cost of each entry, then their features; `matrix.bin` is a cost for each
pair of ids.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

__all__ = ["Word", "folder", "joins", "words"]

_HEAD_BYTES: Final = 72
_SIZES: Final = slice(6, 9)  # of the three parts in the head's numbers
_TOKEN: Final = np.dtype(
    [("id", "<u2"), ("right", "<u2"), ("pos", "<u2"), ("cost", "<i2"), ("at", "<u4"), ("x", "<u4")]
)
_FIELDS: Final = 13  # features that are told
_SPOKEN: Final = 9


@dataclass(frozen=True)
class Word:
    """One of its entries."""

    letters: str
    number: int  # of its kind, for `joins`
    cost: int
    features: tuple[str, ...]  # part of speech in four, inflection, form, lemma, ...

    @property
    def spoken(self) -> str:
        """Katakana."""
        return self.features[_SPOKEN]


def folder() -> Path:
    """Where the package has it."""
    return Path(importlib.import_module("unidic_lite").DICDIR)


def joins() -> np.ndarray:
    """Costs by the number of a word, then that of the one before it, float32 (N, N)."""
    data = (folder() / "matrix.bin").read_bytes()
    n_left, n_right = np.frombuffer(data, "<u2", 2)
    return np.frombuffer(data, "<i2", offset=4).reshape(n_right, n_left).astype(np.float32)


def words() -> Iterator[Word]:
    """All of them, in no order."""
    data = (folder() / "sys.dic").read_bytes()
    array_bytes, token_bytes, _ = np.frombuffer(data, "<u4", 10)[_SIZES].tolist()
    units = np.frombuffer(data, "<i4", array_bytes // 4, _HEAD_BYTES).reshape(-1, 2).T.tolist()
    start = _HEAD_BYTES + array_bytes
    tokens = np.frombuffer(data, _TOKEN, token_bytes // _TOKEN.itemsize, start)
    features = start + token_bytes
    for key, first, count in _keys(*units):
        letters = key.decode()
        for token in tokens[first : first + count].tolist():
            number, _, _, cost, at, _ = token
            text = data[features + at : data.index(b"\0", features + at)].decode()
            yield Word(letters, number, cost, tuple(text.split(",")[:_FIELDS]))


def _keys(bases: list[int], checks: list[int]) -> Iterator[tuple[bytes, int, int]]:
    """Each word's bytes, the first of its tokens and how many it has."""
    waiting = [(0, b"")]
    while waiting:
        node, key = waiting.pop()
        base = bases[node]
        if checks[base] == base and bases[base] < 0:
            value = -bases[base] - 1
            yield key, value >> 8, value & 0xFF
        for byte in range(256):
            child = base + byte + 1
            if child < len(checks) and checks[child] == base:
                waiting.append((child, key + bytes([byte])))
