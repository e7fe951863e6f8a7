"""How well does a statistical face, as FLAME is one, follow the 52 channels by the matrix that is
fitted to it? A table.

`python -m training.faces.statistical_faces FILE`: FILE is `ict_facekit.npz` (see `new_heads`).
FLAME itself is not needed: faces are drawn at random from the shapes that the head's makers made,
and their principal components, with a jaw of its own beside them, stand for its expressions. The
matrix is fitted by guides that nobody has put right, and what it does is held against the makers'
shapes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.heads.expression_fit import FittedExpressions, Lips, lay_into
from emotalk_core.heads.guessing import guess_guides
from emotalk_core.heads.new_shapes import make_shapes
from emotalk_core.heads.settling import Shapes

from .new_heads import AHEAD, LIPS, UP, gap_between, likeness, meshes_of, their_shapes

__all__ = ["Row", "expressions_drawn", "main", "measured"]

N_EXPRESSIONS: Final = (10, 20, 30, 46)
_FACES, _SHARE = 400, 0.12  # how many are drawn, and how often one holds a shape
_SPOKEN: Final = 0.3  # of the jaw's way


@dataclass(frozen=True)
class Row:
    """One number of expressions."""

    n_expressions: int
    explained: float  # of the motion that was asked for
    cosine: float  # between the makers' motion and the matrix's, mean over shapes
    most: float  # standard deviations, of any channel at 1 but mouthClose
    open_mm: float  # lips' gap over a jaw as open as in speech
    shut_mm: float  # and under mouthClose, over what it is at rest


def expressions_drawn(shapes: Shapes, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The first principal components of faces with these shapes, but for the jaw: deltas (N, 3) at
    1 standard deviation, as FLAME's are called.
    """
    rng = np.random.default_rng(seed)
    names = [name for name in shapes if not name.startswith("jaw")]
    size = _FACES, len(names)
    drawn = np.abs(rng.normal(0.0, 0.6, size)) * (rng.random(size) < _SHARE)
    for number, name in enumerate(names):
        if name.endswith("Right"):  # people mostly do the same on both sides
            other = drawn[:, names.index(f"{name[:-5]}Left")]
            drawn[:, number] = other * rng.uniform(0.8, 1.1, _FACES)
    faces = np.tensordot(drawn - drawn.mean(axis=0), np.stack([shapes[x] for x in names]), 1)
    _, sizes, ways = np.linalg.svd(faces.reshape(_FACES, -1), full_matrices=False)
    steps = ways[:n] * sizes[:n, None] / np.sqrt(_FACES)
    return {f"Exp{k}": step.reshape(-1, 3) for k, step in enumerate(steps, 1)}


def measured(data: Mapping[str, np.ndarray], numbers: Sequence[int]) -> list[Row]:
    """A row for each number of expressions."""
    vertices = data["vertices"].astype(float)
    meshes = meshes_of(data, vertices)
    guides = guess_guides(meshes, UP, AHEAD)
    made = make_shapes(meshes, guides).of_meshes[0]
    theirs, lips = their_shapes(data, len(meshes[0].vertices)), Lips.of(meshes, guides)
    marks, jaw, rows = data["landmarks68"], theirs["jawOpen"], []
    rest = gap_between(meshes[0].vertices, marks, LIPS)
    for n in numbers:
        expressions = expressions_drawn(theirs, n)
        found = lay_into(expressions, made, lips, jaw)
        moves = _moves(found, expressions)
        closing = moves.pop("mouthClose", np.zeros_like(jaw))
        opened, shut = (
            gap_between(meshes[0].vertices + _SPOKEN * delta, marks, LIPS) - rest
            for delta in (jaw, jaw + closing)
        )
        alike = [likeness(moves[name], theirs[name])[0] for name in moves if name in theirs]
        matrix = found.matrix
        others = [c != "mouthClose" for c in matrix.channels]
        most = float(np.abs(matrix.values[others]).max())
        rows.append(Row(n, found.explained, float(np.mean(alike)), most, opened, shut))
    return rows


def _moves(found: FittedExpressions, expressions: Mapping[str, np.ndarray]) -> Shapes:
    deltas = np.stack([expressions[key] for key in found.matrix.keys])
    return {
        channel: np.tensordot(row, deltas, 1)
        for channel, row in zip(found.matrix.channels, found.matrix.values, strict=True)
    }


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m training.faces.statistical_faces", description=__doc__
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="ict_facekit.npz")
    arguments = parser.parse_args(argv)
    with np.load(arguments.file, allow_pickle=False) as archive:
        data = {name: archive[name] for name in archive.files}
    lines = ["expressions  explained  cosine  most  open mm  shut mm"]
    for row in measured(data, N_EXPRESSIONS):
        figures = f"{row.explained:9.2f}  {row.cosine:6.2f}  {row.most:4.1f}"
        lines.append(f"{row.n_expressions:11}  {figures}  {row.open_mm:7.1f}  {row.shut_mm:7.1f}")
    print("\n".join(lines))  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
