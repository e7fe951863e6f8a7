"""How good are the shapes that the add-on makes for a head that has none? A table.

`python -m training.faces.new_heads FILE [--identities 4]`: FILE is `ict_facekit.npz`, a head with
its makers' own ARKit shapes (`vertices`, `faces`, `deltas`, `arkit_names`, `identity_deltas`,
`landmarks68`, `part_names`, `part_start`, `part_end`; mm). Every identity is given shapes by guides
that nobody has put right, which are then held against its landmarks, and its shapes against its
makers'.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotalk_core.heads.guessing import guess_guides
from emotalk_core.heads.guides import head_size
from emotalk_core.heads.new_shapes import HeadMesh, make_shapes

SKIN = ("face", "head_neck", "mouth_socket", "eye_socket_left", "eye_socket_right")
BESIDE = ("gums_tongue", "teeth", "eyeball_left", "eyeball_right")
UP, AHEAD = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
LANDMARKS = {  # guide -> numbers among the 68 (Multi-PIE), whose mean it is
    "lower_lip": (57,), "mouth": (62, 66), "upper_lip": (51,), "nose_base": (33,),
    "nose_tip": (30,), "nose_bridge": (27,),
    "mouth_corner.L": (54,), "nose_wing.L": (35,), "eye_inner.L": (42,), "eye_outer.L": (45,),
    "upper_lid.L": (43, 44), "lower_lid.L": (46, 47), "brow_inner.L": (22,),
    "brow_outer.L": (26,), "mouth_corner.R": (48,), "nose_wing.R": (31,), "eye_inner.R": (39,),
    "eye_outer.R": (36,), "upper_lid.R": (37, 38), "lower_lid.R": (40, 41), "brow_inner.R": (21,),
    "brow_outer.R": (17,),
}  # fmt: skip
LIPS = ((61, 67), (62, 66), (63, 65))  # upper and lower inner lip
LIDS = ((43, 47), (44, 46))  # upper and lower left lid
MOVES = 0.1  # of the most that a shape moves a vertex: what moves less is not compared


@dataclass(frozen=True)
class Row:
    """One head's figures."""

    guides: float  # mean distance of guesses from landmarks, in head sizes (chin to glabella)
    open_mm: tuple[float, float]  # lips' gap under jawOpen: made, the makers'
    shut_mm: tuple[float, float]  # and under jawOpen and mouthClose, over what it is at rest
    blink_mm: tuple[float, float]  # what a blink leaves open of the left eye
    cosine: float  # between made and makers' motion, mean over shapes
    size: float  # made over makers' motion, mean over shapes


def heads(data: Mapping[str, np.ndarray], n_identities: int) -> Iterator[np.ndarray]:
    """Vertices of the neutral head and of others, drawn by their number as a seed."""
    rest = data["vertices"].astype(float)
    yield rest
    for seed in range(1, n_identities + 1):
        weights = np.random.default_rng(seed).normal(size=len(data["identity_deltas"]))
        yield rest + np.tensordot(weights, data["identity_deltas"].astype(float), 1)


def compared(data: Mapping[str, np.ndarray], vertices: np.ndarray) -> Row:
    """Makes shapes for one head and holds them against its makers'."""
    meshes = meshes_of(data, vertices)
    guides = guess_guides(meshes, UP, AHEAD)
    made = make_shapes(meshes, guides).of_meshes[0]
    theirs = their_shapes(data, len(meshes[0].vertices))
    marks = data["landmarks68"]
    away = [
        np.linalg.norm(guides[name] - vertices[marks[list(numbers)]].mean(axis=0))
        for name, numbers in LANDMARKS.items()
    ]
    rest = gap_between(vertices, marks, LIPS)

    def under(pairs: tuple[tuple[int, int], ...], *names: str) -> tuple[float, float]:
        skin = meshes[0].vertices
        both = [skin + sum(shapes[name] for name in names) for shapes in (made, theirs)]
        return gap_between(both[0], marks, pairs), gap_between(both[1], marks, pairs)

    shut = under(LIPS, "jawOpen", "mouthClose")
    like = [likeness(made[name], theirs[name]) for name in theirs]
    cosine, size = np.mean(like, axis=0)
    return Row(
        float(np.mean(away)) / head_size(guides), under(LIPS, "jawOpen"),
        (shut[0] - rest, shut[1] - rest), under(LIDS, "eyeBlinkLeft"), float(cosine), float(size),
    )  # fmt: skip


def meshes_of(data: Mapping[str, np.ndarray], vertices: np.ndarray) -> list[HeadMesh]:
    """The skin, then gums, teeth and eyes, of a head with these vertices."""
    return [_mesh(data, vertices, SKIN), *(_mesh(data, vertices, (name,)) for name in BESIDE)]


def _mesh(data: Mapping[str, np.ndarray], vertices: np.ndarray, parts: tuple[str, ...]) -> HeadMesh:
    names = [str(name) for name in data["part_names"]]
    start = min(int(data["part_start"][names.index(part)]) for part in parts)
    end = max(int(data["part_end"][names.index(part)]) for part in parts)
    faces = data["faces"]
    inside = ((faces >= start) & (faces < end) | (faces < 0)).all(axis=1)
    return HeadMesh(vertices[start:end], np.where(faces[inside] < 0, -1, faces[inside] - start))


def their_shapes(data: Mapping[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
    """The makers' deltas (N, 3) of the skin's n vertices, by ARKit's names."""
    found: dict[str, np.ndarray] = {}
    for name, delta in zip(data["arkit_names"], data["deltas"], strict=True):
        found[str(name)] = found.get(str(name), 0.0) + delta[:n].astype(float)
    return found


def gap_between(points: np.ndarray, marks: np.ndarray, pairs: tuple[tuple[int, int], ...]) -> float:
    """How far the upper of each pair of landmarks is above the lower one, mean."""
    return float(np.mean([points[marks[a], 1] - points[marks[b], 1] for a, b in pairs]))


def likeness(made: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """The cosine between two motions (N, 3) where theirs is one, and made's size over theirs."""
    size = np.linalg.norm(theirs, axis=1)
    there = size > MOVES * size.max()
    a, b = made[there], theirs[there]
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    return float((a * b).sum() / (lengths[0] * lengths[1])), float(lengths[0] / lengths[1])


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m training.faces.new_heads", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--identities", type=int, default=4, metavar="N")
    args = parser.parse_args(argv)
    with np.load(args.file) as file:
        data = {name: file[name] for name in file.files}
    lines = ["head  guides  open mm: made, theirs  shut  blink  cosine  size"]
    for number, vertices in enumerate(heads(data, args.identities)):
        row = compared(data, vertices)
        pairs = (f"{a:5.1f} {b:5.1f}" for a, b in (row.open_mm, row.shut_mm, row.blink_mm))
        figures = f"{'  '.join(pairs)}  {row.cosine:.2f}  {row.size:.2f}"
        lines.append(f"{number:4}  {row.guides:.3f}  {figures}")
    print("\n".join(lines))  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
