"""Sentences by seed from word lists of our own: nonsense that uses every sound of a language."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

__all__ = ["languages", "sentence"]


@cache
def _table() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return {
        language: tuple(dict.fromkeys(words.split())) for language, words in table["voices"].items()
    }


def languages() -> tuple[str, ...]:
    """Languages with a word list, by espeak-ng's names."""
    return tuple(_table())


def sentence(language: str, rng: np.random.Generator, *, n_words: int) -> str:
    """A sentence of `n_words`, with a comma here and there."""
    words = [str(w) for w in rng.choice(_table()[language], n_words)]
    for i in range(2, n_words - 1):
        if rng.random() < 0.12:
            words[i] += ","
    return " ".join(words) + str(rng.choice([".", ".", ".", "?", "!"]))
