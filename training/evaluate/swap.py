"""What one voice says with the feeling of another: lips stay, the face changes over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.controls import Controls
from emotalk_core.engine import Encoding
from emotalk_core.shaping.aperture import aperture_mm

from ..datasets import Recording
from .studio import Studio, bare

__all__ = ["swap_scores"]

_FACE: Final = [
    *arkit.BROWS,
    *arkit.EYES,
    *arkit.indices("mouthSmile", "mouthFrown", "noseSneer", "cheekSquint"),
]
_PLAIN: Final = bare(Controls())
_APART: Final = 0.1  # faces nearer to each other than this have nothing to change over to


def swap_scores(studio: Studio, recordings: Sequence[Recording]) -> dict[str, float]:
    """Content of each recording with the feeling of the one that follows it in the list.

    Returns
    -------
    dict
        `aperture_r`: of the lip gap with the recording's own, over all pairs; `moved`: which share
        of the way from its own mean face (brows, lids, cheeks, mouth corners) to the other's it
        goes, mean over the `pairs` whose faces differ.
    """
    gaps: list[np.ndarray] = []
    moved: list[float] = []
    heard = [studio.encode(recording) for recording in recordings]
    for own, lent in zip(heard, [*heard[1:], *heard[:1]], strict=True):
        a, b = studio.decode(own, _PLAIN), studio.decode(lent, _PLAIN)
        swapped = studio.decode(_with_feeling(own, lent), _PLAIN)
        gaps.append(np.stack([aperture_mm(swapped), aperture_mm(a)]))
        way = (b.mean(axis=0) - a.mean(axis=0))[_FACE]
        if np.linalg.norm(way) > _APART:
            gone = (swapped.mean(axis=0) - a.mean(axis=0))[_FACE]
            moved.append(float(gone @ way / (way @ way)))
    joined = np.concatenate(gaps, axis=1)
    return {
        "aperture_r": float(np.corrcoef(joined)[0, 1]),
        "moved": float(np.mean(moved)) if moved else float("nan"),
        "pairs": len(moved),
    }


def _with_feeling(own: Encoding, lent: Encoding) -> Encoding:
    """`own` with the other's feeling, which lasts as long as it: read at the same share of it."""
    at = np.linspace(0, lent.n_frames - 1, own.n_frames).round().astype(int)
    return replace(own, emotion=lent.emotion[at], heard=lent.heard[at])
