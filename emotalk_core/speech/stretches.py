"""A long sound in pieces that a recogniser can take at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ..audio import SoundSource
from ..timing import SAMPLE_RATE

__all__ = ["stretches"]

_LONGEST_S, _LATEST_S = 300, 60
"""Of a stretch that is heard at once, and before its end the seconds in which it may be cut."""
_QUIET_S: Final = 0.2


def stretches(sound: SoundSource) -> Iterator[np.ndarray]:
    """A sound in pieces of five minutes at most, float32 (n,), cut where it is quiet."""
    held = np.zeros(0, np.float32)
    for block in sound.blocks():
        held = np.concatenate([held, block])
        while len(held) > _LONGEST_S * SAMPLE_RATE:
            cut = _quietest(held[: _LONGEST_S * SAMPLE_RATE])
            yield held[:cut]
            held = held[cut:]
    if len(held):
        yield held


def _quietest(samples: np.ndarray) -> int:
    """Where the last minute is quietest."""
    first, wide = len(samples) - _LATEST_S * SAMPLE_RATE, round(_QUIET_S * SAMPLE_RATE)
    power = np.cumsum(np.square(samples[first:], dtype=np.float64))
    return first + int((power[wide:] - power[:-wide]).argmin()) + wide // 2
