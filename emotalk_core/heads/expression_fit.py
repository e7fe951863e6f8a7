"""What a statistical face, FLAME's, has to do for each channel: the shapes that were made for its
head are laid into its own expressions, beside what its jaw's bone does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..arkit import CHANNELS
from ..errors import InputError
from ..progress import Progress, part_of, silent
from ..rigs.flame import SLIDER_RANGE, ExpressionMatrix
from .face import find_face
from .guides import Guides
from .intake import HeadMesh, frame_of, surfaces_in
from .new_shapes import make_shapes
from .openings import lips_apart
from .settling import Shapes
from .surface import triangulated

__all__ = ["FittedExpressions", "Lips", "fit_expressions", "lay_into"]

_JAW: Final = ("jawOpen", "jawLeft", "jawRight")  # what a jaw bone does
_LEAST_HELD, _HELD_MORE = 0.01, 2.0  # of an expression's mean motion; each try holds so much more
_LIPS, _EYES, _ELSEWHERE = 4.0, 4.0, 0.3  # how much a vertex there counts
_BESIDE: Final = 0.1  # the same away from the lips, where these close
_SPOKEN: Final = 0.3  # of the jaw's way: speech opens it so far
_LEFT_OPEN: Final = 0.25  # of the gap that it opens: lips that leave more do not shut
_STILL: Final = 1e-5  # of the longest way: what single precision leaves where nothing moves
_LEAST: Final = 0.02  # standard deviations: less is left out


@dataclass(frozen=True, eq=False)
class FittedExpressions:
    """What was found."""

    matrix: ExpressionMatrix
    explained: float  # of the motion that the channels ask for, how much the expressions make
    notes: tuple[str, ...]  # what an artist should know, a sentence each


def fit_expressions(
    meshes: Sequence[HeadMesh],
    guides: Guides,
    expressions: Mapping[str, np.ndarray],
    jaw: np.ndarray | None = None,
    progress: Progress = silent,
) -> FittedExpressions:
    """The matrix by which a head's expressions follow the 52 channels.

    Parameters
    ----------
    meshes : sequence of HeadMesh
        As for `make_shapes`; the first one has the expressions.
    guides : mapping
        As for `make_shapes`.
    expressions : mapping
        Key's name, as FLAME's are called -> deltas (N, 3) of the first mesh at 1 standard
        deviation.
    jaw : (N, 3), optional
        Deltas under the jaw's bone where jawOpen is 1. None: no bone turns the jaw.
    progress : Progress

    Raises InputError as `make_shapes` and `lay_into`, and for a head without expressions.
    """
    moving = {name: delta for name, delta in expressions.items() if np.abs(delta).max() > 0.0}
    if not moving:
        raise InputError(
            "The head has no expressions", value=len(expressions),
            remedy="FLAME's are called Exp1, Exp2 ….",
        )  # fmt: skip
    made = make_shapes(meshes, guides, part_of(progress, 0.0, 0.9), turn_eyes=False)
    progress(0.9, "Laying the shapes into the expressions")
    found = lay_into(moving, made.of_meshes[0], Lips.of(meshes, guides), jaw)
    of_lips = [note for note in made.notes if "lips" in note and "tongue" not in note]
    # Still ones stay, or others would be counted wrongly on another head.
    matrix = _with_keys(found.matrix, tuple(expressions))
    return FittedExpressions(matrix, found.explained, (*of_lips, *found.notes))


def _with_keys(matrix: ExpressionMatrix, keys: tuple[str, ...]) -> ExpressionMatrix:
    """The matrix with a column for each of `keys`, 0 where it had none."""
    values = np.zeros((len(matrix.channels), len(keys)), np.float32)
    values[:, [keys.index(key) for key in matrix.keys]] = matrix.values
    return ExpressionMatrix(matrix.channels, keys, values)


@dataclass(frozen=True, eq=False)
class Lips:
    """A mesh as a viewer sees it: what counts, and how far its lips are apart."""

    counting: np.ndarray  # (N,): how much a vertex counts, more at lips and eyes
    closing: np.ndarray  # (N,): the same where lips close
    apart: Callable[[np.ndarray], float]  # lips' gap with the mesh moved by deltas (N, 3)

    @classmethod
    def of(cls, meshes: Sequence[HeadMesh], guides: Guides) -> Lips:
        """Those of the first mesh."""
        area, points = _areas(meshes[0]), meshes[0].vertices
        lips = _near(points, guides["mouth_corner.L"], guides["mouth_corner.R"])
        eyes = sum(
            _near(points, guides[f"eye_inner.{side}"], guides[f"eye_outer.{side}"]) for side in "LR"
        )
        frame = frame_of(guides)
        near = {name: frame.within(place) for name, place in guides.items()}
        face, skin, _beside = find_face(surfaces_in(frame, meshes), near)

        def apart(delta: np.ndarray) -> float:
            return lips_apart(face.moved(delta[skin.rows] / frame.unit))

        shown = _ELSEWHERE + _LIPS * lips + _EYES * eyes
        return cls(area * shown, area * (_BESIDE + lips), apart)


def lay_into(
    expressions: Mapping[str, np.ndarray], shapes: Shapes, lips: Lips, jaw: np.ndarray | None = None
) -> FittedExpressions:
    """As `fit_expressions`, of shapes that are there.

    Ridge regression, each channel held as little as keeps every coefficient within what FLAME's
    sliders take. Lips are asked to meet over the jaw as it really opens here.

    Raises InputError where the expressions do nothing of it.
    """
    space = _Space.of(expressions, lips.counting)
    wanted = {name: shapes[name] for name in CHANNELS if name in shapes}
    rows = {name: space.within(delta) for name, delta in wanted.items()}
    if jaw is not None:
        rows |= {name: np.zeros(len(expressions)) for name in _JAW if name in rows}
    notes: list[str] = []
    if "jawOpen" in wanted and "mouthClose" in wanted:
        opened = space.moves(rows["jawOpen"]) if jaw is None else jaw
        closing = _Space.of(expressions, lips.closing).within(
            _closed_over(opened, wanted, lips), SLIDER_RANGE / _SPOKEN
        )
        is_shut = _shut(lips.apart, opened, space.moves(closing))
        rows["mouthClose"] = closing if is_shut else np.zeros(len(expressions))
        if not is_shut:
            notes.append("Its expressions do not shut the lips over an open jaw: the jaw does.")
    asked = [name for name in wanted if name not in ("mouthClose", *_JAW)]
    missed = sum(_size(space.moves(rows[n]) - wanted[n], lips.counting) for n in asked)
    whole = sum(_size(wanted[n], lips.counting) for n in asked)
    explained = 1.0 - missed / whole if whole else 0.0
    return FittedExpressions(_matrix(tuple(expressions), rows), explained, tuple(notes))


def _closed_over(opened: np.ndarray, wanted: Shapes, lips: Lips) -> np.ndarray:
    """What mouthClose has to move (N, 3) so that lips meet that a jaw has `opened`, which may open
    them further than jawOpen does.
    """
    size = _times(wanted["jawOpen"], opened, lips.closing)
    return size * (wanted["jawOpen"] + wanted["mouthClose"]) - opened


def _matrix(keys: tuple[str, ...], rows: Mapping[str, np.ndarray]) -> ExpressionMatrix:
    """Of coefficients (K,) by channel, small ones left out."""
    channels = tuple(name for name, row in rows.items() if np.abs(row).max() > _LEAST)
    if not channels:
        raise InputError(
            "The head's expressions make none of the 52 faces", value=len(keys),
            remedy="Choose the mesh of the face; Make Shape Keys gives it ARKit's keys.",
        )  # fmt: skip
    values = np.stack([rows[name] for name in channels])
    values = np.where(np.abs(values) > _LEAST, values, 0.0)
    return ExpressionMatrix(channels, keys, values.astype(np.float32))


def _shut(apart: Callable[[np.ndarray], float], opened: np.ndarray, closing: np.ndarray) -> bool:
    """Whether lips that a jaw opens as far as in speech are shut over it."""
    rest, gap = apart(np.zeros_like(opened)), apart(_SPOKEN * opened)
    return apart(_SPOKEN * (opened + closing)) - rest < _LEFT_OPEN * (gap - rest)


@dataclass(frozen=True, eq=False)
class _Space:
    """What expressions can do, as far as it counts."""

    moved: np.ndarray  # (N,): vertices that expressions move; of a whole body the face alone
    deltas: np.ndarray  # (K, 3 M): of these M
    weighted: np.ndarray  # the same, times how much each counts
    gram: np.ndarray  # (K, K)

    @classmethod
    def of(cls, expressions: Mapping[str, np.ndarray], weights: np.ndarray) -> _Space:
        ways = np.max([np.abs(delta).max(axis=1) for delta in expressions.values()], axis=0)
        moved = ways > _STILL * ways.max()
        deltas = np.stack([delta[moved].ravel() for delta in expressions.values()])
        weighted = deltas * np.repeat(weights[moved], 3)
        return cls(moved, deltas, weighted, weighted @ deltas.T)

    def within(self, delta: np.ndarray, most: float = SLIDER_RANGE) -> np.ndarray:
        """Coefficients (K,), none above `most`, whose motion is nearest to a delta (N, 3)."""
        asked = self.weighted @ delta[self.moved].ravel()
        mean = np.trace(self.gram) / len(self.gram)
        held = _LEAST_HELD
        while True:
            found = np.linalg.solve(self.gram + held * mean * np.eye(len(self.gram)), asked)
            if not np.abs(found).max() > most:  # not "<=": NaN would never end it
                return found
            held *= _HELD_MORE

    def moves(self, coefficients: np.ndarray) -> np.ndarray:
        """Deltas (N, 3) of coefficients."""
        made = np.zeros((len(self.moved), 3))
        made[self.moved] = (coefficients @ self.deltas).reshape(-1, 3)
        return made


def _areas(mesh: HeadMesh) -> np.ndarray:
    """Of the triangles around each vertex (N,), 1 in the mean."""
    points, triangles = mesh.vertices, triangulated(mesh.faces)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    of_faces = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    area = np.bincount(triangles.T.ravel(), np.tile(of_faces, 3), len(points))
    return area / area.mean()


def _near(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """1 in the middle between two places, .37 at them, soon 0 beyond."""
    middle, half = 0.5 * (start + end), 0.5 * np.linalg.norm(start - end)
    return np.exp(-((np.linalg.norm(points - middle, axis=1) / half) ** 2))


def _size(delta: np.ndarray, weights: np.ndarray) -> float:
    return float((weights[:, None] * delta**2).sum())


def _times(shape: np.ndarray, like: np.ndarray, weights: np.ndarray) -> float:
    """How much of `shape` is most like another motion."""
    counted = weights[:, None] * shape
    return float((counted * like).sum() / max((counted * shape).sum(), 1e-30))
