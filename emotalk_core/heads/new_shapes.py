"""Shape keys for a head that has none: what the base head's do, carried over to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..progress import Progress, silent
from .eyeballs import clear, face_axes, find_eyeball, looks, turns_along
from .fitting import fit
from .likeness import Likeness, match, sides
from .mouth_parts import MouthInside
from .space_warp import SpaceWarp
from .surface import (
    Surface,
    face_piece,
    nearest,
    part_of,
    rows_of_pieces,
    sum_at,
    triangulated,
)
from .template import Template, read_template

Shapes = dict[str, np.ndarray]  # ARKit channel -> deltas (N, 3) in the mesh's own coordinates
REACH = 0.25  # head sizes: what is further from the bent template than this belongs to no face
SURE = 0.03  # head sizes: what lies this far from it is believed by half
STEPS = 60
ROOTED = 0.02  # head sizes: what is so much further from the skin than its roots is a tip
LIES_ON = 0.03  # head sizes: brows and lashes are not further from the skin
SEALED = 1.8  # a way over open lips goes round by a corner: so many times the straight one
LEAST = 1e-4  # head sizes: a shape that moves nothing by more is none


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """One mesh of a character, in coordinates that all of its meshes share."""

    vertices: np.ndarray  # float (N, 3)
    faces: np.ndarray  # int (F, 4), -1 fills the fourth place of a triangle


@dataclass(frozen=True, eq=False)
class NewShapes:
    """What was made."""

    of_meshes: tuple[Shapes, ...]  # for each mesh the shapes that move it
    notes: tuple[str, ...]  # what an artist should know, a sentence each


def make_shapes(
    meshes: Sequence[HeadMesh], guides: Mapping[str, np.ndarray], progress: Progress = silent
) -> NewShapes:
    """Shapes for the skin (the first mesh) and for what else a face has: eyes, teeth, tongue,
    brows, lashes.

    Parameters
    ----------
    meshes : sequence of HeadMesh
        Any unit, any direction, lips and lids at rest.
    guides : mapping
        Every name of `base_guides()` -> where it is on these meshes, (3,).

    Raises InputError for guides that cannot be a face's.
    """
    face = _Face(meshes, guides)
    progress(0.05, "Finding the face")
    made = face.of_skin(progress)
    progress(0.85, "Turning eyes, moving teeth")
    found = tuple(_that_move(shapes, face.size) for shapes in face.of_all(made))
    return NewShapes(found, face.notes())


class _Face:
    """One head at work: the skin that the face is on, and the pieces beside it."""

    def __init__(self, meshes: Sequence[HeadMesh], guides: Mapping[str, np.ndarray]) -> None:
        self.guides, self.size, self.axes = guides, head_size(guides), face_axes(guides)
        self.surfaces = [Surface(mesh.vertices, triangulated(mesh.faces)) for mesh in meshes]
        self.skin = self.surfaces[0]
        self.is_face = face_piece(self.skin, guides)
        self.pieces = [
            (number, rows)
            for number, surface in enumerate(self.surfaces)
            for rows in rows_of_pieces(surface)
            if number or not self.is_face[rows[0]]
        ]
        near = [self._points(*piece) for piece in self.pieces]
        self.eyes = [
            eye for side in ("Left", "Right")
            if (eye := find_eyeball(near, guides, self.axes, side)) is not None
        ]  # fmt: skip
        self.template = read_template()
        self.warp = fit(self.template, part_of(self.skin, self.is_face), guides)

    def _points(self, number: int, rows: np.ndarray) -> np.ndarray:
        return self.surfaces[number].vertices[rows]

    def of_skin(self, progress: Progress) -> Shapes:
        """Deltas of the skin's vertices, zero where the face is not."""
        skin, near = self.skin, np.flatnonzero(self.is_face)
        bent = Surface(self.warp(self.template.skin.vertices), self.template.skin.triangles)
        progress(0.3, "Following lips and lids")
        like = match(
            skin.vertices[near], skin.normals[near], sides(skin, self.guides, near)[near],
            bent, sides(bent, self.guides, np.arange(len(bent.vertices))), self.size,
        )  # fmt: skip
        progress(0.5, "Carrying the shapes over")
        made = {name: np.zeros_like(skin.vertices) for name in self.template.shapes}
        for name, delta in carried_shapes(self.template, self.warp, like).items():
            made[name][near] = delta
        made = _smoothed(made, skin, near, like)
        for name in made:
            if name.startswith("eye"):
                for eye in self.eyes:
                    made[name] = clear(skin.vertices, made[name], eye)
        return made

    def of_all(self, made: Shapes) -> list[Shapes]:
        """Shapes of every mesh, the skin's own made before."""
        found = [made, *({} for _ in self.surfaces[1:])]
        self.told = {"eyes": len(self.eyes), "teeth": 0, "tongue": 0}
        inside = MouthInside(self.template, self.warp, self.axes, self.size)
        in_mouth = []
        for number, rows in self.pieces:
            points = self._points(number, rows)
            eye = next((eye for eye in self.eyes if turns_along(points, eye)), None)
            if eye is not None:
                self._put(found[number], number, rows, looks(points, eye, self.axes))
            elif inside.has(points):
                in_mouth.append((number, rows))
            else:
                self._put(found[number], number, rows, self._following(number, rows, made))
        surfaces = [self._surface(*piece) for piece in in_mouth]
        for (number, rows), shapes in zip(in_mouth, inside.shapes(surfaces), strict=True):
            self._put(found[number], number, rows, shapes)
            self.told["tongue"] += "tongueOut" in shapes
        self.told["teeth"] = len(in_mouth)
        return found

    def _put(self, into: Shapes, number: int, rows: np.ndarray, shapes: Shapes) -> None:
        for name, delta in shapes.items():
            whole = into.setdefault(name, np.zeros_like(self.surfaces[number].vertices))
            whole[rows] = delta

    def _surface(self, number: int, rows: np.ndarray) -> Surface:
        which = np.zeros(len(self.surfaces[number].vertices), dtype=bool)
        which[rows] = True
        return part_of(self.surfaces[number], which)

    def _following(self, number: int, rows: np.ndarray, made: Shapes) -> Shapes:
        """What lies on the skin goes along with it, tips with their roots: brows, lashes, beards."""
        piece, skin = self._surface(number, rows), np.flatnonzero(self.is_face)
        at = skin[nearest(piece.vertices, self.skin.vertices[skin])]
        apart = np.linalg.norm(piece.vertices - self.skin.vertices[at], axis=1) / self.size
        if np.median(apart) > LIES_ON:
            return {}
        trust = 1.0 / (1.0 + ((apart - np.percentile(apart, 10)) / ROOTED).clip(0.0) ** 4)
        moved = {name: delta[at] for name, delta in made.items() if delta[at].any()}
        return taking_after(moved, piece, trust)

    def notes(self) -> tuple[str, ...]:
        """What an artist should know."""
        found = []
        if len(self.eyes) < 2:
            found.append(
                "No two eyeballs were found behind the lids: eyeLook keys move lids alone."
            )
        if not self.told["teeth"]:
            found.append("Nothing was found behind the lips: no teeth, no tongue.")
        elif not self.told["tongue"]:
            found.append("No tongue was found: tongueOut is missing.")
        if self._is_sealed():
            found.append("The lips are one surface: cut the mouth open, or it stretches.")
        return tuple(found)

    def _is_sealed(self) -> bool:
        places = [np.asarray(self.guides[name]) for name in ("upper_lip", "lower_lip")]
        near = np.flatnonzero(self.is_face)
        start, end = near[nearest(np.stack(places), self.skin.vertices[near])]
        straight = np.linalg.norm(self.skin.vertices[start] - self.skin.vertices[end])
        return bool(self.skin.ways(int(start))[end] < SEALED * straight)


