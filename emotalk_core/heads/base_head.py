"""Reads the CC0 head of which the demo character is moulded, and other heads' shapes are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(__file__).with_name("base_head.npz")
UNITS_PER_MM = 100.0  # the file holds whole hundredths of a millimetre


@dataclass(frozen=True, eq=False)
class BaseMesh:
    """One mesh of the data file, in mm."""

    vertices: np.ndarray  # float (N, 3)
    faces: np.ndarray  # int (F, 4), -1 fills the fourth place of a triangle
    shapes: Mapping[str, np.ndarray]  # ARKit name -> deltas (N, 3)


@dataclass(frozen=True, eq=False)
class BaseHead:
    """What the data file holds."""

    skin: BaseMesh
    lower_teeth: BaseMesh
    tongue: BaseMesh


def read_base_head() -> BaseHead:
    """The head as it lies in the data file."""
    with np.load(DATA, allow_pickle=False) as data:
        return BaseHead(
            _mesh(data, "Head"),
            _mesh(data, "TeethLower"),
            _mesh(data, "Tongue"),
        )


def _mesh(data: Mapping[str, np.ndarray], name: str) -> BaseMesh:
    deltas = data[f"{name}/deltas"] / UNITS_PER_MM
    names = (str(shape) for shape in data[f"{name}/shape_names"])
    return BaseMesh(
        data[f"{name}/vertices"] / UNITS_PER_MM,
        data[f"{name}/faces"].astype(int),
        dict(zip(names, deltas, strict=True)),
    )


def neighbours(faces: np.ndarray, n_vertices: int) -> list[set[int]]:
    """For each vertex the vertices that share an edge with it."""
    near: list[set[int]] = [set() for _ in range(n_vertices)]
    for face in faces:
        corners = [int(i) for i in face if i >= 0]
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            near[a].add(b)
            near[b].add(a)
    return near


def flood(near: list[set[int]], start: int, border: set[int]) -> set[int]:
    """Every vertex that can be reached from `start` without crossing `border`."""
    reached, front = {start}, {start}
    while front:
        front = {j for i in front for j in near[i]} - reached - border
        reached |= front
    return reached


class EdgeWalk:
    """Walks straight across the quads of a mesh."""

    def __init__(self, faces: np.ndarray, near: list[set[int]]) -> None:
        self.near = near
        self.faces_of: list[set[int]] = [set() for _ in near]
        for number, face in enumerate(faces):
            for i in face[face >= 0]:
                self.faces_of[i].add(number)

    def ahead(self, came_from: int, here: int) -> int:
        """The vertex opposite to `came_from` at `here`, where four edges meet."""
        beside = self.faces_of[came_from] & self.faces_of[here]
        return next(
            j
            for j in self.near[here]
            if j != came_from and not self.faces_of[j] & self.faces_of[here] & beside
        )

    def ahead_of_quad(self, here: int, beside: int, out: int) -> int:
        """The fourth corner of the quad with the edges here-beside and here-out."""
        return next(j for j in self.near[beside] & self.near[out] if j != here)

    def loop(self, first: int, second: int) -> list[int]:
        """The closed loop of vertices that starts with this edge."""
        found = [first, second]
        while (following := self.ahead(found[-2], found[-1])) != first:
            found.append(following)
        return found
