"""Shape keys for a head that has none: what the base head's do, carried over to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..progress import Progress, part_of, silent
from .beside import Beside
from .blinking import closed
from .eyeballs import EYE_SIDES, clear
from .face import Face, Piece, find_face
from .fitting import fit
from .guides import Guides, check_guides, check_on_skin, head_size
from .intake import HeadMesh, check_meshes, check_sides, frame_of, surfaces_in
from .likeness import Likeness, match, with_sides
from .mouth_parts import MouthInside
from .openings import lips_apart
from .settling import Shapes, settled
from .space_warp import SpaceWarp
from .surface import Surface
from .template import Template, read_template

BLINKS = tuple(f"eyeBlink{side}" for side in EYE_SIDES)
REACH = 0.25  # head sizes: what is further from the bent template than this belongs to no face
SURE = 0.03  # head sizes: what lies this far from it is believed by half
GAPE = 0.06  # mouth widths: lips that stand further apart at rest do not close
SEALED = 1.8  # a way over open lips goes round by a corner: so many times the straight one
LEAST = 1e-3  # head sizes: a shape that moves nothing by more is none


@dataclass(frozen=True, eq=False)
class NewShapes:
    """What was made."""

    of_meshes: tuple[Shapes, ...]  # for each mesh the shapes that move it
    notes: tuple[str, ...]  # what an artist should know, a sentence each


def make_shapes(
    meshes: Sequence[HeadMesh],
    guides: Guides,
    progress: Progress = silent,
    *,
    turn_eyes: bool = True,
) -> NewShapes:
    """Shapes for the skin (the first mesh) and for what else a face has: eyes, teeth, tongue,
    brows, lashes.

    Parameters
    ----------
    meshes : sequence of HeadMesh
        Any unit, any direction, lips and lids at rest.
    guides : mapping
        Every name of `base_guides()` -> where it is on these meshes, (3,).
    turn_eyes : bool
        False: bones turn the eyeballs, and shapes would turn them twice.

    Raises InputError for meshes without a skin and for guides that cannot be a face's.
    """
    check_meshes(meshes)
    check_guides(guides)
    progress(0.02, "Finding the face")
    frame = frame_of(guides)
    check_sides(frame, meshes[0])
    surfaces = surfaces_in(frame, meshes)
    near = {name: frame.within(place) for name, place in guides.items()}
    check_on_skin(near, surfaces[0].vertices)
    face, skin, beside = find_face(surfaces, near)
    progress(0.1, "Fitting the face")
    template = read_template()
    warp = fit(template, face)
    made = _of_skin(template, warp, face, progress)
    progress(0.9, "Turning eyes, moving teeth")
    found: list[Shapes] = [{} for _ in meshes]
    others = Beside(face, MouthInside(template, warp, face), made, turn_eyes).shapes(
        beside, part_of(progress, 0.9, 1.0)
    )
    for piece, shapes in [(skin, made), *others]:
        _put(found[piece.mesh], meshes[piece.mesh], piece, shapes, frame.unit)
    moving = tuple(_that_move(shapes, head_size(guides)) for shapes in found)
    return NewShapes(moving, _notes(face, moving))


def _of_skin(template: Template, warp: SpaceWarp, face: Face, progress: Progress) -> Shapes:
    bent = Surface(warp(template.skin.vertices), template.skin.triangles)
    progress(0.3, "Following lips and lids")
    own = with_sides(face)
    other = with_sides(replace(face, skin=bent))
    like = match(own, other, face.size, part_of(progress, 0.35, 0.5))
    progress(0.5, "Carrying the shapes over")
    trust = (like.apart < REACH) / (1.0 + (like.apart / SURE) ** 2)
    carried = _carried(template, warp, like)
    made = settled(carried, face.skin, trust, part_of(progress, 0.55, 0.8))
    progress(0.8, "Closing the lids")
    for number, (side, blink) in enumerate(zip(EYE_SIDES, BLINKS, strict=True), 1):
        made[blink] = closed(face, made[blink], own.side[:, number], side)
    for number, name in enumerate(made):
        progress(0.83 + 0.07 * number / len(made), "Keeping lids out of the eyes")
        if name.startswith("eye") and name not in BLINKS:
            for eye in face.eyes.values():
                made[name] = clear(face.skin, made[name], eye)
    return made


def _carried(template: Template, warp: SpaceWarp, like: Likeness) -> Shapes:
    """Deltas of the template's shapes, bent with its space, at each vertex of the likeness."""
    rest, jaw = template.skin.vertices, template.shapes["jawOpen"]
    found = {}
    for name, delta in template.shapes.items():
        moving = np.flatnonzero(np.abs(delta).max(axis=1) > 1e-4)
        bent = np.zeros_like(rest)
        # Lips close over an open jaw, so that is where their way is bent.
        base = rest[moving] + (jaw[moving] if name == "mouthClose" else 0.0)
        bent[moving] = warp.moves(base, delta[moving])
        found[name] = like.carried(bent)
    return found


def _put(into: Shapes, mesh: HeadMesh, piece: Piece, shapes: Shapes, unit: np.ndarray) -> None:
    for name, delta in shapes.items():
        into.setdefault(name, np.zeros(mesh.vertices.shape))[piece.rows] = delta * unit


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
    elif lips_apart(face) > GAPE * face.width_of_mouth():
        found.append("The lips stand apart at rest: close them there, or p, b, m will not meet.")
    return tuple(found)
