"""Heads to make shapes for: the base head, bent, seen from elsewhere, with eyes and a mouth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotalk_core.heads.base_head import read_base_head
from emotalk_core.heads.guides import base_guides
from emotalk_core.heads.lids import find_lids
from emotalk_core.heads.new_shapes import HeadMesh

EYE_CENTRE, EYE_RADIUS = np.array([28.81, 679.56, 111.5]), 15.0
BITE = 622.6  # where the rows of teeth meet
INNER_UPPER_LIP, INNER_LOWER_LIP = 520, 523  # the skin's vertices where the lips meet, in front
TURN = np.array([[0.8, 0.0, 0.6], [0.0, 1.0, 0.0], [-0.6, 0.0, 0.8]])


@dataclass(frozen=True, eq=False)
class MadeHead:
    """Meshes in metres, skin first, and where its features are."""

    meshes: dict[str, HeadMesh]
    guides: dict[str, np.ndarray]

    def as_list(self, *names: str) -> list[HeadMesh]:
        """The skin and the meshes that are named; all of them where none is."""
        return [self.meshes[name] for name in ("skin", *(names or list(self.meshes)[1:]))]


def other_head(*, is_bent: bool = True) -> MadeHead:
    """The base head with another face (longer, wider cheeks, larger eyes), in metres, turned."""

    def placed(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        if is_bent:
            moved[:, 1] = 618.0 + 1.08 * (moved[:, 1] - 618.0)
            moved[:, 0] *= 1.0 + 0.10 * np.sin((moved[:, 1] - 600.0) / 60.0)
            moved[:, 2] += (
                4.0 * np.cos(moved[:, 0] / 35.0) * np.exp(-(((points[:, 1] - 640) / 50) ** 2))
            )
        return moved @ TURN.T * 0.001 + (3.0, 0.0, -1.0)

    base = read_base_head()
    teeth = base.lower_teeth.vertices
    upper = np.stack([teeth[:, 0], 2.0 * BITE - teeth[:, 1], teeth[:, 2]], axis=1)
    parts = {
        "skin": (base.skin.vertices, base.skin.faces),
        "eye.L": ball(EYE_CENTRE, EYE_RADIUS),
        "eye.R": ball(EYE_CENTRE * (-1, 1, 1), EYE_RADIUS),
        "lower teeth": (teeth, base.lower_teeth.faces),
        "upper teeth": (upper, base.lower_teeth.faces),
        "tongue": (base.tongue.vertices, base.tongue.faces),
        "lashes": _lashes(),
    }
    meshes = {name: HeadMesh(placed(points), faces) for name, (points, faces) in parts.items()}
    names = list(base_guides())
    places = placed(np.stack(list(base_guides().values())))
    return MadeHead(meshes, dict(zip(names, places, strict=True)))


def ball(centre: np.ndarray, radius: float, rings: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of a sphere."""
    down = np.linspace(0.05, np.pi - 0.05, rings)
    turns = np.linspace(0.0, 2.0 * np.pi, 2 * rings, endpoint=False)
    across, around = np.meshgrid(down, turns, indexing="ij")
    ways = [np.sin(across) * np.cos(around), np.sin(across) * np.sin(around), np.cos(across)]
    points = centre + radius * np.stack(ways, axis=-1).reshape(-1, 3)
    return points, grid(rings, 2 * rings, wrap=True)


def grid(rows: int, columns: int, *, wrap: bool = False) -> np.ndarray:
    """Quads (F, 4) between rows of vertices."""
    r, c = np.meshgrid(
        np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij"
    )
    after = (c + 1) % columns
    here, below = r * columns, (r + 1) * columns
    corners = [here + c, here + after, below + after, below + c]
    return np.stack(corners, axis=-1).reshape(-1, 4)


def _lashes() -> tuple[np.ndarray, np.ndarray]:
    """A strip on the left upper lid's rim whose tips stand out by 7 mm."""
    skin = read_base_head().skin
    rim = skin.vertices[find_lids(skin)[0].upper_rim(skin.vertices)][2:-2]
    roots, tips = rim + np.array([0.0, 0.0, 0.4]), rim + np.array([0.0, 3.0, 6.0])
    points = np.concatenate([roots, tips])
    return points, grid(2, len(rim))


def rims(skin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower rim of the left eye on the base head's vertices, wherever they are."""
    base = read_base_head().skin
    eye = find_lids(base)[0]
    return skin[eye.upper_rim(base.vertices)], skin[eye.lower_rim(base.vertices)]
