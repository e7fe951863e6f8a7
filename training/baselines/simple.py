"""What a network must beat: one face for all sounds, and a jaw that follows the loudness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotalk_core.timing import SAMPLE_RATE

from ..data.takes import Take
from ..datasets import load_samples
from ..faces.loudness import loudness_db

__all__ = ["ConstantFace", "LoudnessJaw"]


class ConstantFace:
    """The mean of all training curves, for ever."""

    def __init__(self, takes: Sequence[Take]) -> None:
        self._face = np.concatenate([t.curves for t in takes]).mean(0)

    def curves(self, take: Take, n_frames: int) -> np.ndarray:
        """float32 (T, 52)."""
        del take
        return np.tile(self._face, (n_frames, 1))


class LoudnessJaw:
    """Every channel a straight line of the level below the clip's loud parts: least squares."""

    def __init__(self, takes: Sequence[Take]) -> None:
        level = np.concatenate([self._level(t, len(t.curves)) for t in takes])
        curves = np.concatenate([t.curves for t in takes])
        inputs = np.stack([level, np.ones_like(level)], 1)
        self._lines = np.linalg.lstsq(inputs, curves, rcond=None)[0]

    def curves(self, take: Take, n_frames: int) -> np.ndarray:
        """float32 (T, 52)."""
        level = self._level(take, n_frames)
        inputs = np.stack([level, np.ones_like(level)], 1)
        return (inputs @ self._lines).astype(np.float32)

    @staticmethod
    def _level(take: Take, n_frames: int) -> np.ndarray:
        db = loudness_db(load_samples(take.source), SAMPLE_RATE)[:n_frames]
        db = np.pad(db, (0, n_frames - len(db)), mode="edge")
        return np.clip((db - np.percentile(db, 95)) / 40.0, -1.0, 0.2)
