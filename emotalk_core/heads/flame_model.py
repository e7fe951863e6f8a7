"""FLAME's own arrays, as its makers call them, in an npz file: a head to fit without Blender."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import InputError
from ..progress import Progress, part_of, silent
from ..rigs.bones import BoneAngles
from .expression_fit import FittedExpressions, fit_expressions
from .guessing import guess_guides
from .intake import HeadMesh

__all__ = ["FlameModel", "fit_model", "read_flame_model"]

_UP, _AHEAD = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
_JOINTS, _JAW = 5, 2  # root, neck, jaw, left eye, right eye
_SHAPES: Final = 300  # of FLAME's 400 components; its expressions come after them
_NEEDED: Final = ("v_template", "f", "shapedirs", "posedirs", "weights", "J_regressor")


@dataclass(frozen=True, eq=False)
class FlameModel:
    """A mean head in metres: +X is its left, +Y up, +Z ahead."""

    mesh: HeadMesh
    expressions: Mapping[str, np.ndarray]  # Exp1 …: deltas (N, 3) at 1 standard deviation
    jaw: np.ndarray  # (N, 3): deltas where jawOpen is 1


def read_flame_model(path: str | Path) -> FlameModel:
    """The model in an npz file with the arrays `v_template` (N, 3), `f` (F, 3), `shapedirs`
    (N, 3, 300 shapes and then expressions), `posedirs` (N, 3, 9 for each joint but the root),
    `weights` (N, 5 joints), `J_regressor` (5, N).

    Raises
    ------
    InputError
        The file cannot be read, lacks an array, arrays do not fit each other, or hold no numbers.
    """
    arrays = _arrays(Path(path))
    _check_shapes(arrays)
    _check_numbers(arrays)
    rest = np.asarray(arrays["v_template"], float)
    joints, shares = arrays["J_regressor"], arrays["weights"]
    faces = np.concatenate([arrays["f"], np.full((len(arrays["f"]), 1), -1)], axis=1).astype(int)
    deltas = np.moveaxis(np.asarray(arrays["shapedirs"][..., _SHAPES:], float), -1, 0)
    expressions = {f"Exp{number}": delta for number, delta in enumerate(deltas, 1)}
    opened = _jaw_motion(rest, arrays["posedirs"], shares[:, _JAW], joints[_JAW])
    return FlameModel(HeadMesh(rest, faces), expressions, opened)


def fit_model(model: FlameModel, progress: Progress = silent) -> FittedExpressions:
    """The matrix by which a FLAME head follows the 52 channels, from guessed guides."""
    guides = guess_guides([model.mesh], _UP, _AHEAD, part_of(progress, 0.0, 0.2))
    return fit_expressions(
        [model.mesh], guides, model.expressions, model.jaw, part_of(progress, 0.2, 1.0)
    )


def _jaw_motion(
    rest: np.ndarray, posedirs: np.ndarray, shares: np.ndarray, joint: np.ndarray
) -> np.ndarray:
    """Deltas (N, 3) under a jaw that opens about +X: skin is corrected as FLAME's pose asks, then
    turned as far as it follows the jaw.
    """
    cos, sin = np.cos(BoneAngles().jaw_open), np.sin(BoneAngles().jaw_open)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]]) - np.eye(3)
    corrected = posedirs[..., 9 * (_JAW - 1) : 9 * _JAW].astype(float) @ turn.ravel()
    away = rest + corrected - np.asarray(joint, float) @ rest
    return corrected + np.asarray(shares, float)[:, None] * (away @ turn.T)


def _check_shapes(arrays: Mapping[str, np.ndarray]) -> None:
    n = len(arrays["v_template"])
    shapes = {
        "v_template": (n, 3),
        "f": (len(arrays["f"]), 3),
        "shapedirs": (n, 3, max(_SHAPES + 1, arrays["shapedirs"].shape[-1])),
        "posedirs": (n, 3, 9 * (_JOINTS - 1)),
        "weights": (n, _JOINTS),  # SMPL-X has more, and its jaw elsewhere
        "J_regressor": (_JOINTS, n),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise InputError(
                f"FLAME's array {name} has the wrong shape", value=arrays[name].shape,
                remedy=f"It is {shape} for {n} vertices.",
            )  # fmt: skip


def _check_numbers(arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        is_real = array.dtype.kind in "biuf"
        bad = np.argwhere(~np.isfinite(array)) if is_real else np.zeros((1, array.ndim), int)
        if len(bad):
            place = tuple(bad[0].tolist())
            raise InputError(
                f"FLAME's array {name} holds what is no number", value=f"{array[place]} at {place}",
                remedy="Save it as its makers publish it.",
            )  # fmt: skip


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.atleast_1d(archive[name]) for name in _NEEDED}
    except KeyError as error:
        told = f"Save {', '.join(_NEEDED)} with numpy.savez."
        raise InputError(
            "The FLAME model lacks an array", value=path, remedy=f"{error.args[0]}. {told}"
        ) from error
    except OSError as error:
        raise InputError(
            "The FLAME model cannot be read", value=path, remedy=f"{error.strerror or error}."
        ) from error
    except (ValueError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(
            "The FLAME model is no npz file of arrays", value=path,
            remedy="docs/rigs.md says how to make one.",
        ) from error  # fmt: skip
