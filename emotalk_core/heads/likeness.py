"""Which place of the template each vertex of another head is: by where it is, which way it faces,
and on which side of lips and lids it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .surface import Surface, nearest

SLITS = (
    ("upper_lip", "lower_lip"),
    ("upper_lid.L", "lower_lid.L"),
    ("upper_lid.R", "lower_lid.R"),
)
FACING = 0.05  # how many head sizes (1 = chin to glabella) a turned normal is away
SIDED = 0.35  # and the other side of a slit


@dataclass(frozen=True, eq=False)
class Likeness:
    """For each vertex of a head a place in one of the template's triangles."""

    corners: np.ndarray  # int (N, 3): vertices of the template
    shares: np.ndarray  # float (N, 3), sum 1
    apart: np.ndarray  # float (N,): how far from it, in head sizes

    def carried(self, values: np.ndarray) -> np.ndarray:
        """Values (M, D) of the template's vertices at each vertex (N, D)."""
        return np.einsum("nk,nkd->nd", self.shares, values[self.corners])


def sides(surface: Surface, guides: Mapping[str, np.ndarray], of: np.ndarray) -> np.ndarray:
    """For each slit (N, 3): 1 at the upper guide, -1 at the lower one, 0 half way between them as
    one walks along the surface, where a slit is a detour. Guides are sought among vertices `of`.
    """
    found = []
    for upper, lower in SLITS:
        ways = []
        for name in (upper, lower):
            start = of[nearest(np.asarray(guides[name])[None], surface.vertices[of])[0]]
            ways.append(surface.ways(int(start)))
        up, down = ways
        total = up + down
        share = np.zeros(len(up))
        reached = np.isfinite(total) & (total > 0.0)
        share[reached] = (down[reached] - up[reached]) / total[reached]
        found.append(share)
    return np.stack(found, axis=1)


def match(
    vertices: np.ndarray, normals: np.ndarray, side: np.ndarray,
    bent: Surface, bent_side: np.ndarray, size: float,
) -> Likeness:  # fmt: skip
    """The nearest place of the bent template, all weighed together."""

    def features(points: np.ndarray, ways: np.ndarray, sided: np.ndarray) -> np.ndarray:
        return np.concatenate([points / size, FACING * ways, SIDED * sided], axis=1)

    of_bent = features(bent.vertices, bent.normals, bent_side)
    own = features(vertices, normals, side)
    start = nearest(own, of_bent)
    triangles, first = bent.triangles_of
    best = np.full(len(own), np.inf)
    corners = np.repeat(start[:, None], 3, axis=1)
    shares = np.tile([1.0, 0.0, 0.0], (len(own), 1))
    for k in range(int(np.diff(first).max())):
        has = first[start] + k < first[start + 1]
        rows = np.flatnonzero(has)
        candidate = bent.triangles[triangles[first[start[rows]] + k]]
        share = _shares_in(own[rows], of_bent[candidate])
        apart = np.linalg.norm(
            np.einsum("nk,nkd->nd", share, of_bent[candidate]) - own[rows], axis=1
        )
        better = apart < best[rows]
        best[rows[better]] = apart[better]
        corners[rows[better]], shares[rows[better]] = candidate[better], share[better]
    place = np.einsum("nk,nkd->nd", shares, bent.vertices[corners])
    return Likeness(corners, shares, np.linalg.norm(place - vertices, axis=1) / size)


def _shares_in(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Shares (N, 3) of the triangle's point that is nearest to each of `points` (N, D)."""
    a = corners[:, 0]
    u, v, w = corners[:, 1] - a, corners[:, 2] - a, points - a
    uu, uv, vv = (np.einsum("nd,nd->n", x, y) for x, y in ((u, u), (u, v), (v, v)))
    uw, vw = (np.einsum("nd,nd->n", x, w) for x in (u, v))
    area = np.maximum(uu * vv - uv * uv, 1e-30)
    s, t = (vv * uw - uv * vw) / area, (uu * vw - uv * uw) / area
    shares = np.clip(np.stack([1.0 - s - t, s, t], axis=1), 0.0, None)
    return shares / shares.sum(axis=1, keepdims=True)
