"""What the content is like while each phone is heard: for phones that somebody tells where the
voice says something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from ..atomic_file import atomic_file
from ..model.config import PHONES
from ..model.folder import starter_folder

__all__ = ["mean_contents", "typical_contents", "write_contents"]

_FILE: Final = "contents.npz"

# Phones that are hardly ever heard are much like others.
_LIKE: Final = {
    "ɐ": "ʌ", "ə": "ʌ", "y": "u", "ø": "o", "œ": "o", "ɨ": "ɪ", "ɯ": "ʊ", "ɥ": "w", "ɕ": "ʃ",
    "ʒ": "ʃ", "θ": "t", "ð": "d", "x": "k", "β": "b", "v": "f",
}  # fmt: skip
_OF_ALIKE: Final = 5.0  # frames that such a phone weighs beside those in which it is heard itself


@cache
def typical_contents(engine_key: str) -> np.ndarray | None:
    """The content of each of `PHONES`, float32 (46, C), for an engine that runs the model that it
    was measured with; None for others.
    """
    with np.load(starter_folder() / _FILE) as file:
        if not engine_key.startswith(str(file["model"])):
            return None
        return np.asarray(file["contents"], np.float32)


def mean_contents(contents: Sequence[np.ndarray], width: int) -> np.ndarray:
    """Means of what is said, float32 (46, width), over frames by how surely they are each phone;
    `contents` of Encodings, each (T, width + 46).
    """
    rows = np.concatenate([np.asarray(one, np.float64) for one in contents])
    sure = rows[:, width:] ** 2
    sums, weights = sure.T @ rows[:, :width], sure.sum(axis=0)
    means = sums / np.maximum(weights, 1e-9)[:, None]
    for phone, other in _LIKE.items():
        i, j = PHONES.index(phone), PHONES.index(other)
        means[i] = (sums[i] + _OF_ALIKE * means[j]) / (weights[i] + _OF_ALIKE)
    return means.astype(np.float32)


def write_contents(contents: np.ndarray, model_key: str, folder: Path) -> None:
    """Keep `contents` (46, C) of the model with this key in its folder."""
    with atomic_file(folder / _FILE) as file:
        np.savez(file, contents=contents.astype(np.float16), model=model_key)
