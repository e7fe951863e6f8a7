"""Stretches of sound that front ends learn on: cut anywhere, joined with gaps, at any level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.engine.frontend import HOP, log_mel, normalise
from emotalk_core.timing import SAMPLE_RATE

__all__ = ["Crops"]

_CONTEXT: Final = 400  # samples that log_mel wants beyond its frames


class Crops:
    """Mel windows from sounds.

    Parameters
    ----------
    sounds : sequence of float32 (n,)
        At 16 kHz.
    n_mels : int
        Mel frames of a window, 10 ms each.
    seed : int
    """

    def __init__(self, sounds: Sequence[np.ndarray], n_mels: int, seed: int) -> None:
        self._sounds, self._n_mels = sounds, n_mels
        self._rng = np.random.default_rng(seed)

    def batch(self, n: int) -> Tensor:
        """Normalised log-mel (n, n_mels, 80), half of it a little noisy."""
        return torch.from_numpy(np.stack([self._little_noise() for _ in range(n)]))

    def random_starts(self, below: int, n: int) -> list[int]:
        """Where n windows start in something with room for `below` starts."""
        return [int(p) for p in self._rng.integers(0, below, n)]

    def _samples(self) -> np.ndarray:
        rng, n = self._rng, self._n_mels * HOP + _CONTEXT
        parts: list[np.ndarray] = []
        while sum(map(len, parts)) < n:
            sound = self._sounds[int(rng.integers(len(self._sounds)))]
            if len(sound) > n:
                start = rng.integers(len(sound) - n)
                sound = sound[start : start + n]
            gain = 10 ** rng.uniform(-0.4, 0.0) / max(float(np.abs(sound).max()), 1e-3)
            gap = rng.choice([0.0, 0.1, rng.uniform(0.0, 1.5)])
            silence = np.zeros(int(gap * SAMPLE_RATE), np.float32)
            parts += [silence, (sound * gain).astype(np.float32)]
        samples = np.concatenate(parts)
        start = rng.integers(len(samples) - n + 1)
        return samples[start : start + n].copy()

    def _little_noise(self) -> np.ndarray:
        rng, samples = self._rng, self._samples()
        if rng.random() < 0.5:
            loudness = 10 ** rng.uniform(-4.5, -1.5) * np.abs(samples).max()
            samples += (rng.normal(0.0, 1.0, len(samples)) * loudness).astype(np.float32)
        return self._mel(samples, self._louder_elsewhere())

    def _louder_elsewhere(self) -> float:
        """By how much (log10 power) something outside the crop is louder than it."""
        return float(self._rng.choice([0.0, 0.0, self._rng.uniform(0.0, 1.0)]))

    def _mel(self, samples: np.ndarray, top_raise: float) -> np.ndarray:
        mel = log_mel(samples)[: self._n_mels]
        return normalise(mel, float(mel.max()) + top_raise).astype(np.float32)
