"""Triangles drawn into a square picture: what is in front, and how deep."""

from __future__ import annotations

import numpy as np

LEAST_AREA = 1e-30  # twice a triangle's: less is seen from its edge


def drawn(corners: np.ndarray, values: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth (P, P), and value there, of what is foremost in each pixel.

    Triangles have `corners` (F, 3, 3), along which x goes right, y up and z to who looks, and a
    value (F, 3) at each; pixels lie at `at` (P,) in x and y. Rows run from above. The depth is
    -inf and the value NaN where nothing is.
    """
    size = len(at)
    first = np.searchsorted(at, corners[..., :2].min(axis=1))
    past = np.searchsorted(at, corners[..., :2].max(axis=1), side="right")
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    wide, tall = (past - first).T
    n_pixels = np.where(np.abs(area) < LEAST_AREA, 0, wide * tall)
    which = np.repeat(np.arange(len(corners)), n_pixels)
    number = np.arange(len(which)) - np.repeat(np.cumsum(n_pixels) - n_pixels, n_pixels)
    column, row = first[which, 0] + number % wide[which], first[which, 1] + number // wide[which]
    x, y = at[column] - a[which, 0], at[row] - a[which, 1]
    s = (x * ac[which, 1] - y * ac[which, 0]) / area[which]
    t = (ab[which, 0] * y - ab[which, 1] * x) / area[which]
    inside = (s >= 0.0) & (t >= 0.0) & (s + t <= 1.0)
    which, s, t = which[inside], s[inside], t[inside]
    pixel = ((size - 1 - row) * size + column)[inside]
    there = a[which, 2] + s * ab[which, 2] + t * ac[which, 2]
    order = np.lexsort((-which, there, pixel))
    order = order[np.diff(pixel[order], append=-1) != 0]
    i, j, k = values[which[order]].T
    depth, value = np.full(size * size, -np.inf), np.full(size * size, np.nan)
    depth[pixel[order]] = there[order]
    value[pixel[order]] = i + s[order] * (j - i) + t[order] * (k - i)
    return depth.reshape(size, size), value.reshape(size, size)
