"""Rotations of bones in any mode."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.rigs.rotation import ROTATION_MODES, rotation_curves


def about(axis: int, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    m = np.eye(3)
    m[i, i] = m[j, j] = c
    m[i, j], m[j, i] = -s, s
    return m


@pytest.mark.parametrize(
    "mode", [m for m in ROTATION_MODES if m not in ("QUATERNION", "AXIS_ANGLE")]
)
def test_euler_keys_turn_as_the_quaternion_does(mode: str) -> None:
    vector = np.array([0.3, -0.4, 0.2])
    angle = float(np.linalg.norm(vector))
    k = np.cross(np.eye(3), vector / angle)
    expected = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k  # Rodrigues

    _path, curves = rotation_curves(mode, [(tuple(vector / angle), np.array([angle]))])

    # Blender's modes name the order of turning: "XYZ" is Rz Ry Rx.
    first, second, third = ("XYZ".index(axis) for axis in mode)
    angles = [float(curve[0]) for curve in curves]
    product = (
        about(third, angles[third]) @ about(second, angles[second]) @ about(first, angles[first])
    )
    assert np.abs(product - expected).max() < 1e-6


def test_axis_angle_keys_at_rest_keep_an_axis() -> None:
    path, curves = rotation_curves("AXIS_ANGLE", [((1.0, 0.0, 0.0), np.array([0.0, 0.5]))])

    assert path == "rotation_axis_angle"
    assert np.stack(curves, 1).tolist() == [[0, 0, 1, 0], [0.5, 1, 0, 0]]


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "XYZ"])
def test_a_posed_bone_turns_from_its_pose(mode: str) -> None:
    quarter = float(np.sqrt(0.5))
    posed = (quarter, 0.0, quarter, 0.0)  # a quarter turn about y

    _path, curves = rotation_curves(mode, [((0.0, 1.0, 0.0), np.array([0.0, 0.3]))], posed)

    resting, further = np.stack(curves, 1)
    expected = {
        "QUATERNION": ([*posed], [np.cos(np.pi / 4 + 0.15), 0, np.sin(np.pi / 4 + 0.15), 0]),
        "AXIS_ANGLE": ([np.pi / 2, 0, 1, 0], [np.pi / 2 + 0.3, 0, 1, 0]),
    }.get(mode)
    if expected:
        np.testing.assert_allclose(resting, expected[0], atol=1e-6)
        np.testing.assert_allclose(further, expected[1], atol=1e-6)
    else:
        turn = about(2, further[2]) @ about(1, further[1]) @ about(0, further[0])
        np.testing.assert_allclose(turn, about(1, np.pi / 2 + 0.3), atol=1e-6)
