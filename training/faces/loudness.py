"""Level of a recording per frame of animation."""

from __future__ import annotations

import numpy as np

from .speech import FPS, n_frames

__all__ = ["loudness_db"]

_HALF_WINDOW_S = 0.020
_FLOOR = 1e-9  # mean square: -90 dB


def loudness_db(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """float32 (T,): level in dB of full scale within 20 ms of each frame at 30 fps."""
    energy = np.concatenate([[0.0], np.cumsum(np.asarray(samples, np.float64) ** 2)])
    middle = np.arange(n_frames(len(samples) / sample_rate)) * sample_rate / FPS
    half = _HALF_WINDOW_S * sample_rate
    first = np.clip(np.round(middle - half).astype(int), 0, len(samples))
    last = np.clip(np.round(middle + half).astype(int) + 1, 0, len(samples))
    mean = (energy[last] - energy[first]) / np.maximum(last - first, 1)
    return (10.0 * np.log10(np.maximum(mean, _FLOOR))).astype(np.float32)
