"""What was fitted to a FLAME head, kept with its mesh: it goes along with the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import bpy
import numpy as np

from ....emotalk_core.errors import InputError, RigError
from ....emotalk_core.rigs.flame import ExpressionMatrix

__all__ = ["has_kept_matrix", "keep_matrix", "kept_matrix", "matrix_of_any"]

_KEPT: Final = "emotalk_expressions"


def keep_matrix(mesh: bpy.types.Mesh, matrix: ExpressionMatrix) -> None:
    """Write it into the mesh's custom properties."""
    mesh[_KEPT] = {
        "channels": " ".join(matrix.channels),
        "keys": " ".join(matrix.keys),
        "values": matrix.values.ravel().astype(float).tolist(),
    }


def has_kept_matrix(thing: bpy.types.Object) -> bool:
    """Whether something was fitted to a mesh."""
    mesh: Any = thing.data
    return thing.type == "MESH" and _KEPT in mesh


def kept_matrix(thing: bpy.types.Object) -> ExpressionMatrix | None:
    """What was fitted to a mesh; RigError where somebody has changed it by hand."""
    if not has_kept_matrix(thing):
        return None
    kept: Any = thing.data[_KEPT]
    try:
        channels, keys = (tuple(str(kept[name]).split()) for name in ("channels", "keys"))
        values = np.array(kept["values"], np.float32)
        return ExpressionMatrix(channels, keys, values.reshape(len(channels), len(keys)))
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise RigError(
            "What was fitted to the mesh is damaged",
            value=f"{thing.name}: {_KEPT}",
            remedy="Fit its expressions anew (panel Rig, the arrow beside FLAME matrix file).",
        ) from error


def matrix_of_any(meshes: Iterable[bpy.types.Object]) -> ExpressionMatrix | None:
    """That of the first mesh which keeps one."""
    found = (kept_matrix(mesh) for mesh in meshes)
    return next((matrix for matrix in found if matrix is not None), None)
