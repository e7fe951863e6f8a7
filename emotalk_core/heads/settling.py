"""Deltas that are not sure take after those beside them."""

from __future__ import annotations

import numpy as np

from .surface import Surface, sum_at

Shapes = dict[str, np.ndarray]  # ARKit channel -> deltas (N, 3) of a mesh's vertices
STEPS = 60


def settled(made: Shapes, surface: Surface, trust: np.ndarray) -> Shapes:
    """The shapes, where a vertex that is trusted (N,) less takes the more after its neighbours."""
    if not made:
        return {}
    own = np.concatenate(list(made.values()), axis=1)
    degree = np.bincount(surface.edges.ravel(), minlength=len(own))[:, None]
    is_loose = (trust < 0.9) & (degree[:, 0] > 0)
    loose = np.flatnonzero(is_loose)
    pairs = np.concatenate([surface.edges, surface.edges[:, ::-1]])
    pairs = pairs[is_loose[pairs[:, 0]]]
    row = np.cumsum(is_loose) - 1
    values, share = own.copy(), trust[loose, None]
    for _ in range(STEPS if len(loose) else 0):
        around = sum_at(row[pairs[:, 0]], values[pairs[:, 1]], len(loose)) / degree[loose]
        values[loose] = share * own[loose] + (1.0 - share) * around
    values = values[surface.welded]
    return {name: values[:, 3 * i : 3 * i + 3] for i, name in enumerate(made)}
