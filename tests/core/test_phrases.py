"""Phrases: found between pauses, and feelings that change from one to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emotalk_core.controls import EMOTIONS, Controls, ControlTrack, emotion_weights
from emotalk_core.errors import InputError
from emotalk_core.speech.phrases import (
    FADE_S,
    Phrase,
    felt_track,
    find_phrases,
    most_heard,
    room_around,
)

HAPPY = Controls(emotions=emotion_weights({"happy": 0.8}), mix=1.0, intensity=1.5)
SAD = Controls(emotions=emotion_weights({"sad": 1.0}), mix=1.0)


def level_of(*spoken: tuple[float, float], seconds: float = 8.0) -> np.ndarray:
    """Decibels (T,) at 30 fps: loud in `spoken`, a quiet room elsewhere."""
    times = np.arange(round(seconds * 30)) / 30.0
    loud = np.any([(times >= a) & (times < b) for a, b in spoken], axis=0)
    return np.where(loud, -10.0, -70.0).astype(np.float32)


def mix_at(track: ControlTrack, *times_s: float) -> list[float]:
    return track.frames(np.array(times_s)).mix.tolist()


def test_phrases_lie_between_pauses() -> None:
    found = find_phrases(level_of((1.0, 2.0), (3.0, 5.0), (6.0, 6.5)))

    starts, ends = [p.start_s for p in found], [p.end_s for p in found]
    assert starts == pytest.approx([1.0, 3.0, 6.0], abs=0.25)
    assert ends == pytest.approx([2.0, 5.0, 6.5], abs=0.25)


def test_a_stop_within_a_phrase_does_not_end_it() -> None:
    assert len(find_phrases(level_of((1.0, 2.0), (2.15, 4.0)))) == 1


def test_silence_has_no_phrases_and_speech_without_pause_is_one() -> None:
    assert find_phrases(level_of((9.0, 9.0))) == ()
    (whole,) = find_phrases(level_of((0.0, 8.0)))
    assert (whole.start_s, whole.end_s) == (0.0, 8.0)


def test_what_the_network_calls_silence_parts_phrases_in_noise() -> None:
    level = level_of((0.0, 8.0))
    silence = np.zeros(len(level), np.float32)
    silence[90:150] = 1.0

    first, second = find_phrases(level, silence)

    assert first.end_s == pytest.approx(3.0, abs=0.15)
    assert second.start_s == pytest.approx(5.0, abs=0.15)


def test_a_feeling_fades_in_the_pauses_around_its_phrase() -> None:
    track = felt_track(Controls(), [(Phrase(2.0, 3.0), HAPPY)])

    assert mix_at(track, 1.5, 2.0 - FADE_S / 2, 2.0, 3.0, 3.0 + FADE_S / 2, 3.5) == pytest.approx(
        [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    )
    frames = track.frames(np.array([0.0, 2.5]))
    assert frames.weights[:, EMOTIONS.index("happy")].tolist() == pytest.approx([0.0, 0.8])
    assert frames.intensity.tolist() == [1.0, 1.5]


def test_feelings_with_one_short_pause_between_them_go_straight_over() -> None:
    track = felt_track(Controls(), [(Phrase(2.5, 3.0), SAD), (Phrase(1.0, 2.0), HAPPY)])

    assert mix_at(track, 2.0, 2.25, 2.5) == [1.0, 1.0, 1.0]
    weights = track.frames(np.array([2.25])).weights[0]
    assert weights[EMOTIONS.index("happy")] == pytest.approx(0.4)
    assert weights[EMOTIONS.index("sad")] == pytest.approx(0.5)


def test_between_felt_phrases_that_are_far_apart_the_base_returns() -> None:
    base = replace(SAD, mix=0.3)
    track = felt_track(base, [(Phrase(1.0, 2.0), HAPPY), (Phrase(4.0, 5.0), HAPPY)])

    assert mix_at(track, 0.0, 1.5, 3.0, 4.5, 9.0) == pytest.approx([0.3, 1.0, 0.3, 1.0, 0.3])


def test_no_feelings_leave_the_base_alone() -> None:
    assert felt_track(SAD, []) == ControlTrack(SAD)


def test_a_fade_never_reaches_into_a_neighbour() -> None:
    room = room_around(Phrase(2.0, 3.0), Phrase(0.0, 1.9), Phrase(3.1, 4.0))

    assert (room.in_s, room.out_s) == (1.9, 3.1)


@pytest.mark.parametrize(
    "phrases",
    [
        [Phrase(1.0, 2.0), Phrase(1.5, 3.0)],
        [Phrase(2.0, 2.0)],
        [Phrase(-1.0, 2.0)],
        [Phrase(float("nan"), 2.0)],
    ],
)
def test_impossible_times_are_told(phrases: list[Phrase]) -> None:
    with pytest.raises(InputError, match=r"phrase"):
        felt_track(Controls(), [(phrase, HAPPY) for phrase in phrases])


def test_what_is_heard_most_is_that_of_the_phrase_alone() -> None:
    heard = np.zeros((90, len(EMOTIONS)), np.float16)
    heard[:60, EMOTIONS.index("sad")] = 1.0
    heard[60:, EMOTIONS.index("angry")] = 1.0

    assert most_heard(heard, Phrase(2.0, 3.0)) == "angry"
    assert most_heard(heard, Phrase(0.0, 2.0)) == "sad"
