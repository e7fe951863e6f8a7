"""What each emotion slider does to the face, and whether speech survives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS
from emotalk_core.shaping.aperture import aperture_mm

from ..datasets import Recording
from .studio import Studio, slider

__all__ = ["EXPECTED", "slider_scores"]

EXPECTED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    # Every group must rise by 0.2; of a group, one channel is enough.
    "happy": (("mouthSmile",), ("cheekSquint",)),
    "sad": (("browInnerUp",), ("mouthFrown",)),
    "angry": (("browDown",), ("eyeSquint", "mouthPress", "noseSneer")),
    "fearful": (("browInnerUp",), ("eyeWide",), ("mouthStretch",)),
    "disgust": (("noseSneer",), ("mouthUpperUp", "browDown")),
    "surprised": (("browInnerUp",), ("browOuterUp",), ("eyeWide",), ("jawOpen",)),
}
_CALM_LIMIT: Final = 0.15
_TOLD_APART_BY: Final = (
    *arkit.BROWS,
    *arkit.EYES,
    *arkit.indices("mouthSmile", "mouthFrown", "noseSneer"),
)


def slider_scores(studio: Studio, recordings: Sequence[Recording]) -> dict[str, object]:
    """Mean change of the expected channels, how well emotions are told apart, and how far lips stay
    the same.
    """
    faces = {e: [studio.curves(r, slider(e)) for r in recordings] for e in EMOTIONS}
    neutral = np.concatenate(faces["neutral"]).mean(axis=0)
    change = {e: np.concatenate(faces[e]).mean(axis=0) - neutral for e in EMOTIONS}
    directions = {
        e: {
            "/".join(group): max(_mean(change[e], channel) for channel in group) for group in groups
        }
        for e, groups in EXPECTED.items()
    }
    gaps = {e: [aperture_mm(f) for f in faces[e]] for e in EMOTIONS}
    return {
        "change": directions,
        "direction": all(v >= 0.2 for groups in directions.values() for v in groups.values()),
        "calm_largest": float(np.abs(change["calm"]).max()),
        "calm": bool(np.abs(change["calm"]).max() <= _CALM_LIMIT),
        "separable": _separable(faces),
        "aperture_r": {
            e: float(np.corrcoef(np.concatenate(gaps[e]), np.concatenate(gaps["neutral"]))[0, 1])
            for e in EMOTIONS
        },
    }


def _mean(change: np.ndarray, name: str) -> float:
    return float(change[list(arkit.indices(name))].mean())


def _separable(faces: dict[str, list[np.ndarray]]) -> float:
    """Leave-one-clip-out accuracy of the nearest emotion's mean face."""
    means = np.stack(
        [[f[:, list(_TOLD_APART_BY)].mean(axis=0) for f in faces[e]] for e in EMOTIONS]
    )
    total, n = means.sum(axis=1), means.shape[1]
    hits = []
    for clip in range(n):
        centres = (total - means[:, clip]) / max(n - 1, 1)
        distance = ((means[:, clip, None] - centres[None]) ** 2).sum(axis=-1)
        hits += list(distance.argmin(axis=1) == np.arange(len(EMOTIONS)))
    return float(np.mean(hits))
