"""The cheap first pass of the published network's engine: what must be known of a whole sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ..model.config import FrontEndConfig
from ..progress import Progress, silent
from ..timing import frame_count
from .frontend import HOP, log_mel
from .starter import frame_positions
from .windows import levels_of_power, n_states

if TYPE_CHECKING:
    from ..audio import SoundSource

__all__ = ["Measured", "measure"]

_MARGIN: Final = 200  # samples of context that log_mel wants on each side
_FRAMES: Final = 200  # mel frames at once, 2 s


@dataclass(frozen=True, eq=False)
class Measured:
    """One sound before it is heard."""

    mean: float
    deviation: float
    level: np.ndarray  # float32 (T,): dB relative to the sound's top, as the starter has it


def measure(sound: SoundSource, *, fps: int, progress: Progress = silent) -> Measured:
    """Mean, deviation and levels of a sound in one pass: 3 MB for an hour."""
    total = squares = 0.0
    n_done, powers, top = 0, [], FrontEndConfig().top_floor
    held = np.zeros(_MARGIN + 2 * HOP, np.float32)  # the first state also looks back
    for block in _with_end(sound.blocks()):
        wide = block.astype(np.float64)
        total, squares = total + float(wide.sum()), squares + float(wide @ wide)
        held = np.concatenate([held, block])
        n_done += len(block)
        while len(held) >= _FRAMES * HOP + 2 * _MARGIN - HOP:
            mel = log_mel(held[: _FRAMES * HOP + 2 * _MARGIN - HOP])
            top = max(top, float(mel.max(initial=top)))
            powers.append(np.power(10.0, mel.astype(np.float64)).sum(axis=1).astype(np.float32))
            held = held[_FRAMES * HOP :]
        progress(min(1.0, n_done / max(sound.n_samples, 1)), "Measuring the level")
    n = max(sound.n_samples, 1)
    mean = total / n
    variance = max(squares / n - mean * mean, 0.0)
    return Measured(
        mean, float(np.sqrt(variance + 1e-7)), _levels(np.concatenate(powers), top, sound, fps)
    )


def _with_end(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The sound, and silence behind it so that its last states are complete."""
    yield from blocks
    yield np.zeros(2 * _FRAMES * HOP, np.float32)


def _levels(power: np.ndarray, top: float, sound: SoundSource, fps: int) -> np.ndarray:
    """Level of each frame, from the power of each mel frame."""
    n_mels = 2 * n_states(sound.n_samples) + 2
    states = levels_of_power(power[:n_mels] / np.float32(10.0**top))[1:]
    before, share = frame_positions(0, frame_count(sound.n_samples), fps)
    after = np.minimum(before + 1, len(states) - 1)
    return states[before] * (1.0 - share) + states[after] * share
