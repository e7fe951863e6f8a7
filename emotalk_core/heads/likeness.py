"""Correspondence: which place of the template each vertex of another head is, by where it is,
which way it faces, and on which side of lips and lids it lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..progress import Progress, silent
from .face import Face
from .surface import Surface, nearest

SLITS = (
    ("upper_lip", "lower_lip", ""),
    ("upper_lid", "lower_lid", "Left"),
    ("upper_lid", "lower_lid", "Right"),
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


@dataclass(frozen=True, eq=False)
class Sided:
    """A head's skin with its slits."""

    skin: Surface
    side: np.ndarray  # float (N, 3): for each slit 1 at the upper guide, -1 at the lower one

    def features(self, size: float) -> np.ndarray:
        """What is compared (N, 9)."""
        parts = self.skin.vertices / size, FACING * self.skin.normals, SIDED * self.side
        return np.concatenate(parts, axis=1)


def with_sides(face: Face) -> Sided:
    """The face's skin, each vertex by how much nearer it is to an upper lip or lid than to the
    lower one as one walks along the surface, where a slit is a detour.
    """
    found = []
    for upper, lower, side in SLITS:
        up, down = (face.skin.ways(face.nearest_vertex(name, side)) for name in (upper, lower))
        total = up + down
        share = np.zeros(len(up))
        reached = np.isfinite(total) & (total > 0.0)
        share[reached] = (down[reached] - up[reached]) / total[reached]
        found.append(share)
    return Sided(face.skin, np.stack(found, axis=1))


def match(head: Sided, template: Sided, size: float, progress: Progress = silent) -> Likeness:
    """For each of the head's vertices the nearest place of the bent template, all weighed
    together.
    """
    corners, shares = _nearest_places(
        head.features(size), template.features(size), template.skin, progress
    )
    place = np.einsum("nk,nkd->nd", shares, template.skin.vertices[corners])
    return Likeness(corners, shares, np.linalg.norm(place - head.skin.vertices, axis=1) / size)


def places_on(surface: Surface, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest place of a surface to each point: its triangle's corners (N, 3), their shares
    (N, 3), and how far (N,) it is.
    """
    corners, shares = _nearest_places(points, surface.vertices, surface)
    place = np.einsum("nk,nkd->nd", shares, surface.vertices[corners])
    return corners, shares, np.linalg.norm(place - points, axis=1)


def _nearest_places(
    own: np.ndarray, other: np.ndarray, surface: Surface, progress: Progress = silent
) -> tuple[np.ndarray, np.ndarray]:
    """By features (N, D) and those of a surface's vertices (M, D): the best place of the
    triangles around the nearest vertex.
    """
    start = nearest(own, other, progress)
    triangles, first = surface.triangles_of
    best = np.full(len(own), np.inf)
    corners = np.repeat(start[:, None], 3, axis=1)
    shares = np.tile([1.0, 0.0, 0.0], (len(own), 1))
    count = first[start + 1] - first[start]
    for k in range(count.max(initial=0)):
        rows = np.flatnonzero(k < count)
        candidate = surface.triangles[triangles[first[start[rows]] + k]]
        share = _shares_in(own[rows], other[candidate])
        away = np.einsum("nk,nkd->nd", share, other[candidate]) - own[rows]
        apart = np.linalg.norm(away, axis=1)
        better = apart < best[rows]
        best[rows[better]] = apart[better]
        corners[rows[better]], shares[rows[better]] = candidate[better], share[better]
    return corners, shares


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
