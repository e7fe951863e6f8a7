"""Guides where most heads have their features, for a face that is not found by itself."""

from __future__ import annotations

from typing import Final

import numpy as np

from ....emotalk_core.heads.guides import base_guides
from ....emotalk_core.heads.intake import HeadMesh

__all__ = ["rough_guides"]

_HEIGHT: Final = (575.0, 800.0)  # of the base head from the chin to the crown, mm
_HALF_WIDTH: Final = 75.0
_DEPTH: Final = (-70.0, 160.0)
_TALL: Final = 2.5  # whoever is so many times as high as a head of its width is a whole body
_OF_A_BODY: Final = 1.0 / 7.5  # the head's share of its height


def rough_guides(skin: HeadMesh) -> dict[str, np.ndarray]:
    """Every guide, (3,) each, for a mesh that stands upright along Z and faces -Y."""
    points = skin.vertices[np.unique(skin.faces[skin.faces >= 0])]  # loose ones lie anywhere
    top, bottom = points[:, 2].max(), points[:, 2].min()
    width = np.ptp(points[:, 0])
    height = top - bottom
    if height > _TALL * width or height > _TALL * np.ptp(points[:, 1]):
        height *= _OF_A_BODY
    head = points[points[:, 2] >= top - height]
    low, high = head.min(axis=0), head.max(axis=0)
    shares = {name: _share(point) for name, point in base_guides().items()}
    return {name: low + share * (high - low) for name, share in shares.items()}


def _share(point: np.ndarray) -> np.ndarray:
    """Where (3,) in the box of a head a point of the base head is: left, back, up."""
    x, y, z = point
    back = (_DEPTH[1] - z) / (_DEPTH[1] - _DEPTH[0])
    up = (y - _HEIGHT[0]) / (_HEIGHT[1] - _HEIGHT[0])
    return np.array([0.5 + 0.5 * x / _HALF_WIDTH, back, up])
