"""The window grid of the front end: sound in blocks of any size in, overlapping windows of mel,
cross-faded stretches out.

The windows are part of the network: training cuts the same ones. Window i starts at state i * hop -
context, so every
state is heard with context on both sides; beyond the sound there is silence. State j is due at j /
50 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..model.config import FrontEndConfig
from ..timing import SAMPLE_RATE
from .frontend import HOP, STATE_RATE, log_mel, mel_power_max

__all__ = [
    "LOUD_DB",
    "QUIET_DB",
    "Window",
    "cross_fade",
    "fade_weights",
    "levels_of_power",
    "mel_blocks",
    "mel_windows",
    "n_states",
    "n_windows",
    "sound_top",
    "state_levels",
]

_STATE_SAMPLES = SAMPLE_RATE // STATE_RATE
_MARGIN = 200  # samples of context that log_mel wants on each side
_ROWS = 100  # of mel at a time, 1 s
QUIET_DB, LOUD_DB = -80.0, 20.0


@dataclass(frozen=True, eq=False)
class Window:
    """One window of the grid."""

    index: int
    mel: np.ndarray  # float32 (2 W, 80), W window or fewer: log10 power, not normalised


def n_states(n_samples: int) -> int:
    """States that the frames of a sound of `n_samples` look at."""
    return -(-n_samples // _STATE_SAMPLES) + 1


def n_windows(n_samples: int, grid: FrontEndConfig) -> int:
    """Windows that cover a sound of `n_samples`."""
    return -(-n_states(n_samples) // grid.hop)


def mel_blocks(
    blocks: Iterable[np.ndarray], n_samples: int, grid: FrontEndConfig
) -> Iterator[np.ndarray]:
    """Log10 mel power of a sound from the first window's start to the last one's end.

    Parameters
    ----------
    blocks : iterable of float32 (n,)
        The sound at 16 kHz in blocks of any size, `n_samples` in all.

    Yields
    ------
    float32 (M, 80)
        Consecutive rows at 100 Hz, a second or less at a time.
    """
    # The first window starts `context` states before the sound, and each row reaches _MARGIN
    # further back.
    held = [np.zeros(grid.context * _STATE_SAMPLES + _MARGIN, np.float32)]
    n_held, source = len(held[0]), iter(blocks)
    n_left = 2 * (n_states(n_samples) + 2 * grid.context)
    while n_left:
        n_rows = min(_ROWS, n_left)
        size = (n_rows - 1) * HOP + 2 * _MARGIN
        while n_held < size:
            block = next(source, None)
            held.append(np.zeros(size - n_held, np.float32) if block is None else block)
            n_held += len(held[-1])
        samples = np.concatenate(held)
        yield log_mel(samples[:size])
        held, n_held = [samples[n_rows * HOP :]], n_held - n_rows * HOP
        n_left -= n_rows


def sound_top(mels: Iterable[np.ndarray], grid: FrontEndConfig) -> float:
    """Largest log10 mel power of the rows of a whole sound, not less than the grid's floor."""
    return max(grid.top_floor, *(mel_power_max(mel) for mel in mels))


def _window_states(index: int, n_samples: int, grid: FrontEndConfig) -> int:
    """Length of a window: the last one ends `context` states behind the sound."""
    return min(grid.window, n_states(n_samples) + 2 * grid.context - index * grid.hop)


def mel_windows(
    mels: Iterable[np.ndarray], n_samples: int, grid: FrontEndConfig
) -> Iterator[Window]:
    """The windows of a sound in order, from its `mel_blocks`; holds little more than one window."""
    held: list[np.ndarray] = []
    n_held, source = 0, iter(mels)
    for index in range(n_windows(n_samples, grid)):
        size = 2 * _window_states(index, n_samples, grid)
        while n_held < size:
            held.append(next(source))
            n_held += len(held[-1])
        rows = np.concatenate(held)
        yield Window(index, rows[:size])
        held, n_held = [rows[2 * grid.hop :].copy()], n_held - 2 * grid.hop


def state_levels(mel: np.ndarray, top: float) -> np.ndarray:
    """Level of each state, float32 (M / 2,) in dB relative to the sound's top, from log10 mel power
    (M, 80).
    """
    return levels_of_power(np.power(np.float32(10.0), np.maximum(mel - top, -10.0)).sum(axis=1))


def levels_of_power(power: np.ndarray) -> np.ndarray:
    """Level of each state in dB, from the power (M,) of each mel frame relative to the top."""
    # A state looks at about four mel frames; two on each side of its centre keep onsets in place.
    padded = np.pad(power, (2, 1), mode="edge")
    around = (padded[0:-3:2] + padded[1:-2:2] + padded[2:-1:2] + padded[3::2]) / 4.0
    return np.clip(10.0 * np.log10(around + 1e-10), QUIET_DB, LOUD_DB).astype(np.float32)


def fade_weights(index: int, count: int, grid: FrontEndConfig) -> np.ndarray:
    """Share of window `index` of `count` in each of its states, float32 (window,); neighbours add
    up to 1.
    """
    weights = np.ones(grid.window, np.float32)
    outer = grid.context - grid.fade // 2
    ramp = (np.arange(grid.fade, dtype=np.float32) + 0.5) / grid.fade
    if index > 0:
        weights[:outer] = 0.0
        weights[outer : outer + grid.fade] = ramp
    if index < count - 1:
        weights[grid.window - outer :] = 0.0
        weights[grid.window - outer - grid.fade : grid.window - outer] = ramp[::-1]
    return weights


def cross_fade(
    windows: Iterable[np.ndarray], count: int, grid: FrontEndConfig
) -> Iterator[np.ndarray]:
    """Consecutive stretches of states from overlapping windows.

    Parameters
    ----------
    windows : iterable of float32 (window or fewer, ...)
        All `count` windows in order; any linear function of the states may be faded in their place.

    Yields
    ------
    float32 (n, ...)
        Stretches that follow each other without a gap; the first one starts at state -context.
    """
    overlap = 2 * grid.context
    carried: np.ndarray | None = None
    for index, window in enumerate(windows):
        weights = fade_weights(index, count, grid)[: len(window)]
        weights = weights.reshape(-1, *[1] * (window.ndim - 1))
        faded = window * weights
        if carried is not None:
            faded[:overlap] += carried
        if index == count - 1:
            yield faded
        else:
            yield faded[: grid.hop]
            carried = faded[grid.hop :].copy()
