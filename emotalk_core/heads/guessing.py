"""Where the guides of a head may be, for an artist to correct."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from .new_shapes import HeadMesh


def guess_guides(
    skin: HeadMesh,
    up: tuple[float, float, float],
    ahead: tuple[float, float, float] | None,
) -> dict[str, np.ndarray]:
    """Every name of `base_guides()` -> (3,), in the coordinates of `skin`.

    Raises
    ------
    InputError
        No face is found.
    """
    del up, ahead
    remedy = "Place the guides by hand."
    raise InputError("No face is found", value=f"{len(skin.vertices)} vertices", remedy=remedy)
