"""A face's curves as FLAME's own numbers, as trackers and renderers of its heads exchange them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from .atomic_file import atomic_file
from .clip import Clip
from .errors import InputError
from .keys.tables import driven_values
from .retarget import Skeleton, binding_of, match_keys
from .rigs.binding import KeyTarget
from .rigs.bones import BoneRest
from .rigs.flame import ExpressionMatrix, key_place

__all__ = ["FlameMotion", "flame_motion", "write_flame_motion"]

_JOINTS: Final = {  # where about they are; which way is up and ahead is read off them
    "neck": (0.0, -0.02, -0.02),
    "jaw": (0.0, 0.0, 0.0),
    "left_eye": (0.03, 0.03, 0.06),
    "right_eye": (-0.03, 0.03, 0.06),
}


@dataclass(frozen=True, eq=False)
class FlameMotion:
    """What moves a FLAME head: +X is its left, +Y up, +Z ahead."""

    expr: np.ndarray  # float32 (T, K): expression coefficients, standard deviations
    jaw_pose: np.ndarray  # float32 (T, 3): rotation vectors, radians
    neck_pose: np.ndarray  # float32 (T, 3)
    eyes_pose: np.ndarray  # float32 (T, 6): left, right
    fps: Fraction
    start_s: float


def flame_motion(clip: Clip, matrix: ExpressionMatrix) -> FlameMotion:
    """The clip (T, 52 and more) by a matrix of its expressions; joints turn as in Blender."""
    skeleton = Skeleton("", [BoneRest(n, np.array(at), np.eye(3)) for n, at in _JOINTS.items()])
    binding = binding_of({"": match_keys(matrix.keys)}, skeleton, expressions=matrix)
    values = driven_values(clip.values, clip.channels, binding.driven)
    places = [key_place(key, matrix.keys) for key in matrix.keys]
    expr = np.zeros((clip.n_frames, max(places) + 1), np.float32)
    turns = {name: np.zeros((clip.n_frames, 3), np.float32) for name in _JOINTS}
    for row, curve in zip(binding.driven, values, strict=True):
        if isinstance(row.target, KeyTarget):
            expr[:, key_place(row.target.key, matrix.keys)] = curve
        else:
            turns[row.target.bone] += curve[:, None] * np.array(row.target.axis, np.float32)
    eyes = np.hstack([turns["left_eye"], turns["right_eye"]])
    return FlameMotion(expr, turns["jaw"], turns["neck"], eyes, clip.fps, clip.start_s)


def write_flame_motion(motion: FlameMotion, path: str | Path) -> None:
    """An npz file with an array for each field; `fps` as a float.

    Raises
    ------
    InputError
        The file's name does not end in .npz.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise InputError("FLAME's numbers go into an npz file", value=path, remedy="Call it .npz.")
    arrays: dict[str, Any] = asdict(motion) | {"fps": float(motion.fps)}
    with atomic_file(path) as file:
        np.savez(file, **arrays)
