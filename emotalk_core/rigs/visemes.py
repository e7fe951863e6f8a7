"""Visemes, vowels and feelings out of the 52 curves, for rigs that have whole mouths or whole faces
in place of channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from .. import arkit
from .tables import read_table

__all__ = [
    "DERIVED_PREFIXES",
    "FEELINGS",
    "VISEMES",
    "VOWELS",
    "derived_channels",
    "feeling_weights",
    "felt_channels",
    "viseme_distances",
    "viseme_weights",
    "vowel_weights",
]

DERIVED_PREFIXES: Final = ("viseme.", "vowel.", "feeling.")
"""Channels of these names are computed from the others: viseme.PP, vowel.aa, feeling.happy."""

FEELINGS: Final = ("happy", "sad", "angry", "fearful", "disgust", "surprised")
"""Emotions that have a face of their own; calm and neutral are what is left."""

VISEMES: Final = (
    "sil",
    "PP",
    "FF",
    "TH",
    "DD",
    "kk",
    "CH",
    "SS",
    "nn",
    "RR",
    "aa",
    "E",
    "ih",
    "oh",
    "ou",
)
"""Order of Oculus LipSync and of OpenXR's XR_META_face_tracking_visemes."""

VOWELS: Final = ("aa", "ih", "ou", "ee", "oh")
"""VRM 1.0's names, its order."""

_VOWEL_VISEME: Final = {"aa": "aa", "ih": "ih", "ou": "ou", "ee": "E", "oh": "oh"}

# How much an error in a channel counts. Pressed and rolled lips move little and say most; smile and
# frown belong to the feeling, so they are not looked at.
_TRUST: Final = {
    "mouthPress": 4.0,
    "mouthRoll": 3.0,
    "mouthClose": 2.0,
    "mouthFunnel": 1.5,
    "mouthPucker": 1.5,
}
_UNWANTED: Final = 0.02  # cost of each viseme that takes part: keeps the answer sparse
_SWEEPS: Final = 40  # of coordinate descent; more change nothing in the third decimal


