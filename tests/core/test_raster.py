"""What is in front is drawn over what is behind."""

from __future__ import annotations

import numpy as np

from emotalk_core.heads.raster import drawn

AT = np.linspace(-0.9, 0.9, 10)
LOW = np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]])


def test_front_is_seen_and_holes_are_left() -> None:
    leans = LOW + np.array([[0.0, 0.0, 2.0], [0.0, 0.0, -2.0], [0.0, 0.0, 2.0]])
    depth, value = drawn(np.stack([LOW, leans]), np.array([[1.0] * 3, [5.0, 7.0, 5.0]]), AT)
    assert depth[9, 0] > 1.0  # bottom left
    assert 5.0 < value[9, 0] < 5.5
    assert depth[9, 9] == 0.0
    assert value[9, 9] == 1.0
    assert np.isneginf(depth[0, 9])
    assert np.isnan(value[0, 9])


def test_of_equal_depth_the_first_is_seen_and_lines_are_not() -> None:
    line = np.array([[-1.0, -1.0, 9.0], [1.0, 1.0, 9.0], [0.0, 0.0, 9.0]])
    values = np.array([[3.0] * 3, [1.0] * 3, [2.0] * 3])
    depth, value = drawn(np.stack([line, LOW, LOW]), values, AT)
    assert depth.max() == 0.0
    assert set(value[np.isfinite(value)]) == {1.0}
