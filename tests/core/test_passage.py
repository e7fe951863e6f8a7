"""A take's beginning goes over from what the take before it ended with."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.keys.easing import Place
from emotalk_core.keys.passage import (
    Passage,
    earlier,
    ends_of,
    free_frames,
    gone_over,
    left_to_later,
    passage_frames,
)
from emotalk_core.retarget import BakeOptions, KeyTable, binding_of, match_meshes, retarget

ALL = BakeOptions()  # a key on every frame
FRAMES = np.arange(50.0, 101.0)
OWN = np.linspace(0.0, 0.5, len(FRAMES)).astype(np.float32)
OVER = Passage(frame=49.0, value=1.0, end=62.0)
ASKED = (7, 14)


def place(first: float, last: float, ease: tuple[int, int] = ASKED) -> Place:
    return Place(first, last, *ease)


def test_half_a_second_as_it_comes() -> None:
    assert [passage_frames(n) for n in (15, 18, 36, 0)] == [13, 15, 30, 0]  # at 24, 30, 60; none


def test_it_goes_from_the_earlier_value_to_its_own_without_a_jerk() -> None:
    frames, values = gone_over(FRAMES, OWN, OVER, ALL)

    np.testing.assert_array_equal(frames, np.arange(50.0, 63.0))
    assert values[-1] == OWN[12]
    steps = np.abs(np.diff([1.0, *values, *OWN[13:16]]))
    assert steps.max() < 1.4 / 13  # a line has 1 / 13
    assert steps[0] < 0.03 > steps[-4]


def test_it_stays_between_both() -> None:
    noise = np.random.default_rng(1).random(len(FRAMES)).astype(np.float32)

    _, values = gone_over(FRAMES, noise, OVER, ALL)

    assert ((values >= noise[:13]) & (values <= 1.0)).all()


def test_over_a_pause_as_much_is_left_as_the_pause_leaves() -> None:
    frames, values = gone_over(FRAMES, OWN, Passage(40.0, 1.0, 53.0), ALL)

    np.testing.assert_array_equal(frames, [50.0, 51.0, 52.0, 53.0])
    assert values[0] < 0.2


@pytest.mark.parametrize("end", [30.0, 50.0])
def test_none_where_the_pause_was_as_long(end: float) -> None:
    assert len(gone_over(FRAMES, OWN, Passage(20.0, 1.0, end), ALL)[0]) == 0


def test_a_short_take_ends_with_its_own_key() -> None:
    frames, values = gone_over(FRAMES[:5], OWN[:5], OVER, ALL)

    assert (frames[-1], values[-1]) == (54.0, OWN[4])


def test_keys_come_in_where_they_were_left_out() -> None:
    layout = BakeOptions(max_error=0.02)

    frames, values = gone_over(FRAMES[[0, -1]], OWN[[0, -1]], OVER, layout)

    every, there = gone_over(FRAMES, OWN, OVER, ALL)
    assert 3 <= len(frames) < 8
    assert frames[-1] == 62.0
    assert np.abs(np.interp(every, frames, values) - there).max() <= 0.02 + 1e-6


def test_poses_that_are_held_come_in_on_twos() -> None:
    layout = BakeOptions(every_n_frames=2, max_error=0.02, is_held=True)

    frames, values = gone_over(FRAMES[[0, -1]], OWN[[0, -1]], Passage(48.0, 1.0, 61.0), layout)

    np.testing.assert_array_equal(frames, np.arange(50.0, 63.0, 2.0))
    assert (np.diff(values) < 0.0).all()
    assert values[-1] == 0.0


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([], None),
        ([(10, 49)], 0),
        ([(10, 50)], 0),  # they share a frame
        ([(10, 51)], None),  # it lies over the beginning
        ([(10, 29)], 0),  # too short a pause for both eases
        ([(10, 28)], None),
        ([(10, 30), (31, 49)], 1),
        ([(10, 49), (55, 60)], None),  # a third has frames of the passage
        ([(10, 49), (70, 80)], 0),
        ([(51, 120)], None),
    ],
)
def test_from_which_take(others: list[tuple[float, float]], found: int | None) -> None:
    there = [(place(*other), 1) for other in others]

    assert earlier(place(50, 100), there, 12) == found


@pytest.mark.parametrize("start", [55, 56, 60])
def test_a_third_take_may_follow_a_short_one(start: float) -> None:
    there = [(place(10, 50), 1), (place(start, 90), 1)]

    assert earlier(place(50, 55), there, 12) == 0


def test_none_without_ease() -> None:
    assert earlier(place(50, 100, (0, 0)), [(place(10, 49), 1)], 0) is None


def test_on_twos_a_last_key_lies_a_frame_further() -> None:
    assert earlier(place(50, 100), [(place(10, 51), 2)], 12) == 0


def test_what_speaks_has_a_tenth_of_a_second_and_a_sneer_until_lips_meet() -> None:
    assert ends_of(50.0, 49.0, 13, (2, 6)) == (62.0, 52.0, 56.0)
    assert ends_of(50.0, 40.0, 13, (2, 6)) == (53.0, 43.0, 47.0)
    assert ends_of(50.0, 49.0, 13, (0, 0)) == (62.0, 50.0, 50.0)


@pytest.mark.parametrize(
    ("rate", "step", "met", "free"),
    [
        (30, 1, (), (2, 15)),
        (30, 1, (7, 9), (2, 7)),
        (30, 1, (1,), (1, 1)),
        (30, 1, (0,), (0, 0)),
        (60, 1, (7,), (5, 14)),
        (24, 1, (7,), (2, 6)),
        (30, 2, (7,), (2, 8)),
        (12, 1, (), (1, 15)),
    ],
)
def test_speech_is_its_own_before_lips_meet(
    rate: int, step: int, met: tuple[int, ...], free: tuple[int, int]
) -> None:
    values = np.zeros((60, 52), np.float32)
    values[:, arkit.index("jawOpen")] = 0.4
    values[list(met), arkit.index("mouthClose")] = 0.4
    clip = Clip(values, arkit.CHANNELS, Fraction(30))

    found = free_frames(
        clip, rate=Fraction(rate), start_frame=50.0, first=50.0, n_frames=15, step=step
    )

    assert found == free


def test_a_shared_frame_is_left_to_the_later_take() -> None:
    thin = KeyTable("Head", "shape_keys", "frown", 0, FRAMES[[0, 20, -1]], OWN[[0, 20, -1]])

    every = KeyTable("Head", "shape_keys", "frown", 0, FRAMES, OWN)
    left = left_to_later([every, thin], [(place(100, 150), 1)], ALL)

    np.testing.assert_array_equal(left[0].frames, FRAMES[:-1])
    np.testing.assert_array_equal(left[1].frames, [50.0, 70.0, 99.0])
    assert left[1].values[-1] == pytest.approx(OWN[-2])


@pytest.mark.parametrize("other", [(101, 150), (99, 150), (10, 100), (50, 100), (100, 120)])
def test_nothing_else_is_left(other: tuple[float, float]) -> None:
    table = KeyTable("Head", "shape_keys", "frown", 0, FRAMES, OWN)
    is_shared = other == (100, 120)

    (left,) = left_to_later([table], [(place(*other), 1)], ALL)

    assert (left.frames[-1] == 99.0) == is_shared


def test_sneers_and_dimples_part_lips() -> None:
    rig = binding_of(match_meshes({"Head": arkit.CHANNELS}))
    clip = Clip(np.zeros((3, 52), np.float32), arkit.CHANNELS, Fraction(30))

    tables = retarget(clip, rig, rate=Fraction(30), start_frame=1)

    names = {t.data_path.split('"')[1] for t in tables if t.parts_lips and not t.is_speech}
    sides = ("Left", "Right")
    assert names == {f"{name}{side}" for name in ("noseSneer", "mouthDimple") for side in sides}
