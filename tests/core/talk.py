"""Curves and levels of somebody who talks, made by formula."""

from __future__ import annotations

import numpy as np

from emotalk_core import arkit

JAW, CLOSE = arkit.index("jawOpen"), arkit.index("mouthClose")


def talk(n_frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Curves that articulate, and the level of phrases of 2 s with pauses of 1 s."""
    rng = np.random.default_rng(seed)
    values = np.zeros((n_frames, arkit.N_CHANNELS), np.float32)
    times = np.arange(n_frames) / 30
    values[:, JAW] = (
        0.25 + 0.2 * np.sin(2 * np.pi * 3.7 * times) + 0.03 * rng.standard_normal(n_frames)
    )
    values[:, CLOSE] = 0.1 + 0.1 * np.sin(2 * np.pi * 1.3 * times)
    values[:, arkit.index("mouthSmileLeft")] = 0.4
    level = np.where(times % 3 < 2, -4 + 2 * rng.standard_normal(n_frames), -70).astype(np.float32)
    return np.clip(values, 0, 1), level


def speech_with_closures(rng: np.random.Generator, n_closures: int) -> np.ndarray:
    """An open mouth that shuts for a single frame now and then: the hardest case."""
    values = np.zeros((n_closures * 8 + 8, arkit.N_CHANNELS), np.float32)
    jaw, close = arkit.index("jawOpen"), arkit.index("mouthClose")
    values[:, jaw] = rng.uniform(0.25, 0.5, len(values))
    at = 8 * np.arange(1, n_closures + 1) + rng.integers(-2, 3, n_closures)
    values[at, jaw] = 0.2
    values[at, close] = 0.2
    return values
