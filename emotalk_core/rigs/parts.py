"""Which part of a face a target moves, in animators' words: how its curves are grouped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["WHOLE_FACE", "part_of_face"]

WHOLE_FACE: Final = "Face"
"""What moves several parts: a feeling, an expression of FLAME's."""

_BEGINNINGS: Final = {
    "Brows": ("brow",),
    "Eyes": ("eye",),
    "Cheeks and Nose": ("cheek", "nose"),
    "Jaw": ("jaw",),
    "Mouth": ("mouth", "tongue", "viseme.", "vowel."),
    "Head": ("head",),
}
"""Of channels' names, by part. Gain sliders take hold of larger ones: `arkit.REGIONS`."""

_MOST: Final = 0.75  # of all weights: what makes a target that of one part


def part_of_face(sources: Iterable[tuple[str, float]]) -> str:
    """The part that has most of the weight of these channels, else `WHOLE_FACE`.

    >>> part_of_face([("eyeBlinkLeft", 0.5), ("eyeBlinkRight", 0.5)])
    'Eyes'
    """
    shares = dict.fromkeys((*_BEGINNINGS, WHOLE_FACE), 0.0)
    for channel, weight in sources:
        shares[_part_of(channel)] += abs(weight)
    part = max(shares, key=lambda name: shares[name])
    return part if shares[part] > _MOST * sum(shares.values()) else WHOLE_FACE


def _part_of(channel: str) -> str:
    named = (part for part, begins in _BEGINNINGS.items() if channel.startswith(begins))
    return next(named, WHOLE_FACE)
