"""Shape keys for a head that has none: what the base head's do, carried over to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..progress import Progress, silent

Shapes = dict[str, np.ndarray]  # ARKit channel -> deltas (N, 3) in the mesh's own coordinates


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
    raise NotImplementedError
