"""Lids that meet: what a carried blink leaves open is closed."""

from __future__ import annotations

import numpy as np

from .face import Face
from .openings import lid_heights

ROUNDS = 4
OVERLAP = 0.03  # of an eye's width: how far an upper lid comes to lie over the lower one
LEAST_MADE = 0.3  # of the opening: a column that was carried by less is taken for that
MOST = 2.5  # times as far as it was carried is the furthest that a lid is taken


def closed(face: Face, blink: np.ndarray, upper: np.ndarray, side: str) -> np.ndarray:
    """The blink (N, 3) with the upper lid, where `upper` (N,) is above 0, going on until nothing
    of the eye is seen from ahead; as it is where no eye is seen at rest.
    """
    across, rest = lid_heights(face, side)
    if not rest.any():
        return blink
    left = face.skin.vertices @ face.axes.left
    total = np.ones(len(across))
    for _ in range(ROUNDS):
        moved = _scaled(blink, np.interp(left, across, total), upper)
        still = lid_heights(face.moved(moved), side)[1]
        if not still.any():
            break
        made = np.maximum(rest - still, LEAST_MADE * rest.max())
        overlap = OVERLAP * face.width_of_eye(side)
        more = np.where(still > 0.0, 1.0 + (still + overlap) / made, 1.0)
        total = np.minimum(total * _softened(more), MOST)
    return _scaled(blink, np.interp(left, across, total), upper)


def _scaled(blink: np.ndarray, factor: np.ndarray, upper: np.ndarray) -> np.ndarray:
    share = np.clip(4.0 * upper, 0.0, 1.0)
    return blink * (1.0 + share * (factor - 1.0))[:, None]


def _softened(factor: np.ndarray) -> np.ndarray:
    padded = np.pad(factor, 1, mode="edge")
    return np.mean([padded[:-2], padded[1:-1], padded[2:]], axis=0)
