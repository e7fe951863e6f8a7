"""Sounds with the rhythm of speech for tests of engines, and how two Encodings are compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emotalk_core.controls import Controls, ControlTrack, FrameControls
from emotalk_core.engine import Encoding

RATE = 16_000


class Blocks:
    """A sound that comes in blocks of one size."""

    key = "test"

    def __init__(self, samples: np.ndarray, size: int) -> None:
        self._samples, self._size = samples, size
        self.n_samples = len(samples)

    def blocks(self) -> Iterator[np.ndarray]:
        for start in range(0, self.n_samples, self._size):
            yield self._samples[start : start + self._size]


def babble(seconds: float, seed: int = 0) -> np.ndarray:
    """Something with the rhythm of speech: buzzing bursts of changing colour."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    voice = sum(np.sin(2 * np.pi * 120 * k * t + k) / k for k in range(1, 30))
    rhythm = np.maximum(np.sin(2 * np.pi * 2.1 * t) + 0.3 * np.sin(2 * np.pi * 5.3 * t), 0.0)
    return (0.1 * voice * rhythm + 0.01 * rng.standard_normal(len(t)) * rhythm).astype(np.float32)


def joined(pieces: Iterator[Encoding]) -> Encoding:
    return Encoding.joined(pieces)


def told(n: int, controls: Controls | None = None) -> FrameControls:
    return ControlTrack(controls or Controls()).frames(np.arange(n) / 30.0)


def largest_difference(a: Encoding, b: Encoding) -> float:
    pairs = zip(a.arrays.values(), b.arrays.values(), strict=True)
    return max(float(np.abs(one - other).max()) for one, other in pairs)
