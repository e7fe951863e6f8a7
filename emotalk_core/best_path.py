"""The best path through scores, frame by frame, where every change has its price."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

__all__ = ["best_path"]


def best_path(scores: Iterable[np.ndarray], change: float) -> list[int]:
    """For each of `scores`, rows (N,), a column: those of the largest sum, where every change costs
    `change` (Viterbi, "Error bounds for convolutional codes", 1967). What is kept of a row takes
    some 100 bytes: rows may come one after another, for hours.
    """
    rows = iter(scores)
    best = next(rows).astype(np.float64)  # after an hour a change would be lost in float32
    came_from: list[tuple[int, bytes]] = []  # the column that was ahead, and which others stay
    for row in rows:
        ahead = int(best.argmax())
        stays = best >= best[ahead] - change
        came_from.append((ahead, stays.tobytes()))
        best = np.where(stays, best, best[ahead] - change) + row
    path = [int(best.argmax())]
    for ahead, stays_there in reversed(came_from):
        path.append(path[-1] if stays_there[path[-1]] else ahead)
    return path[::-1]
