"""The best path through scores, frame by frame, where every change has its price."""

from __future__ import annotations

import numpy as np

__all__ = ["best_path"]


def best_path(scores: np.ndarray, change: float) -> list[int]:
    """For each row of `scores` (T, N), T > 0, a column: those of the largest sum, where every
    change costs `change` (Viterbi, "Error bounds for convolutional codes", 1967).
    """
    best = scores[0].astype(np.float64)  # after an hour a change would be lost in float32
    came_from = [np.arange(len(best))]
    for row in scores[1:]:
        ahead = int(best.argmax())
        stays = best >= best[ahead] - change
        came_from.append(np.where(stays, came_from[0], ahead))
        best = np.where(stays, best, best[ahead] - change) + row
    path = [int(best.argmax())]
    for back in reversed(came_from[1:]):
        path.append(int(back[path[-1]]))
    return path[::-1]
