"""One face among the meshes of a character: its skin, its features, its eyes, what lies beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from .eyeballs import EYE_SIDES, Eyeball, find_eyeball
from .guides import FaceAxes, Guides, face_axes, head_size
from .surface import Surface, nearest


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
    used = np.unique(meshes[0].triangles)
    place = np.asarray(guides["nose_tip"], dtype=float)[None]
    tip = used[nearest(place, meshes[0].vertices[used])[0]] if len(used) else -1
    all_pieces = [piece for number, mesh in enumerate(meshes) for piece in _pieces(number, mesh)]
    skin = next((piece for piece in all_pieces if piece.mesh == 0 and tip in piece.rows), None)
    if skin is None:
        raise InputError(
            "The skin has no face where a guide is",
            value="nose_tip",
            remedy="Move it onto the skin.",
        )
    beside = [piece for piece in all_pieces if piece is not skin]
    points = [piece.surface.vertices for piece in beside]
    found = {side: find_eyeball(points, guides, axes, side) for side in EYE_SIDES}
    eyes = {side: eye for side, eye in found.items() if eye is not None}
    return Face(skin.surface, guides, axes, head_size(guides), eyes), skin, beside


def _pieces(number: int, mesh: Surface) -> list[Piece]:
    """The connected pieces that have triangles."""
    of_triangles = mesh.pieces[mesh.triangles[:, 0]]
    by_vertex, by_triangle = (
        np.argsort(pieces, kind="stable") for pieces in (mesh.pieces, of_triangles)
    )
    counts = np.bincount(mesh.pieces)
    within = np.empty(len(mesh.vertices), dtype=int)
    within[by_vertex] = np.arange(len(by_vertex)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.cumsum(counts) - counts
    found = []
    for block in np.split(by_triangle, np.flatnonzero(np.diff(of_triangles[by_triangle])) + 1):
        if len(block):
            piece = of_triangles[block[0]]
            rows = by_vertex[first[piece] : first[piece] + counts[piece]]
            surface = Surface(mesh.vertices[rows], within[mesh.triangles[block]])
            found.append(Piece(number, rows, surface))
    return found
