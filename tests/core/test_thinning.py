"""Keys that are left out change a curve by no more than was allowed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.keys.thinning import thinned
from emotalk_core.retarget import BakeOptions, Binding, Driven, KeyTarget, retarget

CURVES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60)


@given(CURVES, st.floats(0.001, 0.3))
def test_thinned_keys_miss_nothing_by_more_than_the_error(curve: list[float], error: float) -> None:
    frames, values = np.arange(len(curve), dtype=float), np.array(curve, np.float32)

    kept, there = thinned(frames, values, max_error=error)

    assert np.abs(np.interp(frames, kept, there) - values).max() <= error + 1e-6
    assert {0.0, len(curve) - 1.0} <= set(kept.tolist())


@given(CURVES, st.floats(0.001, 0.3))
def test_poses_that_are_held_miss_nothing_by_more_than_it_either(
    curve: list[float], error: float
) -> None:
    frames, values = np.arange(len(curve), dtype=float), np.array(curve, np.float32)

    kept, there = thinned(frames, values, max_error=error, is_held=True)

    shown = there[np.searchsorted(kept, frames, side="right") - 1]
    assert np.abs(shown - values).max() <= error + 1e-6
    assert {0.0, len(curve) - 1.0} <= set(kept.tolist())


def test_what_a_line_says_already_is_dropped_and_what_a_pose_shows_already() -> None:
    frames, slope = np.arange(50.0), np.linspace(0, 1, 50)

    assert thinned(frames, slope, max_error=1e-3)[0].tolist() == [0, 49]
    assert len(thinned(frames, slope, max_error=1e-3, is_held=True)[0]) == 50
    assert thinned(frames, slope > 0.5, max_error=1e-3, is_held=True)[0].tolist() == [0, 25, 49]


def test_no_error_keeps_every_key_and_no_key_is_none() -> None:
    frames, none = np.arange(3.0), np.zeros(0)

    assert thinned(frames, np.zeros(3), max_error=0.0)[0] is frames
    for is_held in (False, True):
        assert len(thinned(none, none, max_error=0.1, is_held=is_held)[0]) == 0


def test_a_face_that_is_baked_in_poses_is_thinned_for_poses() -> None:
    values = np.random.default_rng(5).random((40, 52)).astype(np.float32)
    clip = Clip(values, arkit.CHANNELS, Fraction(30))
    jaw = Binding((Driven(KeyTarget("Head", "Jaw"), (("jawOpen", 1.0),)),))

    (every,), (few,) = (
        retarget(clip, jaw, rate=Fraction(30), start_frame=1, options=options)
        for options in (BakeOptions(2), BakeOptions(2, max_error=0.2, is_held=True))
    )

    shown = few.values[np.searchsorted(few.frames, every.frames, side="right") - 1]
    assert np.abs(shown - every.values).max() <= 0.2 + 1e-6
    assert len(few.frames) < len(every.frames)
