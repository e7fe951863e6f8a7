"""Lids that meet: what a carried blink leaves open is closed."""

from __future__ import annotations

import numpy as np

from .face import Face
from .openings import lid_heights

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5)  # of the carried way
OVERLAP = 0.09  # of that way: how much further than to the lower lid the upper one goes


def closed(face: Face, blink: np.ndarray, upper: np.ndarray, side: str) -> np.ndarray:
    """The blink (N, 3) with the upper lid, where `upper` (N,) is above 0, going just as far as is
    needed that nothing of the eye is seen from ahead; as it is where no eye is seen at rest.
    """
    across, rest = lid_heights(face, side)
    is_open = rest > 0.0
    if not is_open.any():
        return blink
    needed = np.full(len(across), SHARES[-1])
    for share in reversed(SHARES):
        moved = _scaled(blink, np.full(len(blink), share), upper)
        needed[lid_heights(face.moved(moved), side)[1] == 0.0] = share
    needed = np.interp(across, across[is_open], needed[is_open]) + OVERLAP
    left = face.skin.vertices @ face.axes.left
    return _scaled(blink, np.interp(left, across, _softened(needed)), upper)


def _scaled(blink: np.ndarray, factor: np.ndarray, upper: np.ndarray) -> np.ndarray:
    share = np.clip(4.0 * upper, 0.0, 1.0)
    return blink * (1.0 + share * (factor - 1.0))[:, None]


def _softened(factor: np.ndarray) -> np.ndarray:
    """The larger ones of neighbouring columns count more: lids may overlap, but not gape."""
    for mix in (np.max, np.mean, np.mean):
        padded = np.pad(factor, 2, mode="edge")
        factor = mix([padded[i : i + len(factor)] for i in range(5)], axis=0)
    return factor
