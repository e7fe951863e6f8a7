"""The point in the emotion latent space that the decoder is told: voice, sliders and intensity."""

from __future__ import annotations

import numpy as np

from ..controls import FrameControls
from .product import product

__all__ = ["emotion_latent"]


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
