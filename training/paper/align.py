"""Which frame of one recording says what a frame of another says: by proportion, or by dynamic time
warping (Sakoe and Chiba, 1978).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Path", "proportional", "through", "warp"]


@dataclass(frozen=True, eq=False)
class Path:
    """A warping path between a reference and a take, read both ways."""

    to_take: np.ndarray  # float32 (R,): the take's frame for each frame of the reference
    to_reference: np.ndarray  # float32 (T,): the reference's frame for each frame of the take


def proportional(n_to: int, n_from: int) -> np.ndarray:
    """float32 (n_to,): positions 0..n_from - 1 with both ends aligned, as the paper stretches."""
    if n_to == 1:
        return np.zeros(1, np.float32)
    return (np.arange(n_to) * ((n_from - 1) / (n_to - 1))).astype(np.float32)


def through(into: Path, out_of: Path) -> np.ndarray:
    """float32 (T of `into`,): for each frame of one take, the frame of another that says the same,
    both known by their paths to one reference.
    """
    at = into.to_reference
    return np.interp(at, np.arange(len(out_of.to_take)), out_of.to_take).astype(np.float32)


def warp(reference: np.ndarray, take: np.ndarray) -> Path:
    """The cheapest path between two sequences of feature vectors, (R, D) and (T, D), by cosine.

    Steps (1, 1), (1, 0) and (0, 1); a frame that meets several is at their mean.
    """
    total = _total_cost(_distance(reference, take))
    rows, columns = _trace(total)
    return Path(
        _mean_by(rows, columns, len(reference)),
        _mean_by(columns, rows, len(take)),
    )


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    unit_a, unit_b = (
        x.astype(np.float32) / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6)
        for x in (a, b)
    )
    return 1.0 - unit_a @ unit_b.T


def _total_cost(cost: np.ndarray) -> np.ndarray:
    """(R + 1, T + 1) cumulative cost with a border, one antidiagonal at a time."""
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, n + m + 1):
        i = np.arange(max(1, diagonal - m), min(n, diagonal - 1) + 1)
        j = diagonal - i
        before = np.minimum(total[i - 1, j - 1], np.minimum(total[i - 1, j], total[i, j - 1]))
        total[i, j] = cost[i - 1, j - 1] + before
    return total


def _trace(total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, j = total.shape[0] - 1, total.shape[1] - 1
    rows, columns = [i - 1], [j - 1]
    while i > 1 or j > 1:
        steps = ((i - 1, j - 1), (i - 1, j), (i, j - 1))
        i, j = min(steps, key=lambda at: total[at])
        rows.append(i - 1)
        columns.append(j - 1)
    return np.array(rows), np.array(columns)


def _mean_by(keys: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """float32 (n,): mean of `values` at each key; every key occurs."""
    return (np.bincount(keys, values, n) / np.bincount(keys, minlength=n)).astype(np.float32)
