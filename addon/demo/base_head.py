"""Reads the CC0 head that the character's face is moulded from."""

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
    lip_mask: np.ndarray  # bool (N,) over the skin's vertices


def read_base_head() -> BaseHead:
    """The head as it lies in the data file."""
    with np.load(DATA, allow_pickle=False) as data:
        return BaseHead(
            _mesh(data, "Head"),
            _mesh(data, "TeethLower"),
            _mesh(data, "Tongue"),
            data["Head/mask_lips"],
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


def rings(near: list[set[int]], start: int, count: int) -> np.ndarray:
    """Steps (N,) from `start` along the edges, -1 where it is `count` or more."""
    level = np.full(len(near), -1)
    level[start] = 0
    front = {start}
    for step in range(1, count):
        front = {j for i in front for j in near[i] if level[j] < 0}
        level[list(front)] = step
    return level
