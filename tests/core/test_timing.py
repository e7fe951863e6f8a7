"""Frame arithmetic and curves from one rate to another."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotalk_core.errors import InputError
from emotalk_core.shaping.aperture import CLOSED_MM, aperture_mm
from emotalk_core.shaping.closure import lip_channels, met_lips
from emotalk_core.timing import exact_rate, frame_count, frame_times, resample
from tests.core.talk import speech_with_closures
from tests.strategies import curves, rates

THIRTY = Fraction(30)


@pytest.mark.parametrize(
    ("given_rate", "meant"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (24 / 1.001, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        (24, Fraction(24)),
        (24.0, Fraction(24)),
        (12.5, Fraction(25, 2)),
        ("25", Fraction(25)),
    ],
)
def test_a_rate_is_the_exact_one_that_is_meant(given_rate: float | str, meant: Fraction) -> None:
    assert exact_rate(given_rate) == meant


@pytest.mark.parametrize(
    "bad",
    ["fast", "", 0, -30, float("nan"), float("inf"), 1e9, "1/0", "1e-999999999", "1E9_99_99_99_99"],
)
def test_what_is_no_rate_is_refused(bad: float | str) -> None:
    with pytest.raises(InputError, match="Not a frame rate"):
        exact_rate(bad)


def test_a_frame_that_has_begun_counts() -> None:
    counts = [frame_count(n) for n in (0, 1, 533, 534, 16_000, 16_001)]

    assert counts == [0, 1, 1, 2, 30, 31]


def test_frame_times_do_not_drift_over_three_hours() -> None:
    ntsc = Fraction(24000, 1001)
    last = int(3 * 3600 * ntsc)

    times = frame_times(1, ntsc, last)

    assert times[0] == pytest.approx(float(last / ntsc), abs=1e-9)


@given(values=curves(min_frames=1), fps=rates())
def test_resampling_to_the_same_rate_changes_nothing(values: np.ndarray, fps: Fraction) -> None:
    same = resample(values, fps, frame_times(len(values), fps))

    np.testing.assert_array_equal(same, values)


@given(values=curves(min_frames=2), fps=rates(), at=st.lists(st.floats(-1, 5), min_size=1))
def test_resampling_never_overshoots(values: np.ndarray, fps: Fraction, at: list[float]) -> None:
    out = resample(values, fps, np.sort(at))

    assert (out >= values.min(axis=0) - 1e-6).all()
    assert (out <= values.max(axis=0) + 1e-6).all()


def test_a_straight_line_stays_one_at_another_rate() -> None:
    values = np.linspace(0, 1, 61, dtype=np.float32)[:, None]  # 2 s

    out = resample(values, THIRTY, frame_times(48, Fraction(24)))

    np.testing.assert_allclose(out[:, 0], np.arange(48) / 48, atol=1e-6)


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(50)])
def test_lips_that_meet_for_one_frame_meet_at_every_rate(fps: Fraction) -> None:
    values = speech_with_closures(np.random.default_rng(4), 100)
    times = frame_times(int(len(values) * fps / 30), fps)

    out = resample(values, THIRTY, times, held=met_lips(values), held_columns=lip_channels())

    closed = times[aperture_mm(out) <= CLOSED_MM]
    wanted = np.flatnonzero(aperture_mm(values) <= CLOSED_MM) / 30
    kept = [np.abs(closed - t).min() <= 0.5 / fps + 1e-9 for t in wanted]
    assert np.mean(kept) >= 0.95
    assert len(closed) <= 1.05 * len(wanted)


def test_without_holding_most_of_those_closures_would_be_lost() -> None:
    """What the holding is for: guards the test above against a case that is too easy."""
    values = speech_with_closures(np.random.default_rng(4), 100)

    out = resample(values, THIRTY, frame_times(int(len(values) * 0.8), Fraction(24)))

    assert np.count_nonzero(aperture_mm(out) <= CLOSED_MM) < 50
