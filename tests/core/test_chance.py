"""Random curves that depend on a seed and on absolute time alone."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.shaping.chance import cell_rng, slow_noise

SEED, LAYER = 3, 40


@pytest.mark.parametrize("cell", [-9, -1, 0, 7, 8, 1000])
def test_a_curve_goes_by_the_numbers_of_the_cells_around_it(cell: int) -> None:
    before, here, after = (
        cell_rng(SEED, LAYER, cell + k).standard_normal() for k in (-1, 0, 1)
    )  # on a knot a cubic B-spline is a sixth, four and a sixth of them

    value = slow_noise(np.array([cell * 0.5]), 0.5, SEED, LAYER)

    assert value == pytest.approx((before + 4 * here + after) / 6, abs=1e-6)


def test_stretches_join_wherever_they_are_cut() -> None:
    times_s = np.arange(-60, 900) / 30
    whole = slow_noise(times_s, 0.7, SEED, LAYER)

    pieces = [slow_noise(piece, 0.7, SEED, LAYER) for piece in np.split(times_s, [1, 100, 500])]

    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_other_seeds_and_layers_are_other_curves() -> None:
    times_s = np.arange(300) / 30
    curves = [
        slow_noise(times_s, 0.7, seed, layer)
        for seed, layer in ((SEED, LAYER), (SEED + 1, LAYER), (SEED, LAYER + 1))
    ]

    assert all(np.abs(curves[0] - other).max() > 0.1 for other in curves[1:])
