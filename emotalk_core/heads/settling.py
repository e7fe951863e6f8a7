"""Deltas that are not sure take after those beside them."""

from __future__ import annotations

import numpy as np

from ..progress import Progress, silent
from .surface import Surface

Shapes = dict[str, np.ndarray]  # ARKit channel -> deltas (N, 3) of a mesh's vertices
STEPS = 60
AT_ONCE, LEAST_AT_ONCE = 100_000, 8  # vertices of shapes, shapes: more leave the cache


def settled(
    made: Shapes, surface: Surface, trust: np.ndarray, progress: Progress = silent
) -> Shapes:
    """The shapes, where a vertex that is trusted (N,) less takes the more after its neighbours
    (Laplacian smoothing, held to what is sure).
    """
    near, _, first = surface.neighbours
    degree = np.diff(first)
    loose = np.flatnonzero((trust < 0.9) & (degree > 0))
    loose = loose[np.argsort(-degree[loose], kind="stable")]
    # Those with a k-th neighbour come first, so each k is one sum of whole rows.
    counts = [np.count_nonzero(degree[loose] > k) for k in range(degree.max(initial=0))]
    beside = [near[first[loose[:n]] + k] for k, n in enumerate(counts)]
    from_own = trust[loose, None].astype(np.float32)
    from_beside = (1.0 - from_own) / degree[loose, None].astype(np.float32)
    names, found = list(made), {}
    at_once = max(LEAST_AT_ONCE, AT_ONCE // len(trust))
    for begin in range(0, len(names), at_once):
        block = names[begin : begin + at_once]
        values = np.concatenate([made[name] for name in block], axis=1, dtype=np.float32)
        own = from_own * values[loose]
        for step in range(STEPS):
            share = (begin + len(block) * step / STEPS) / len(names)
            progress(share, "Smoothing what is far from the face")
            around = np.zeros_like(own)
            for n, rows in zip(counts, beside, strict=True):
                around[:n] += values[rows]
            values[loose] = own + from_beside * around
        values = values[surface.welded]
        found |= {name: values[:, 3 * i : 3 * i + 3] for i, name in enumerate(block)}
    return found
