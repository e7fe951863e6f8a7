"""What lies behind the lips: upper teeth stay, lower teeth and tongue go with the jaw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .base_head import BaseMesh
from .face import Face
from .space_warp import SpaceWarp
from .surface import Surface, blurred, nearest
from .template import Template

JAW_SHAPES = ("jawOpen", "jawForward", "jawLeft", "jawRight")
BITE = 622.6  # mm: where the base head's rows meet
NEAR = 0.12  # head sizes: a mouth's part is not further on average from where those are expected
MIDDLE, WHOLE = 0.15, 0.7  # a tongue's middle, by its width, is nearly as long as all of it
LEAST_TONGUE = 0.15  # head sizes: a tongue is longer, a tooth is not
JOINED = 0.2  # of a piece is on either side where gums and tongue are one
SOFT_STEPS = 20
SURELY = 1.5  # a tongue that is one with its gums is so much nearer to the expected one
FEW, ROUNDS = 6, 8  # rows of a piece or two; more are single teeth


@dataclass(frozen=True, eq=False)
class MouthInside:
    """The base head's lower teeth and tongue, bent to where they belong in another head."""

    template: Template
    warp: SpaceWarp
    face: Face

    @cached_property
    def lower(self) -> np.ndarray:
        """Vertices (M, 3) of the lower teeth."""
        return self.warp(self.template.base.lower_teeth.vertices)

    @cached_property
    def upper(self) -> np.ndarray:
        """Where upper teeth are to be expected (M, 3)."""
        rest = self.template.base.lower_teeth.vertices
        return self.warp(np.stack([rest[:, 0], 2.0 * BITE - rest[:, 1], rest[:, 2]], axis=1))

    @cached_property
    def tongue(self) -> np.ndarray:
        """Vertices (K, 3) of the tongue."""
        return self.warp(self.template.base.tongue.vertices)

    def has(self, points: np.ndarray) -> bool:
        """Whether a piece (N, 3) lies where a mouth's inside is."""
        inside = np.concatenate([self.lower, self.upper, self.tongue])
        return bool(_apart(points, inside).mean() < NEAR * self.face.size)

    def shapes(self, pieces: Sequence[Surface]) -> list[dict[str, np.ndarray]]:
        """For each piece its deltas (N, 3) by channel; none of one that belongs to the skull."""
        tongues = [self._is_tongue(piece.vertices) for piece in pieces]
        joined = [self._is_joined(piece) for piece in pieces]
        rows = [
            k for k, both in enumerate(zip(tongues, joined, strict=True)) if not any(both)
        ]  # fmt: skip
        with_jaw = dict(zip(rows, self._lower_ones([pieces[k] for k in rows]), strict=True))
        found = []
        for k, piece in enumerate(pieces):
            if joined[k]:
                found.append(self._of_joined(piece))
            elif tongues[k]:
                solid, out = self._solid(piece.vertices), self._tongue_out(piece.vertices)
                found.append(solid | {"tongueOut": out})
            else:
                found.append(self._solid(piece.vertices) if with_jaw[k] else {})
        return found

    def _is_tongue(self, points: np.ndarray) -> bool:
        """Nearer to where the base head's tongue is than to its teeth, and no row of teeth: their
        arch has nothing but its front in its middle.
        """
        to_tongue, to_teeth = (
            _apart(points, other).mean()
            for other in (self.tongue, np.concatenate([self.lower, self.upper]))
        )
        if to_tongue > to_teeth:
            return False
        across, along = (points @ way for way in (self.face.axes.left, self.face.axes.ahead))
        is_middle = np.abs(across - np.median(across)) < MIDDLE * np.ptp(across)
        deep = is_middle.any() and np.ptp(along[is_middle]) > WHOLE * np.ptp(along)
        return bool(deep and np.ptp(along) > LEAST_TONGUE * self.face.size)

    def _is_joined(self, piece: Surface) -> bool:
        """Whether upper and lower gums are one piece."""
        wide = np.ptp(piece.vertices, axis=0).max() > 2.0 * LEAST_TONGUE * self.face.size
        share = self._goes_with_jaw(piece.vertices).mean()
        return bool(wide and JOINED < share < 1.0 - JOINED and self._spans(piece.vertices))

    def _spans(self, points: np.ndarray) -> bool:
        height = points @ self.face.axes.up
        rows = [(row @ self.face.axes.up).mean() for row in (self.lower, self.upper)]
        return bool(height.min() < rows[0] and height.max() > rows[1] + (rows[1] - rows[0]))

    def _goes_with_jaw(self, points: np.ndarray) -> np.ndarray:
        below = np.concatenate([self.lower, self.tongue])
        return _apart(points, below) < _apart(points, self.upper)

    def _lower_ones(self, pieces: Sequence[Surface]) -> list[bool]:
        """Which rows, or single teeth, are lower ones: two parallel rows are laid through their
        middles, which rise towards the back, beginning with the nearest of those expected.
        """
        if not pieces:
            return []
        is_lower = np.array([
            _apart(piece.vertices, self.lower).mean() < _apart(piece.vertices, self.upper).mean()
            for piece in pieces
        ])  # fmt: skip
        middle = np.stack([piece.vertices.mean(axis=0) for piece in pieces])
        depth, height = (
            (middle - middle.mean(axis=0)) @ way / self.face.size
            for way in (self.face.axes.ahead, self.face.axes.up)
        )
        for _ in range(ROUNDS if len(pieces) > FEW else 0):
            if is_lower.all() or not is_lower.any():
                break
            system = np.stack([is_lower, ~is_lower, depth, depth**2], axis=1).astype(float)
            low, high, *bend = np.linalg.lstsq(system, height, rcond=None)[0]
            flat = height - system[:, 2:] @ bend
            is_lower = np.abs(flat - low) < np.abs(flat - high)
        return [bool(lower) for lower in is_lower]

    def _of_joined(self, piece: Surface) -> dict[str, np.ndarray]:
        points = piece.vertices
        jaw = blurred(piece, self._goes_with_jaw(points).astype(float), SOFT_STEPS)[:, None]
        to_rows = _apart(points, np.concatenate([self.lower, self.upper]))
        is_tongue = SURELY * _apart(points, self.tongue) < to_rows
        if not is_tongue.any():
            return {name: delta * jaw for name, delta in self._solid(points).items()}
        tongue = blurred(piece, is_tongue.astype(float), SOFT_STEPS)[:, None]
        solid = {name: delta * jaw for name, delta in self._solid(points).items()}
        return solid | {"tongueOut": tongue * self._tongue_out(points, points[is_tongue])}

    def _solid(self, points: np.ndarray) -> dict[str, np.ndarray]:
        teeth = self.template.base.lower_teeth
        return {name: solid_motion(*self._ends(teeth, name), points) for name in JAW_SHAPES}

    def _ends(self, mesh: BaseMesh, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self.warp(mesh.vertices), self.warp(mesh.vertices + mesh.shapes[name])

    def _tongue_out(self, points: np.ndarray, tongue: np.ndarray | None = None) -> np.ndarray:
        """Deltas (N, 3): how the base head's tongue goes out, by the place within its box."""
        start, end = self._ends(self.template.base.tongue, "tongueOut")
        own = _quadratic(self._in_box(start, start))
        other = _quadratic(self._in_box(points, points if tongue is None else tongue))
        return other @ np.linalg.lstsq(own, end - start, rcond=None)[0]

    def _in_box(self, points: np.ndarray, of: np.ndarray) -> np.ndarray:
        """Places (N, 3) from -1 to 1 within the box of other points along the face's axes."""
        ways = self.face.axes.rows.T
        low, high = (of @ ways).min(axis=0), (of @ ways).max(axis=0)
        return np.clip(2.0 * (points @ ways - low) / np.maximum(high - low, 1e-9) - 1.0, -1, 1)


def _apart(points: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points - other[nearest(points, other)], axis=1)


def _quadratic(places: np.ndarray) -> np.ndarray:
    x, y, z = places.T
    return np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, z * x], axis=1)


def solid_motion(start: np.ndarray, end: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Deltas (N, 3) of the solid motion that comes nearest to `start` -> `end` (Kabsch, 1976)."""
    a, b = start - start.mean(axis=0), end - end.mean(axis=0)
    u, _, vt = np.linalg.svd(a.T @ b)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ flip @ u.T
    return (points - start.mean(axis=0)) @ rotation.T + end.mean(axis=0) - points
