"""A spoken clip: sound with the phones in it, and how it was made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emotalk_core.timing import SAMPLE_RATE
from training.faces import Phone

__all__ = ["Acted", "SpokenClip", "with_samples"]


@dataclass(frozen=True)
class Acted:
    """Where a clip of a parallel set belongs: clips of one voice and sentence are pairs."""

    speaker: str
    sentence: str
    emotion: str
    level: int  # 0 normal, 1 strong


@dataclass(frozen=True, eq=False)
class SpokenClip:
    """Sound made by code; its phones are known, not heard."""

    samples: np.ndarray  # float32 (n,), mono, 16 000 Hz, -1..1
    phones: tuple[Phone, ...]  # in order, without gaps
    engine: str
    language: str
    voice: str  # the engine's voice, and what was done to it
    seed: tuple[int, ...] = ()
    acted: Acted | None = None  # of a parallel set: which words, which feeling

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / SAMPLE_RATE


def with_samples(clip: SpokenClip, samples: np.ndarray, *, note: str) -> SpokenClip:
    """The same words with another sound of the same length."""
    return replace(clip, samples=samples.astype(np.float32), voice=f"{clip.voice} {note}")
