"""The point in the emotion latent space that the decoder is told: voice, contrast, sliders and
intensity.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..controls import EMOTIONS, FrameControls
from .product import product

__all__ = ["beside", "beside_usual", "emotion_latent", "sharpened", "with_contrast"]

_FEELINGS: Final = slice(EMOTIONS.index("happy"), None)  # neutral and calm are the lack of any
_SHARPEST: Final = 4.0  # power of the shares at contrast 1; with 8 faces snap where two are even
_NOTHING: Final = 1e-12  # keeps what nothing is felt in from dividing by zero


def emotion_latent(
    voice: np.ndarray, controls: FrameControls, prototypes: np.ndarray
) -> np.ndarray:
    """Latent, float32 (T, E): (1 - mix) voice + mix sliders, moved from neutral by intensity.

    Parameters
    ----------
    voice : float (T, E)
        Where the voice itself stands.
    prototypes : float32 (8, E)
        Where each emotion stands; neutral first.
    """
    weights = np.asarray(controls.weights, np.float32)
    neutral = prototypes[0]
    # Weights that leave room leave it to neutral; weights beyond 1 in all are a blend.
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
    sliders = product(np.ascontiguousarray(weights / total), prototypes - neutral)
    mix = np.asarray(controls.mix, np.float32)[:, None]
    away = (1.0 - mix) * (np.asarray(voice, np.float32) - neutral) + mix * sliders
    return neutral + np.asarray(controls.intensity, np.float32)[:, None] * away


def beside_usual(voice: np.ndarray, more: tuple[float, ...], prototypes: np.ndarray) -> np.ndarray:
    """Where the voice stands beside how it usually sounds, float32 (T, E); without that `voice`
    itself.

    Parameters
    ----------
    voice : float (T, E)
        Of a starter: a mixture of the prototypes.
    more : tuple of 8 floats
        Of `usual_voice.UsualVoice`; empty: not known.
    prototypes : float32 (8, E)
        Where each emotion stands; neutral first.
    """
    if not more:
        return voice
    voice = np.ascontiguousarray(voice, np.float32)
    shares = product(voice, np.ascontiguousarray(np.linalg.pinv(prototypes)))
    return product(np.ascontiguousarray(beside(shares, more)), prototypes)


def beside(shares: np.ndarray, more: tuple[float, ...]) -> np.ndarray:
    """Shares of the emotions (T, 8) as they are heard beside a usual voice's `more`, float32; their
    sum stays. Without any, `shares` themselves.
    """
    if not more:
        return shares
    felt = np.asarray(shares, np.float32).clip(0.0, None)  # float16 may have rounded below 0
    less = felt * np.exp(-np.array(more, np.float32))
    scale = felt.sum(axis=1, keepdims=True) / np.maximum(less.sum(axis=1, keepdims=True), _NOTHING)
    return less * scale


def with_contrast(voice: np.ndarray, contrast: float, prototypes: np.ndarray) -> np.ndarray:
    """Where the voice stands once the strongest of its feelings stands for the others, float32
    (T, E); at contrast 0 `voice` itself.

    Neutral and calm stay as they are, and so does the sum of the six feelings.

    Parameters
    ----------
    voice : float (T, E)
        Of a starter: a mixture of the prototypes.
    contrast : float
        0..1.
    prototypes : float32 (8, E)
        Where each emotion stands; neutral first.
    """
    if contrast == 0.0:
        return voice
    voice = np.ascontiguousarray(voice, np.float32)
    # Its own shares, not those that are reported: the face is more careful than the report, and
    # must stay a mixture of prototypes.
    mixed = np.ascontiguousarray(np.linalg.pinv(prototypes)[:, _FEELINGS])
    felt = product(voice, mixed).clip(0.0, None)  # float16 may have rounded below 0
    away = np.ascontiguousarray(sharpened(felt, contrast) - felt)
    return voice + product(away, prototypes[_FEELINGS])


def sharpened(felt: np.ndarray, contrast: float) -> np.ndarray:
    """Shares (T, n) of feelings with the same sums and the same order, further apart."""
    strongest = felt.max(axis=1, keepdims=True)
    apart = (felt / np.maximum(strongest, _NOTHING)) ** (_SHARPEST**contrast)
    total = felt.sum(axis=1, keepdims=True)
    return total * apart / np.maximum(apart.sum(axis=1, keepdims=True), _NOTHING)
