"""Bone rotations: angles about axes become the curves of a bone's own rotation mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..errors import RigError

__all__ = ["ROTATION_MODES", "UNPOSED", "Axis", "Pose", "rotation_curves"]

_EULER_MODES = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
ROTATION_MODES = ("QUATERNION", "AXIS_ANGLE", *_EULER_MODES)

Axis = tuple[float, float, float]
Pose = tuple[float, float, float, float]  # w x y z of a quaternion of length 1
UNPOSED: Final[Pose] = (1.0, 0.0, 0.0, 0.0)


def rotation_curves(
    mode: str, parts: Sequence[tuple[Axis, np.ndarray]], posed: Pose = UNPOSED
) -> tuple[str, list[np.ndarray]]:
    """Property name and its float32 (K,) curves for angles (radians) about axes that are added as
    rotation vectors and turn a bone from where it is `posed`.

    Raises
    ------
    RigError
        Blender has no rotation mode of that name.
    """
    vectors = sum(
        curve[:, None].astype(np.float64) * np.asarray(axis, np.float64) for axis, curve in parts
    )
    assert isinstance(vectors, np.ndarray)
    quaternions = _quaternions(vectors)
    if posed != UNPOSED:
        quaternions = _turned_from(posed, quaternions)
        vectors = _vectors(quaternions)
    if mode == "AXIS_ANGLE":
        angle = np.linalg.norm(vectors, axis=1)
        axes = vectors / np.maximum(angle, 1e-12)[:, None]
        axes[angle < 1e-12] = (0.0, 1.0, 0.0)  # Blender's own rest value
        return "rotation_axis_angle", [curve.astype(np.float32) for curve in (angle, *axes.T)]
    if mode == "QUATERNION":
        return "rotation_quaternion", [curve.astype(np.float32) for curve in quaternions.T]
    if mode in _EULER_MODES:
        return "rotation_euler", [
            curve.astype(np.float32) for curve in _euler(_matrices(quaternions), mode).T
        ]
    raise RigError(
        "Unknown rotation mode of a bone",
        value=mode,
        remedy=f"Use one of {', '.join(ROTATION_MODES)}.",
    )


def _quaternions(vectors: np.ndarray) -> np.ndarray:
    """(K, 4) w x y z with w > 0 for turns below half a circle, so that neighbours never flip
    sign.
    """
    half = 0.5 * np.linalg.norm(vectors, axis=1)
    scale = 0.5 * np.sinc(half / np.pi)
    return np.column_stack([np.cos(half), vectors * scale[:, None]])


def _turned_from(posed: Pose, q: np.ndarray) -> np.ndarray:
    """The quaternions (K, 4) after that of the pose (Hamilton's product)."""
    (a, b, c, d), (w, x, y, z) = posed, q.T
    return np.column_stack(
        [
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        ]
    )


def _vectors(q: np.ndarray) -> np.ndarray:
    """Rotation vectors (K, 3) of quaternions (K, 4)."""
    half = np.arccos(np.clip(q[:, 0], -1.0, 1.0))
    return 2.0 * q[:, 1:] / np.maximum(np.sinc(half / np.pi), 1e-12)[:, None]


def _matrices(q: np.ndarray) -> np.ndarray:
    w, x, y, z = q.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _euler(m: np.ndarray, mode: str) -> np.ndarray:
    """(K, 3) x y z angles; Blender's "XYZ" turns about x first, so the matrix is Rz·Ry·Rx."""
    i, j, k = ("XYZ".index(axis) for axis in mode)
    sign = 1.0 if (i, j, k) in {(0, 1, 2), (1, 2, 0), (2, 0, 1)} else -1.0
    angles = np.empty((len(m), 3))
    angles[:, i] = np.arctan2(sign * m[:, k, j], m[:, k, k])
    angles[:, j] = np.arcsin(np.clip(-sign * m[:, k, i], -1.0, 1.0))
    angles[:, k] = np.arctan2(sign * m[:, j, i], m[:, i, i])
    return angles
