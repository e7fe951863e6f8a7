"""A mesh as arrays: triangles, normals, pieces, and ways along its surface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..progress import Progress, silent

SAME_PLACE = 1e-5  # of the mesh's size: vertices this near are one, where a seam has doubled them
SAME_WAY = 0.2  # cosine of their normals from which on they are: lips that touch face each other

AT_ONCE = 2_000_000  # pairs whose distances are held


@dataclass(frozen=True, eq=False)
class Surface:
    """The triangles of a mesh, any unit."""

    vertices: np.ndarray  # float (N, 3)
    triangles: np.ndarray  # int (F, 3)

    @cached_property
    def normals(self) -> np.ndarray:
        """Unit normals (N, 3) of the vertices; zero where no face is."""
        a, b, c = (self.vertices[self.triangles[:, i]] for i in range(3))
        of_faces = np.cross(b - a, c - a)
        total = sum_at(self.triangles.ravel(), np.repeat(of_faces, 3, axis=0), len(self.vertices))
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-30)

    @cached_property
    def welded(self) -> np.ndarray:
        """For each vertex (N,) the first one that lies in its place and faces its way."""
        same = np.arange(len(self.vertices))
        used = np.flatnonzero(self.normals.any(axis=1))
        if not len(used):
            return same
        points, normals = self.vertices[used], self.normals[used]
        cells = np.round(points / (np.ptp(points, axis=0).max() * SAME_PLACE)).astype(np.int64)
        keys = _keys(cells - cells.min(axis=0), int(2.0 / SAME_PLACE))
        _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
        rest = np.flatnonzero(count[place] > 1)
        while len(rest):
            _, first, group = np.unique(place[rest], return_index=True, return_inverse=True)
            leader = rest[first[group]]
            way = np.einsum("nd,nd->n", normals[rest], normals[leader])
            alike = (way > SAME_WAY) | (rest == leader)
            same[used[rest[alike]]] = used[leader[alike]]
            rest = rest[~alike]
        return same

    @cached_property
    def edges(self) -> np.ndarray:
        """Pairs (E, 2) of welded vertices, each once."""
        corners = self.welded[self.triangles]
        pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
        pairs = np.sort(pairs, axis=1)
        keys = np.unique(_keys(pairs[pairs[:, 0] != pairs[:, 1]], len(self.vertices)))
        return np.stack(np.divmod(keys, max(1, len(self.vertices))), axis=1)

    @cached_property
    def pieces(self) -> np.ndarray:
        """For each vertex (N,) the number of the connected piece that it belongs to."""
        label = np.arange(len(self.vertices))
        while True:
            a, b = label[self.edges].T
            if np.array_equal(a, b):
                break
            np.minimum.at(label, np.maximum(a, b), np.minimum(a, b))
            while not np.array_equal(label, root := label[label]):
                label = root
        return np.unique(label[self.welded], return_inverse=True)[1].ravel()

    def ways(self, start: int) -> np.ndarray:
        """Length (N,) of the shortest way along edges from `start`, inf where there is none: the
        geodesic distance, a little long.
        """
        near, lengths, first = self.neighbours
        away = np.full(len(self.vertices), np.inf)
        is_front = np.zeros(len(away), dtype=bool)
        front = self.welded[[start]]
        away[front] = 0.0
        while len(front):
            count = first[front + 1] - first[front]
            edge = np.arange(count.sum()) + np.repeat(
                first[front] - np.cumsum(count) + count, count
            )
            there, further = near[edge], np.repeat(away[front], count) + lengths[edge]
            shorter = further < away[there]
            np.minimum.at(away, there[shorter], further[shorter])
            is_front[there[shorter]] = True
            front = np.flatnonzero(is_front)
            is_front[front] = False
        return away[self.welded]

    @cached_property
    def neighbours(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Neighbours by welded vertex, how far each is, and where each vertex's begin (N + 1,)."""
        a, b = np.concatenate([self.edges, self.edges[:, ::-1]]).T
        order = np.argsort(a, kind="stable")
        lengths = np.linalg.norm(self.vertices[a] - self.vertices[b], axis=1)[order]
        first = np.searchsorted(a[order], np.arange(len(self.vertices) + 1))
        return b[order], lengths, first

    @cached_property
    def triangles_of(self) -> tuple[np.ndarray, np.ndarray]:
        """Triangle numbers by vertex, and where each vertex's begin (N + 1,)."""
        order = np.argsort(self.triangles.ravel(), kind="stable")
        first = np.searchsorted(self.triangles.ravel()[order], np.arange(len(self.vertices) + 1))
        return order // 3, first


def triangulated(faces: np.ndarray) -> np.ndarray:
    """Triangles (F, 3) of faces (F, 4) whose fourth corner is -1 where there is none."""
    quads = faces[faces[:, 3] >= 0]
    return np.concatenate([faces[:, :3], quads[:, [0, 2, 3]]])


def _keys(rows: np.ndarray, base: int) -> np.ndarray:
    """One number (M,) for each row (M, D) of whole numbers from 0 to `base` - 1, in their order."""
    keys = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        keys = keys * base + column
    return keys


def without_loose(surface: Surface) -> Surface:
    """The same without vertices that have no triangle."""
    used, corners = np.unique(surface.triangles, return_inverse=True)
    return Surface(surface.vertices[used], corners.reshape(-1, 3))


def sum_at(index: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Sums (n, D) of the rows of `values` (M, D) by where `index` (M,) says that they belong."""
    return np.stack([np.bincount(index, column, n) for column in values.T], axis=1)


def nearest(points: np.ndarray, to: np.ndarray, progress: Progress = silent) -> np.ndarray:
    """For each row of `points` (P, D) the number of the nearest row of `to` (M, D)."""
    half = 0.5 * np.einsum("md,md->m", to, to)
    rows = max(1, AT_ONCE // max(1, len(to)))
    found = np.zeros(len(points), dtype=int)
    for i in range(0, len(points), rows):
        progress(i / len(points), "Looking for what is nearest")
        found[i : i + rows] = np.argmin(half - points[i : i + rows] @ to.T, axis=1)
    return found


def blurred(surface: Surface, values: np.ndarray, steps: int) -> np.ndarray:
    """Values (N,) of the vertices, each step the mean with what their neighbours have."""
    a, b = np.concatenate([surface.edges, surface.edges[:, ::-1]]).T
    degree = np.maximum(np.bincount(a, minlength=len(values)), 1)
    for _ in range(steps):
        values = 0.5 * (values + np.bincount(a, values[b], len(values)) / degree)
    return values[surface.welded]
