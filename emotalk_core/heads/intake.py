"""Meshes as they come: checked, brought into one unit near the origin, and turned outside out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .guides import Guides, face_axes, head_size
from .surface import Surface, sum_at, triangulated

LARGE = 0.05  # of a mesh's triangles: smaller pieces may look whichever way they do
FAR = 100.0  # units of the frame


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """One mesh of a character, in coordinates that all of its meshes share."""

    vertices: np.ndarray  # float (N, 3)
    faces: np.ndarray  # int (F, 4), -1 fills the fourth place of a triangle


@dataclass(frozen=True, eq=False)
class Frame:
    """Where work is done: numbers are small and near 0 there, whatever the meshes' unit."""

    origin: np.ndarray  # (3,)
    unit: np.ndarray  # (3,): along each axis; negative along x mirrors

    def within(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the meshes, seen from here."""
        return (np.asarray(points, dtype=float) - self.origin) / self.unit

    def without(self, points: np.ndarray) -> np.ndarray:
        """The way back (..., 3)."""
        return points * self.unit + self.origin


def check_meshes(meshes: Sequence[HeadMesh]) -> None:
    """InputError where there is no skin, or numbers are no vertices."""
    if not meshes or not len(meshes[0].faces):
        raise InputError("The mesh has no faces", value=0, remedy="Choose the head's skin.")
    for number, mesh in enumerate(meshes):
        bad = np.flatnonzero(~np.isfinite(mesh.vertices).all(axis=1))
        if len(bad):
            raise InputError(
                "A vertex is nowhere", value=f"vertex {bad[0]} of mesh {number}: not a number",
                remedy=f"Delete it ({len(bad)} such).",
            )  # fmt: skip
        corners = mesh.faces[:, :3]
        if len(corners) and not (0 <= corners.min() <= mesh.faces.max() < len(mesh.vertices)):
            raise InputError(
                "A face has a corner that is no vertex", value=f"mesh {number}",
                remedy="Clean the mesh up.",
            )  # fmt: skip


def frame_around(mesh: HeadMesh) -> Frame:
    """The frame in which a mesh that has faces is 1 large."""
    points = mesh.vertices[np.unique(mesh.faces[mesh.faces >= 0])]
    low, high = points.min(axis=0), points.max(axis=0)
    return Frame(0.5 * (low + high), np.full(3, (high - low).max() or 1.0))


def frame_of(guides: Guides) -> Frame:
    """The frame in which a head's size is 1, and its left guides are on its left."""
    hand = np.sign(np.linalg.det(face_axes(guides).rows))
    origin = np.mean(np.stack(list(guides.values())), axis=0)
    return Frame(origin, head_size(guides) * np.array([hand, 1.0, 1.0]))


def surfaces_in(frame: Frame, meshes: Sequence[HeadMesh]) -> list[Surface]:
    """The meshes in the frame, each face once, the skin's larger pieces with their outside out."""
    skin, *others = [
        Surface(frame.within(mesh.vertices), triangulated(_each_once(mesh.faces)))
        for mesh in meshes
    ]
    return [_outside_out(_without_far(skin)), *others]


def check_sides(frame: Frame, skin: HeadMesh) -> None:
    """InputError where left guides are on the right of a mesh that is not mirrored itself, so that
    its faces look outwards.
    """
    near = Surface(frame.within(skin.vertices), triangulated(skin.faces))
    if frame.unit[0] < 0.0 and _volumes(near, np.zeros(len(near.vertices), dtype=int)).sum() < 0.0:
        raise InputError(
            "Left and right guides are swapped", value="eye_outer.L",
            remedy="Place .L on the character's own left.",
        )  # fmt: skip


def _each_once(faces: np.ndarray) -> np.ndarray:
    """Without the faces that have the corners of an earlier one."""
    corners = np.sort(faces, axis=1)
    order = np.lexsort(corners.T)
    again = (np.diff(corners[order], axis=0) == 0).all(axis=1)
    return faces[np.sort(np.delete(order, np.flatnonzero(again) + 1))]


def _without_far(surface: Surface) -> Surface:
    """Without triangles that reach where no body does."""
    is_far = (np.abs(surface.vertices) > FAR).any(axis=1)
    reaches_far = np.asarray(is_far)[surface.triangles].any(axis=1)
    return Surface(surface.vertices, surface.triangles[~reaches_far])


def _outside_out(surface: Surface) -> Surface:
    of_triangles = surface.pieces[surface.triangles[:, 0]]
    encloses = _volumes(surface, surface.pieces)
    is_large = np.bincount(of_triangles, minlength=len(encloses)) > LARGE * len(of_triangles)
    turned = (is_large & (encloses < 0.0))[of_triangles]
    triangles = np.where(turned[:, None], surface.triangles[:, ::-1], surface.triangles)
    return Surface(surface.vertices, triangles) if turned.any() else surface


def _volumes(surface: Surface, pieces: np.ndarray) -> np.ndarray:
    """What each piece encloses, by the piece of each vertex (N,)."""
    middles = sum_at(pieces, surface.vertices, pieces.max() + 1) / np.bincount(pieces)[:, None]
    a, b, c = ((surface.vertices - middles[pieces])[surface.triangles[:, i]] for i in range(3))
    return np.bincount(
        pieces[surface.triangles[:, 0]], np.einsum("fd,fd->f", a, np.cross(b, c)), len(middles)
    )
