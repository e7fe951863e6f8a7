"""Randomness that depends on a seed and on absolute time alone, so that stretches of a long sound
join.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, default_rng  # numpy loads it late: not in the first run

__all__ = ["cell_rng", "slow_noise"]

_FIRST_CELL = 1 << 20  # seeds count from 0; a stretch may begin before the sound does


def cell_rng(seed: int, layer: int, cell: int) -> Generator:
    """The random numbers of one cell of time in one layer, always the same ones."""
    return default_rng((seed, layer, cell + _FIRST_CELL))


def slow_noise(times_s: np.ndarray, period_s: float, seed: int, layer: int) -> np.ndarray:
    """A smooth random curve, float32 (T,), mostly within -1..1, that turns about every `period_s`.

    Cubic B-spline through random numbers on a grid: its speed and its acceleration have no steps.
    """
    place = np.asarray(times_s, np.float64) / period_s
    first = int(np.floor(place[0])) - 1
    count = int(np.floor(place[-1])) + 3 - first
    knots = np.array([cell_rng(seed, layer, first + i).standard_normal() for i in range(count)])
    cell = np.floor(place).astype(np.intp)
    t = place - cell
    at = cell - first
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    terms = [w * knots[at + k - 1] for k, w in enumerate(weights)]
    return np.sum(terms, axis=0).astype(np.float32)
