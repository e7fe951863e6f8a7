"""What a user may turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from emotalk_core.controls import (
    EMOTIONS,
    LIMITS,
    PRESETS,
    Controls,
    ControlTrack,
    MovingControls,
    emotion_weights,
)
from emotalk_core.errors import InputError
from emotalk_core.speech.phones import Phone
from tests.strategies import controls


@pytest.mark.parametrize("name", LIMITS)
def test_numbers_outside_their_limits_are_refused_with_the_limits(name: str) -> None:
    low, high = LIMITS[name]

    for bad in (low - 0.01, high + 0.01, float("nan"), float("inf")):
        with pytest.raises(InputError, match=f"Use {low:g} to {high:g}"):
            Controls(**{name: bad})


@pytest.mark.parametrize("weights", [(1.0,) * 7, (1.5,) + (0.0,) * 7, (float("nan"),) * 8])
def test_emotion_weights_are_eight_shares(weights: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="eight numbers"):
        Controls(emotions=weights)


def test_weights_come_in_the_emotions_order() -> None:
    weights = emotion_weights({"sad": 0.2, "happy": 0.8})

    assert dict(zip(EMOTIONS, weights, strict=True))["sad"] == 0.2
    assert sum(weights) == pytest.approx(1.0)


def test_an_emotion_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match="surprised"):
        emotion_weights({"hangry": 1.0})


def test_every_preset_is_within_the_limits() -> None:
    assert {type(p) for p in PRESETS.values()} == {Controls}
    assert set(PRESETS) >= {e.capitalize() for e in EMOTIONS}


@given(given_controls=controls())
def test_controls_without_keys_are_the_same_at_any_time(given_controls: Controls) -> None:
    frames = ControlTrack(given_controls).frames(np.array([-5.0, 0.0, 1e5]))

    assert (frames.mix == np.float32(given_controls.mix)).all()
    assert (frames.weights == np.float32(given_controls.emotions)).all()


def test_keys_are_joined_by_straight_lines_and_held_outside() -> None:
    keys = (Controls(mix=0.0), Controls(mix=1.0))

    frames = ControlTrack(Controls(), (1.0, 3.0), keys).frames(np.array([0.0, 1.0, 2.0, 3.0, 9.0]))

    np.testing.assert_allclose(frames.mix, [0, 0, 0.5, 1, 1])


@pytest.mark.parametrize("times", [(2.0, 1.0), (1.0,)])
def test_keys_need_rising_times(times: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="rising times"):
        ControlTrack(Controls(), times, (Controls(), Controls()))


def _keyed(*keys: tuple[float, float]) -> ControlTrack:
    """Happy as keyed at seconds."""
    made = [Controls(emotions=emotion_weights({"happy": value})) for _, value in keys]
    return ControlTrack(Controls(), [second for second, _ in keys], made)


def test_many_keys_at_once_are_keys_like_others() -> None:
    track = _keyed((1.0, 0.0), (2.0, 0.5))
    rows = np.array([[*key.emotions, key.mix, key.intensity] for key in track.keys])

    same = ControlTrack(track.base, track.times_s, MovingControls(track.base, rows))

    assert [*same.keys] == [*track.keys]
    assert [*same.keys[1:]] == [*track.keys[1:]]
    assert same.keyed == track.keyed == ("happy",)
    assert same.changed_from(track) is None


def test_a_key_that_is_another_changes_nothing_beyond_its_neighbours() -> None:
    track = _keyed((1.0, 0.0), (2.0, 0.5), (3.0, 0.0), (4.0, 1.0))

    moved = _keyed((1.0, 0.0), (2.5, 0.5), (3.0, 0.0), (4.0, 1.0))

    assert moved.changed_from(track) == track.changed_from(moved) == (1.0, 3.0)


@pytest.mark.parametrize(
    ("keys", "span"),
    [
        ([(1.0, 0.5), (2.0, 0.5)], (-np.inf, 2.0)),
        ([(1.0, 0.0), (2.0, 0.25)], (1.0, np.inf)),
        ([(1.0, 0.0), (1.5, 0.25), (2.0, 0.5)], None),
    ],
)
def test_what_holds_before_and_after_keys_changes_with_them(
    keys: list[tuple[float, float]], span: tuple[float, float] | None
) -> None:
    assert _keyed(*keys).changed_from(_keyed((1.0, 0.0), (2.0, 0.5))) == span


def test_what_cannot_be_keyed_changes_all() -> None:
    track = _keyed((1.0, 0.0), (2.0, 0.5))

    others = [replace(track, base=Controls(jaw=1.5)), replace(track, phones=(Phone(0, 1, "m"),))]

    assert [other.changed_from(track) for other in others] == [(-np.inf, np.inf)] * 2
