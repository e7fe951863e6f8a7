"""One mesh of the character as plain arrays, and the few operations that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

Bones = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Part:
    """One mesh before Blender sees it.

    Axes are those of the head's data: mm, +Y up, +Z towards the viewer, +X the character's left.
    """

    name: str
    material: str
    vertices: np.ndarray  # float (N, 3), mm
    faces: tuple[np.ndarray, ...]  # int (F, 3) or (F, 4) blocks
    colours: np.ndarray  # float (N, 3), sRGB 0..1
    shapes: Mapping[str, np.ndarray] = field(default_factory=dict)  # ARKit name -> (N, 3) deltas
    bones: Bones = field(default_factory=dict)  # bone name -> weights (N,)
    subdivisions: int = 0


def grid_faces(n_rows: int, n_columns: int, *, wrap: bool = False) -> np.ndarray:
    """Quads (F, 4) of a grid whose vertex of row r, column c is r * n_columns + c."""
    rows = np.arange(n_rows - 1)[:, None]
    columns = np.arange(n_columns if wrap else n_columns - 1)[None, :]
    following = (columns + 1) % n_columns
    corners = (
        rows * n_columns + columns,
        rows * n_columns + following,
        (rows + 1) * n_columns + following,
        (rows + 1) * n_columns + columns,
    )
    return np.stack(corners, axis=-1).reshape(-1, 4)


def unit(vectors: np.ndarray) -> np.ndarray:
    """The same directions with length 1 along the last axis."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def blend(base: np.ndarray, colour: tuple[float, ...], weight: np.ndarray) -> np.ndarray:
    """Colours (N, 3) moved towards `colour` by `weight` (N,)."""
    share = np.clip(weight, 0.0, 1.0)[:, None]
    return base * (1.0 - share) + np.asarray(colour) * share


def hex_colour(text: str) -> tuple[float, float, float]:
    """SRGB 0..1 from six hexadecimal digits."""
    red, green, blue = (int(text[i : i + 2], 16) / 255.0 for i in (0, 2, 4))
    return red, green, blue


def nearest_colours(part: Part, palette: np.ndarray, reach: float) -> np.ndarray:
    """Row of the palette (P, 3) nearest to each face's paint, int (F,), in the faces' order; the
    first row where none is within `reach`.
    """
    paint = np.concatenate([part.colours[block].mean(axis=1) for block in part.faces])
    away = np.linalg.norm(paint[:, None] - palette[None], axis=2)
    return np.where(away.min(axis=1) <= reach, away.argmin(axis=1), 0)


def join(name: str, parts: list[Part]) -> Part:
    """The parts as one mesh; shapes and bones that one of them lacks are zero there."""
    offsets = np.cumsum([0, *(len(p.vertices) for p in parts)])
    faces = tuple(
        f + offset for p, offset in zip(parts, offsets[:-1], strict=True) for f in p.faces
    )
    return Part(
        name,
        parts[0].material,
        np.concatenate([p.vertices for p in parts]),
        faces,
        np.concatenate([p.colours for p in parts]),
        _joined([p.shapes for p in parts], [p.vertices for p in parts]),
        _joined([p.bones for p in parts], [p.vertices[:, 0] for p in parts]),
        max(p.subdivisions for p in parts),
    )


def _joined(tables: list[Bones], like: list[np.ndarray]) -> dict[str, np.ndarray]:
    names = dict.fromkeys(name for table in tables for name in table)
    return {
        name: np.concatenate(
            [t.get(name, np.zeros_like(x)) for t, x in zip(tables, like, strict=True)]
        )
        for name in names
    }
