"""Randomness that depends on a seed and on absolute time alone, so that stretches of a long sound
join.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import Generator, default_rng  # numpy loads it late: not in the first run

__all__ = ["cell_rng", "slow_noise"]

_FIRST_CELL = 1 << 20  # seeds count from 0; a stretch may begin before the sound does
_BLOCK = 8  # cells whose numbers are made together


def cell_rng(seed: int, layer: int, cell: int) -> Generator:
    """The random numbers of one cell of time in one layer, always the same ones."""
    return default_rng((seed, layer, cell + _FIRST_CELL))


@lru_cache(maxsize=8192)  # all of an hour, 3 MB: a slider asks for the same ones again
def _knots(seed: int, layer: int, block: int) -> np.ndarray:
    """A number of each of `_BLOCK` cells, float64; shared, so not to be written to."""
    cells = range(block * _BLOCK, (block + 1) * _BLOCK)
    return np.array([cell_rng(seed, layer, cell).standard_normal() for cell in cells])


def slow_noise(times_s: np.ndarray, period_s: float, seed: int, layer: int) -> np.ndarray:
    """A smooth random curve, float32 (T,), mostly within -1..1, that turns about every `period_s`.

    Cubic B-spline through random numbers on a grid: its speed and its acceleration have no steps.
    """
    place = np.asarray(times_s, np.float64) / period_s
    cell = np.floor(place).astype(np.intp)
    first, last = int(cell[0] - 1) // _BLOCK, int(cell[-1] + 2) // _BLOCK
    knots = np.concatenate([_knots(seed, layer, block) for block in range(first, last + 1)])
    t = place - cell
    at = cell - first * _BLOCK
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    terms = [w * knots[at + k - 1] for k, w in enumerate(weights)]
    return np.sum(terms, axis=0).astype(np.float32)
