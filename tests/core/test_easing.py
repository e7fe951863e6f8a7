"""A face wakes before its sound and settles after it; the keys between stay as they are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.keys.easing import Place, eased_tables, frames_of, ramp, room_for, table_ends
from emotalk_core.retarget import (
    BakeOptions,
    Binding,
    BoneTarget,
    Driven,
    KeyTable,
    KeyTarget,
    binding_of,
    match_meshes,
    retarget,
)

ASKED = (7, 14)
ALL = BakeOptions()  # a key on every frame
FRAMES = np.arange(10.0, 31.0)
FROWN = np.linspace(0.2, 0.8, len(FRAMES)).astype(np.float32)


def table(values: np.ndarray = FROWN, rest: float = 0.0) -> KeyTable:
    return KeyTable("Head", "shape_keys", "frown", 0, FRAMES, values, rest)


def place(first: float, last: float) -> Place:
    return Place(first, last, *ASKED)


def test_a_face_relaxes_slower_than_it_wakes() -> None:
    assert frames_of(0.6, Fraction(24)) == (8, 15)
    assert frames_of(0.6, Fraction(24000, 1001)) == (8, 15)
    assert frames_of(0.5, Fraction(24)) == (6, 12)
    assert frames_of(0.0, Fraction(60)) == (0, 0)


def test_the_sounds_own_keys_stay_and_both_ends_reach_rest() -> None:
    (eased,) = eased_tables([table(rest=0.1)], ASKED, ALL)

    np.testing.assert_array_equal(eased.frames, np.arange(3.0, 45.0))
    np.testing.assert_array_equal(eased.values[7:-14], FROWN)
    assert eased.values[[0, -1]] == pytest.approx([0.1, 0.1])


def test_the_way_to_rest_has_no_jerk() -> None:
    frames, values = ramp(1.0, 0.0, 14, ALL)

    steps = np.diff([1.0, *values])
    np.testing.assert_array_equal(frames, np.arange(1, 15))
    assert (steps < 0.0).all()
    assert abs(steps[0]) < 0.02 > abs(steps[-1])
    assert abs(steps).max() < 1.6 / 14  # a straight line has 1 / 14


def test_a_mouth_shuts_before_a_smile_is_gone() -> None:
    (smile, jaw) = (ramp(0.5, 0.0, 15, ALL, is_speech=speaks)[1] for speaks in (False, True))

    assert jaw[4:] == pytest.approx([0.0] * 11)
    assert jaw[2] < smile[2]
    assert len(jaw) == len(smile)


def test_what_speaks_is_jaw_tongue_and_lips() -> None:
    rig = binding_of(match_meshes({"Head": arkit.CHANNELS}))
    values = np.zeros((3, 52), np.float32)

    tables = retarget(
        Clip(values, arkit.CHANNELS, Fraction(30)), rig, rate=Fraction(30), start_frame=1
    )

    speaking = {t.data_path.split('"')[1] for t in tables if t.is_speech}
    assert {"jawOpen", "mouthClose", "mouthPucker", "tongueOut", "mouthUpperUpLeft"} <= speaking
    assert not {"mouthSmileLeft", "mouthFrownRight", "browInnerUp", "eyeBlinkLeft"} & speaking


def test_no_ease_is_what_there_was() -> None:
    tables = [table()]

    assert eased_tables(tables, (0, 0), ALL) == tables


def test_one_side_alone() -> None:
    (eased,) = eased_tables([table()], (0, 14), ALL)

    assert table_ends([eased]) == (10.0, 44.0)


def test_keys_on_twos_stay_on_twos_and_rest_is_reached_in_time() -> None:
    frames, values = ramp(0.5, 0.0, 7, BakeOptions(every_n_frames=2))

    np.testing.assert_array_equal(frames, [2, 4, 6, 7])
    assert values[-1] == 0.0


def test_thinned_eases_keep_their_ends_and_their_error() -> None:
    every, few = (ramp(0.8, 0.0, 14, layout) for layout in (ALL, BakeOptions(max_error=0.02)))

    there = np.interp(every[0], [0.0, *few[0]], [0.8, *few[1]])
    assert len(few[0]) < 8
    assert few[0][-1] == 14
    assert np.abs(there - every[1]).max() <= 0.02 + 1e-6


def test_poses_that_are_held_on_their_way_stay_all() -> None:
    every, held = (
        ramp(0.8, 0.0, 14, layout)[0] for layout in (ALL, BakeOptions(max_error=0.02, is_held=True))
    )

    np.testing.assert_array_equal(held, every)


def test_curves_that_shared_their_arrays_still_do() -> None:
    one, two, other = eased_tables([table(), table(), table(FROWN * 0.5)], ASKED, ALL)

    assert one.values is two.values
    assert one.frames is other.frames


def test_an_empty_table_stays_empty() -> None:
    none = KeyTable("Head", "shape_keys", "frown", 0, np.zeros(0), np.zeros(0, np.float32))

    (eased,) = eased_tables([none], ASKED, ALL)

    assert len(eased.frames) == 0
    assert table_ends([eased]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("others", "room"),
    [
        ([], (7, 14)),
        ([(200, 260)], (7, 14)),
        ([(122, 180)], (7, 14)),  # both eases fit, and not one frame less
        ([(121, 180)], (7, 0)),
        ([(20, 28)], (7, 14)),
        ([(20, 29)], (0, 14)),
        ([(20, 29), (105, 180)], (0, 0)),
        ([(60, 180)], (7, 0)),  # it lies over the end
        ([(20, 60)], (0, 14)),
        ([(60, 80)], (7, 14)),  # in the middle
        ([(20, 180)], (0, 0)),
        ([(50, 100)], (7, 14)),  # the same frames
    ],
)
def test_a_pause_too_short_for_both_eases_gets_neither(
    others: list[tuple[float, float]], room: tuple[int, int]
) -> None:
    assert room_for(place(50, 100), [place(*other) for other in others]) == room


def test_neighbours_agree_about_the_pause_between_them() -> None:
    for gap in range(1, 40):
        one, two = place(0, 50), place(50 + gap, 90)
        assert (room_for(one, [two])[1] > 0) == (room_for(two, [one])[0] > 0) == (gap > 21)


def test_beside_keys_without_ease_its_own_is_enough() -> None:
    assert room_for(place(50, 100), [Place(115, 130)]) == (7, 14)
    assert room_for(place(50, 100), [Place(114, 130)]) == (7, 0)


def test_rest_is_what_a_silent_face_gives() -> None:
    """Not 0: a binding's offset, the viseme of silence, a bone's own unturned quaternion."""
    rows = (
        Driven(KeyTarget("Head", "Wide"), (("jawOpen", 0.5),), offset=0.25),
        Driven(KeyTarget("Head", "Silent"), (("viseme.sil", 1.0),)),
        Driven(BoneTarget("Rig", "head", (1.0, 0.0, 0.0)), (("headPitch", 1.0),)),
        Driven(BoneTarget("Rig", "jaw", (1.0, 0.0, 0.0), "XYZ"), (("jawOpen", 1.0),), offset=0.1),
    )
    values = np.random.default_rng(3).random((20, 52)).astype(np.float32)
    clip = Clip(values, arkit.CHANNELS, Fraction(30))

    tables = retarget(clip, Binding(rows), rate=Fraction(30), start_frame=1)

    assert [t.rest for t in tables] == pytest.approx([0.25, 1, 1, 0, 0, 0, 0.1, 0, 0], abs=1e-6)
