"""Shape keys for a head that has none: what the base head's do, carried over to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..progress import Progress, silent
from .blinking import closed
from .eyeballs import EYE_SIDES, clear, looks, turns_along
from .face import Face, Piece, find_face
from .fitting import fit
from .guides import Guides, check_guides
from .likeness import Likeness, match, with_sides
from .mouth_parts import MouthInside
from .space_warp import SpaceWarp
from .surface import Surface, nearest, sum_at, triangulated
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
    meshes: Sequence[HeadMesh], guides: Guides, progress: Progress = silent
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
    check_guides(guides)
    progress(0.02, "Finding the face")
    surfaces = [Surface(mesh.vertices, triangulated(mesh.faces)) for mesh in meshes]
    face, skin, beside = find_face(surfaces, guides)
    progress(0.1, "Fitting the face")
    template = read_template()
    warp = fit(template, face)
    made = _of_skin(template, warp, face, progress)
    progress(0.9, "Turning eyes, moving teeth")
    found: list[Shapes] = [{} for _ in meshes]
    inside = _Beside(face, MouthInside(template, warp, face), made)
    for piece, shapes in [(skin, made), *inside.shapes(beside)]:
        _put(found[piece.mesh], surfaces[piece.mesh], piece, shapes)
    moving = tuple(_that_move(shapes, face.size) for shapes in found)
    return NewShapes(moving, _notes(face, moving))


def _of_skin(template: Template, warp: SpaceWarp, face: Face, progress: Progress) -> Shapes:
    bent = Surface(warp(template.skin.vertices), template.skin.triangles)
    progress(0.3, "Following lips and lids")
    own = with_sides(face)
    like = match(own, with_sides(replace(face, skin=bent)), face.size)
    progress(0.5, "Carrying the shapes over")
    trust = (like.apart < REACH) / (1.0 + (like.apart / SURE) ** 2)
    made = _taking_after(_carried(template, warp, like), face.skin, trust)
    progress(0.8, "Closing the lids")
    for number, side in enumerate(EYE_SIDES, 1):
        blink = f"eyeBlink{side}"
        made[blink] = closed(face, made[blink], own.side[:, number], side)
    for name in made:
        if name.startswith("eye"):
            for eye in face.eyes.values():
                made[name] = clear(face.skin.vertices, made[name], eye)
    return made


def _carried(template: Template, warp: SpaceWarp, like: Likeness) -> Shapes:
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


def _taking_after(made: Shapes, surface: Surface, trust: np.ndarray) -> Shapes:
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


@dataclass(frozen=True, eq=False)
class _Beside:
    """What else moves in a face, once its skin does."""

    face: Face
    mouth: MouthInside
    made: Shapes  # of the face's skin

    def shapes(self, pieces: Sequence[Piece]) -> list[tuple[Piece, Shapes]]:
        """Each piece with its deltas: eyes turn, teeth and tongue go with the jaw, what lies on
        the skin follows it.
        """
        found, in_mouth = [], []
        for piece in pieces:
            points = piece.surface.vertices
            eye = next((eye for eye in self.face.eyes.values() if turns_along(points, eye)), None)
            if eye is not None:
                found.append((piece, looks(points, eye, self.face.axes)))
            elif self.mouth.has(points):
                in_mouth.append(piece)
            else:
                found.append((piece, self._following(piece.surface)))
        moved = self.mouth.shapes([piece.surface for piece in in_mouth])
        return [*found, *zip(in_mouth, moved, strict=True)]

    @cached_property
    def _room(self) -> tuple[np.ndarray, np.ndarray]:
        """The box (3,), (3,) of all that moves, and what may lie on it."""
        moves = np.max([np.abs(delta).max(axis=1) for delta in self.made.values()], axis=0)
        points = self.face.skin.vertices[moves > LEAST * self.face.size]
        margin = 2.0 * LIES_ON * self.face.size
        return points.min(axis=0) - margin, points.max(axis=0) + margin

    def _following(self, piece: Surface) -> Shapes:
        """Tips go along with their roots."""
        low, high = self._room
        if (piece.vertices.max(axis=0) < low).any() or (piece.vertices.min(axis=0) > high).any():
            return {}
        skin = self.face.skin.vertices
        at = nearest(piece.vertices, skin)
        apart = np.linalg.norm(piece.vertices - skin[at], axis=1) / self.face.size
        if np.median(apart) > LIES_ON:
            return {}
        from_roots = np.clip(apart - np.percentile(apart, 10), 0.0, None)
        trust = 1.0 / (1.0 + (from_roots / ROOTED) ** 4)
        moved = {name: delta[at] for name, delta in self.made.items() if delta[at].any()}
        return _taking_after(moved, piece, trust)


def _put(into: Shapes, mesh: Surface, piece: Piece, shapes: Shapes) -> None:
    for name, delta in shapes.items():
        into.setdefault(name, np.zeros_like(mesh.vertices))[piece.rows] = delta


def _that_move(made: Shapes, size: float) -> Shapes:
    return {
        name: delta for name, delta in made.items()
        if np.linalg.norm(delta, axis=1).max() > LEAST * size
    }  # fmt: skip


def _notes(face: Face, made: Sequence[Shapes]) -> tuple[str, ...]:
    """What an artist should know."""
    found = []
    if len(face.eyes) < len(EYE_SIDES):
        found.append("No two eyeballs were found behind the lids: eyeLook keys move lids alone.")
    if not any("tongueOut" in shapes for shapes in made):
        found.append("No tongue was found behind the lips: tongueOut is missing.")
    way = face.skin.ways(face.nearest_vertex("upper_lip"))[face.nearest_vertex("lower_lip")]
    straight = np.linalg.norm(face.guide("upper_lip") - face.guide("lower_lip"))
    if way < SEALED * straight:
        found.append("The lips are one surface: cut the mouth open, or it stretches.")
    return tuple(found)
