"""Lays points on the skin and lets them follow it in every shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .part import Part, unit

LEAST_MOTION = 0.05  # mm


@dataclass(frozen=True, eq=False)
class Footing:
    """Where points stand on the skin: three corners and their shares."""

    corners: np.ndarray  # int (N, 3)
    shares: np.ndarray  # float (N, 3), each row sums to 1

    def on(self, values: np.ndarray) -> np.ndarray:
        """Values (N, 3) at the points, from values at the skin's vertices."""
        return np.einsum("nk,nkd->nd", self.shares, values[self.corners])

    def raised(self, skin: Part, pose: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Points (N, 3) at `height` (N,) over the skin in a pose of its vertices."""
        return self.on(pose) + self.on(vertex_normals(skin, pose)) * height[:, None]


def stand_on(skin: Part, feet: np.ndarray, *, least_z: float) -> Footing:
    """The skin's places that a viewer in front sees at `feet` (N, 2), x and y in mm."""
    triangles = _triangles(skin)
    corners = skin.vertices[triangles]
    low, high = feet.min(axis=0) - 6.0, feet.max(axis=0) + 6.0
    close = ((corners[..., :2].min(axis=1) < high) & (corners[..., :2].max(axis=1) > low)).all(1)
    close &= corners[..., 2].min(axis=1) > least_z
    close &= _facing(corners)
    triangles, corners = triangles[close], corners[close]
    shares = _shares(feet, corners)
    # The most inside triangle wins, so that a foot on an edge finds one too.
    best = shares.min(axis=-1).argmax(axis=1)
    rows = np.arange(len(feet))
    return Footing(triangles[best], shares[rows, best])


def follow(skin: Part, footing: Footing, height: np.ndarray) -> dict[str, np.ndarray]:
    """Shapes of points at `height` over the skin, without those that do not move them."""
    rest = footing.raised(skin, skin.vertices, height)
    return {
        name: footing.raised(skin, skin.vertices + delta, height) - rest
        for name, delta in skin.shapes.items()
        if np.abs(footing.on(delta)).max() > LEAST_MOTION
    }


def vertex_normals(skin: Part, points: np.ndarray) -> np.ndarray:
    """Outward normals (N, 3) of the skin in a pose of its vertices."""
    triangles = _triangles(skin)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for i in range(3):
        np.add.at(normals, triangles[:, i], across)
    return unit(normals)


def _triangles(skin: Part) -> np.ndarray:
    halves = []
    for block in skin.faces:
        halves.append(block[:, :3])
        if block.shape[1] == 4:
            halves.append(block[:, [0, 2, 3]])
    return np.concatenate(halves)


def _facing(corners: np.ndarray) -> np.ndarray:
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return across[:, 2] > 0.0


def _shares(feet: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Barycentric shares (N, T, 3) of each foot in each triangle, seen from the front."""
    a, b, c = (corners[None, :, i, :2] for i in range(3))
    p = feet[:, None, :]
    area = _cross(b - a, c - a)
    second, third = _cross(p - a, c - a) / area, _cross(b - a, p - a) / area
    return np.stack([1.0 - second - third, second, third], axis=-1)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
