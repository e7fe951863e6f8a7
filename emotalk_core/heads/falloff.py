"""Soft weights by place, which fields of motion are made of."""

from __future__ import annotations

import numpy as np


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, a soft S between; `high` may be the smaller one."""
    t = np.clip((np.asarray(x, dtype=float) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(points: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    """Bell-shaped weight (N,) around `centre` with one radius (mm) for each axis."""
    scaled = (points - np.asarray(centre)) / np.asarray(radii)
    return np.exp(-np.sum(scaled**2, axis=-1))
