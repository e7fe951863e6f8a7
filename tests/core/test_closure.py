"""Lips that meet, that nearly meet, and that do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotalk_core import arkit
from emotalk_core.shaping.aperture import CLOSED_MM, REST_MM, aperture_mm
from emotalk_core.shaping.closure import count_closures, keep_closed, press_lips
from emotalk_core.shaping.limits import limit
from tests.strategies import curves

JAW = arkit.index("jawOpen")


def one_closure(gap_mm: float) -> np.ndarray:
    """An open mouth whose lips come as near as `gap_mm` over rest for one frame."""
    values = np.zeros((41, arkit.N_CHANNELS), np.float32)
    dip = np.exp(-0.5 * ((np.arange(41) - 20) / 2.0) ** 2)
    values[:, JAW] = 0.35 + (gap_mm / 28.918 - 0.35) * dip
    return values


@pytest.mark.parametrize("gap_mm", [0.3, 0.8, 1.2])
def test_nearly_closed_lips_meet(gap_mm: float) -> None:
    values = one_closure(gap_mm)
    assert aperture_mm(values).min() > CLOSED_MM

    pressed = limit(press_lips(values, 1.0))

    assert aperture_mm(pressed)[20] <= CLOSED_MM


def test_lips_reach_for_each_other_over_a_jaw_that_stays_open() -> None:
    values = one_closure(8.7)  # 0.3 of the jaw's way
    values[18:23, arkit.index("mouthClose")] = 0.21

    pressed = limit(press_lips(values, 1.0))

    assert aperture_mm(values)[20] > CLOSED_MM + 0.5
    assert aperture_mm(pressed)[20] <= CLOSED_MM
    assert pressed[20, JAW] > 0.6 * values[20, JAW]


def test_lips_that_are_clearly_apart_stay_so() -> None:
    values = one_closure(4.0)

    np.testing.assert_array_equal(press_lips(values, 1.0), values)


def test_without_strength_nothing_is_pressed() -> None:
    values = one_closure(0.5)

    np.testing.assert_array_equal(press_lips(values, 0.0), values)


def test_a_press_is_smooth_in_time_and_local() -> None:
    values = one_closure(1.0)

    change = np.abs(press_lips(values, 1.0) - values).max(axis=1)

    assert (change[:16] == 0).all()
    assert (change[25:] == 0).all()
    assert (np.diff(change[16:21]) > 0).all()


@given(values=curves(min_frames=2), strength=st.floats(0, 1))
def test_pressing_never_opens_the_lips(values: np.ndarray, strength: float) -> None:
    before, after = aperture_mm(values), aperture_mm(press_lips(values, strength))

    assert (after <= before + 1e-3).all()


def test_more_strength_never_closes_less() -> None:
    values = one_closure(1.0)

    gaps = [aperture_mm(press_lips(values, s)).min() for s in np.linspace(0, 1, 11)]

    assert (np.diff(gaps) <= 1e-4).all()
    assert gaps[0] - gaps[-1] > 1.0


def test_a_mouth_at_rest_is_left_alone() -> None:
    values = np.zeros((30, arkit.N_CHANNELS), np.float32)

    np.testing.assert_array_equal(press_lips(values, 1.0), values)


def test_lips_that_met_are_brought_together_again() -> None:
    before = one_closure(0.0)
    parted = before.copy()
    parted[:, JAW] *= 1.0
    parted[20, JAW] = 0.1

    out = keep_closed(parted, before)

    assert aperture_mm(out)[20] <= CLOSED_MM
    np.testing.assert_array_equal(out[:15], parted[:15])


def test_closures_are_counted_where_lips_come_together() -> None:
    values = np.concatenate([one_closure(0.0)] * 3)

    assert count_closures(values) == 3


def test_a_neutral_face_measures_the_rest_gap() -> None:
    assert aperture_mm(np.zeros((1, 52), np.float32))[0] == pytest.approx(REST_MM)