def derived_channels(faces: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """float32 (T, len(names)): the `viseme.…`, `vowel.…` and `feeling.…` curves of `faces` (T, 52).

    A name that does not exist is 0.
    """
    curves: dict[str, np.ndarray] = {}
    for prefix, kinds, weigh in (
        ("viseme.", VISEMES, viseme_weights),
        ("vowel.", VOWELS, vowel_weights),
        ("feeling.", FEELINGS, feeling_weights),
    ):
        if any(name.startswith(prefix) for name in names):
            columns = zip(kinds, weigh(faces).T, strict=True)
            curves |= {f"{prefix}{kind}": curve for kind, curve in columns}
    nothing = np.zeros(len(faces), np.float32)
    return np.column_stack([curves.get(name, nothing) for name in names]).astype(np.float32)


def viseme_weights(faces: np.ndarray) -> np.ndarray:
    """float32 (T, 15), 0..1: how much of each viseme's mouth is in each row of `faces` (T, 52).

    A non-negative least-squares fit of the mouth channels; "sil" is what the others leave of 1.
    """
    mouths, trust = _mouths()
    weights = _fit(faces * trust, mouths * trust)
    total = weights.sum(1, keepdims=True)
    weights /= np.maximum(total, 1.0)
    return np.hstack([1.0 - np.minimum(total, 1.0), weights]).astype(np.float32)


def viseme_distances(faces: np.ndarray) -> np.ndarray:
    """float32 (T, 15): squared distance of each row of `faces` (T, 52) from each viseme's mouth,
    channels counting as much as they say; "sil" is the mouth at rest.
    """
    mouths, trust = _mouths()
    rows, basis = faces * trust, np.vstack([np.zeros_like(mouths[:1]), mouths]) * trust
    squares = (rows**2).sum(1)[:, None] + (basis**2).sum(1) - 2.0 * rows @ basis.T
    return np.maximum(squares, 0.0).astype(np.float32)


def vowel_weights(faces: np.ndarray) -> np.ndarray:
    """float32 (T, 5), 0..1: the two strongest vowels of each row, together at most 1; 0 where the
    lips are shut.

    A plain sum of five vowel keys always looks like "A"; so do three of them.
    """
    mouths, trust = _mouths()
    named = [VISEMES.index(_VOWEL_VISEME[vowel]) - 1 for vowel in VOWELS]
    closed = VISEMES.index("PP") - 1
    weights = _fit(faces * trust, mouths[[*named, closed]] * trust)
    vowels, shut = weights[:, :-1], np.minimum(weights[:, -1:], 1.0)
    third = np.sort(vowels, axis=1)[:, -3:-2]
    vowels = np.where(vowels > third, vowels, 0.0)
    return (vowels / np.maximum(vowels.sum(1, keepdims=True), 1.0) * (1.0 - shut)).astype(
        np.float32
    )


def feeling_weights(faces: np.ndarray) -> np.ndarray:
    """float32 (T, 6), 0..1, together at most 1: how much of each feeling's face is in each row of
    `faces` (T, 52).

    Brows, lids, cheeks, nose and mouth corners alone are looked at, so that lips may speak.
    """
    patterns, trust = _patterns("feeling_faces", FEELINGS)
    weights = _fit(faces * trust, patterns * trust)
    return (weights / np.maximum(weights.sum(1, keepdims=True), 1.0)).astype(np.float32)


@cache
def felt_channels() -> frozenset[str]:
    """ARKit's names of what `feeling_weights` looks at."""
    _faces, trust = _patterns("feeling_faces", FEELINGS)
    return frozenset(arkit.CHANNELS[i] for i in np.flatnonzero(trust))


@cache
def _mouths() -> tuple[np.ndarray, np.ndarray]:
    """float32 (14, 52): the mouths of all visemes but "sil", and (52,) the trust in each
    channel.
    """
    return _patterns("viseme_mouths", VISEMES[1:])


def _patterns(table: str, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """float32 (N, 52): the faces of a table, and (52,) the trust in each channel, 0 for those of
    which it says nothing.
    """
    mix = read_table(table)["mix"]
    faces = np.zeros((len(names), arkit.N_CHANNELS), np.float32)
    trust = np.zeros(arkit.N_CHANNELS, np.float32)
    for row, name in enumerate(names):
        for stem, value in mix[name].items():
            for i in _columns(stem):
                faces[row, i] = value
                trust[i] = next((t for part, t in _TRUST.items() if stem.startswith(part)), 1.0)
    sided = np.array(
        [name.endswith(("Left", "Right")) and name not in _WHOLE for name in arkit.CHANNELS]
    )
    trust[sided] *= 0.5**0.5  # two sides of one movement count once
    return faces, trust


_WHOLE: Final = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def _columns(stem: str) -> list[int]:
    names = [stem] if stem in arkit.CHANNELS else [f"{stem}Left", f"{stem}Right"]
    return [arkit.index(name) for name in names]


def _fit(target: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """float32 (T, N) ≥ 0 that minimises |target - weights·basis|² + a small cost per weight, row by
    row.

    Coordinate descent on all rows at once: each weight in turn takes its best value, the others
    held.
    """
    gram = basis @ basis.T
    pull = np.ascontiguousarray((target @ basis.T - _UNWANTED * np.sqrt(np.diag(gram)) * 0.5).T)
    # Start from the one mouth that explains the row best: neighbours such as t, n and k are nearly
    # the same mouth, and from zero the descent would share the row out among them.
    diagonal = np.diag(gram)[:, None]
    best = (np.maximum(pull, 0.0) ** 2 / diagonal).argmax(0)
    weights = np.zeros_like(pull)
    rows = np.arange(len(target))
    weights[best, rows] = np.maximum(pull / diagonal, 0.0)[best, rows]
    for _sweep in range(_SWEEPS):
        for n in range(len(basis)):
            rest = gram[n] @ weights - gram[n, n] * weights[n]
            np.maximum((pull[n] - rest) / gram[n, n], 0.0, out=weights[n])
    return weights.T