def head_size(guides: Mapping[str, np.ndarray]) -> float:
    """From chin to glabella."""
    return float(np.linalg.norm(np.asarray(guides["glabella"]) - np.asarray(guides["chin"])))


def carried_shapes(template: Template, warp: SpaceWarp, like: Likeness) -> Shapes:
    """Deltas of the template's shapes, bent with its space, at each vertex of the likeness."""
    rest = template.skin.vertices
    start = warp(rest)
    jaw = rest + template.shapes["jawOpen"]
    jaw_bent = warp(jaw)
    found = {}
    for name, delta in template.shapes.items():
        moving = np.flatnonzero(np.abs(delta).max(axis=1) > 1e-4)
        bent = np.zeros_like(rest)
        # Lips close over an open jaw, so that is where their way is bent.
        base, zero = (jaw, jaw_bent) if name == "mouthClose" else (rest, start)
        bent[moving] = warp(base[moving] + delta[moving]) - zero[moving]
        found[name] = like.carried(bent)
    return found


def _smoothed(made: Shapes, skin: Surface, near: np.ndarray, like: Likeness) -> Shapes:
    trust = np.zeros(len(skin.vertices))
    trust[near] = (like.apart < REACH) / (1.0 + (like.apart / SURE) ** 2)
    return taking_after(made, skin, trust)


def taking_after(made: Shapes, surface: Surface, trust: np.ndarray) -> Shapes:
    """The shapes, where a vertex that is trusted (N,) less takes the more after its neighbours."""
    if not made:
        return {}
    own = np.concatenate(list(made.values()), axis=1)
    degree = np.bincount(surface.edges.ravel(), minlength=len(own))[:, None]
    is_loose = (trust < 0.9) & (degree[:, 0] > 0)
    loose = np.flatnonzero(is_loose)
    pairs = np.concatenate([surface.edges, surface.edges[:, ::-1]])
    pairs = pairs[is_loose[pairs[:, 0]]]
    row = np.cumsum(is_loose) - 1
    values, share = own.copy(), trust[loose, None]
    for _ in range(STEPS if len(loose) else 0):
        around = sum_at(row[pairs[:, 0]], values[pairs[:, 1]], len(loose)) / degree[loose]
        values[loose] = share * own[loose] + (1.0 - share) * around
    values = values[surface.welded]
    return {name: values[:, 3 * i : 3 * i + 3] for i, name in enumerate(made)}


def _that_move(made: Shapes, size: float) -> Shapes:
    return {
        name: delta for name, delta in made.items()
        if np.linalg.norm(delta, axis=1).max() > LEAST * size
    }  # fmt: skip
