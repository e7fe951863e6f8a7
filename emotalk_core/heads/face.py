"""One face among the meshes of a character: its skin, its features, its eyes, what lies beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .eyeballs import EYE_SIDES, Eyeball, find_eyeball
from .guides import FaceAxes, Guides, face_axes, head_size
from .surface import Surface, nearest, part_of


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected piece of one of the meshes."""

    mesh: int
    rows: np.ndarray  # int (N,): its vertices there
    surface: Surface


@dataclass(frozen=True, eq=False)
class Face:
    """The piece of skin that a face is on, and where on it everything is."""

    skin: Surface
    guides: Guides
    axes: FaceAxes
    size: float  # from chin to glabella
    eyes: Mapping[str, Eyeball]  # "Left", "Right"; those that were found

    def guide(self, name: str, side: str = "") -> np.ndarray:
        """Where (3,) a guide is; `side` is "Left", "Right" or none."""
        return np.asarray(self.guides[f"{name}.{side[0]}" if side else name], dtype=float)

    def width_of_eye(self, side: str) -> float:
        """From corner to corner."""
        return float(np.linalg.norm(self.guide("eye_outer", side) - self.guide("eye_inner", side)))

    def width_of_mouth(self) -> float:
        """From corner to corner."""
        corners = self.guide("mouth_corner", "Left"), self.guide("mouth_corner", "Right")
        return float(np.linalg.norm(corners[0] - corners[1]))

    def nearest_vertex(self, name: str, side: str = "") -> int:
        """The vertex of the skin that is nearest to a guide."""
        return int(nearest(self.guide(name, side)[None], self.skin.vertices)[0])

    def moved(self, deltas: np.ndarray) -> Face:
        """The same with its skin elsewhere."""
        return replace(self, skin=Surface(self.skin.vertices + deltas, self.skin.triangles))


def find_face(meshes: Sequence[Surface], guides: Guides) -> tuple[Face, Piece, list[Piece]]:
    """The face, its piece of the first mesh, and all other pieces."""
    axes = face_axes(guides)
    tip = nearest(np.asarray(guides["nose_tip"], dtype=float)[None], meshes[0].vertices)[0]
    skin, beside = None, []
    for number, mesh in enumerate(meshes):
        for rows in _rows_of_pieces(mesh):
            is_in = np.zeros(len(mesh.vertices), dtype=bool)
            is_in[rows] = True
            piece = Piece(number, rows, part_of(mesh, is_in))
            if number == 0 and is_in[tip]:
                skin = piece
            else:
                beside.append(piece)
    assert skin is not None
    points = [piece.surface.vertices for piece in beside]
    found = {side: find_eyeball(points, guides, axes, side) for side in EYE_SIDES}
    eyes = {side: eye for side, eye in found.items() if eye is not None}
    return Face(skin.surface, guides, axes, head_size(guides), eyes), skin, beside


def _rows_of_pieces(mesh: Surface) -> list[np.ndarray]:
    order = np.argsort(mesh.pieces, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(mesh.pieces[order])) + 1)
