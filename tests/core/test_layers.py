"""Silence, blinks, gaze and head: what lives beside the speech."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emotalk_core import arkit, shaping
from emotalk_core.controls import Controls
from emotalk_core.shaping.accents import add_accents, brow_accents
from emotalk_core.shaping.activity import rest_in_silence, speech_activity
from emotalk_core.shaping.aperture import REST_MM, aperture_mm
from emotalk_core.shaping.blink import add_blinks, blink_curve, blink_frames
from emotalk_core.shaping.gaze import add_gaze, gaze_angles
from emotalk_core.shaping.head import MAX_RADIANS, head_rotation
from emotalk_core.shaping.limits import limit
from tests.core.talk import JAW, talk

STILL = Controls(blink=0.0, gaze=0.0, head=0.0, lip_closure=0.0)


# --- silence


def test_speech_is_told_from_silence_without_delay() -> None:
    level = np.full(300, -70.0, np.float32)
    level[100:200] = 0.0

    activity = speech_activity(level)

    assert activity[:85].max() == 0.0
    assert activity[100:200].min() > 0.99
    np.testing.assert_allclose(activity, activity[::-1], atol=1e-6)  # zero phase


def test_a_stop_within_a_word_is_no_silence() -> None:
    level = np.zeros(100, np.float32)
    level[50:54] = -70.0  # 130 ms

    assert speech_activity(level).min() > 0.99


def test_a_loud_breath_that_the_network_takes_for_silence_is_silence() -> None:
    level = np.zeros(300, np.float32)
    silence = np.zeros(300, np.float32)
    silence[100:200] = 1.0

    activity = speech_activity(level, silence)

    assert activity[120:180].max() == 0.0
    assert activity[:90].min() > 0.99
    hardly_sure = np.where(silence > 0.0, 0.25, 0.0).astype(np.float32)
    np.testing.assert_array_equal(speech_activity(level, hardly_sure), speech_activity(level))


def test_a_sneer_hardly_parts_the_lips_in_silence_and_stays() -> None:
    values = np.zeros((40, 52), np.float32)
    sneer = list(arkit.indices("noseSneer"))
    values[:, sneer] = np.repeat([0.25, 0.6], 20)[:, None]
    activity = np.tile([1.0, 0.0], 20).astype(np.float32)

    out = rest_in_silence(values, activity)

    gap, before = aperture_mm(out) - REST_MM, aperture_mm(values) - REST_MM
    np.testing.assert_allclose(out[::2], values[::2], atol=1e-6)
    assert (gap[1::2] < 0.15 * before[1::2]).all()
    assert out[:, arkit.index("mouthShrugLower")].max() <= 0.6  # no chin goes further up by itself
    np.testing.assert_array_equal(out[:, sneer], values[:, sneer])


def test_in_silence_the_mouth_rests_and_the_smile_stays() -> None:
    values, _ = talk(60)

    out = rest_in_silence(values, np.zeros(60, np.float32))

    assert out[:, JAW].max() < 0.25 * values[:, JAW].max()
    smile = arkit.index("mouthSmileLeft")
    np.testing.assert_array_equal(out[:, smile], values[:, smile])


# --- blinks


def test_people_blink_about_fifteen_times_a_minute() -> None:
    _, level = talk(30 * 600)

    frames = blink_frames(speech_activity(level), rate=1.0, seed=1)

    assert 11 <= len(frames) / 10 <= 19


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0), (0.5, 7.5), (2.0, 30)])
def test_the_rate_slider_sets_how_often(rate: float, expected: float) -> None:
    _, level = talk(30 * 1200)

    frames = blink_frames(speech_activity(level), rate=rate, seed=1)

    assert len(frames) / 20 == pytest.approx(expected, rel=0.25)


def test_blinks_prefer_pauses() -> None:
    _, level = talk(30 * 1200)
    activity = speech_activity(level)

    frames = [f for f in blink_frames(activity, rate=1.0, seed=2) if f >= 0]

    assert (activity[frames] < 0.5).mean() > 1.5 * (activity < 0.5).mean()


def test_intervals_between_blinks_vary_as_in_people() -> None:
    activity = np.ones(30 * 1200, np.float32)

    gaps = np.diff(sorted(blink_frames(activity, rate=1.0, seed=3))) / 30

    assert 0.3 < gaps.std() / gaps.mean() < 0.9
    assert gaps.min() >= 0.3


@pytest.mark.parametrize("rate", [1.0, 1.4, 2.0])
def test_blinks_never_crowd(rate: float) -> None:
    activity = np.ones(60_000, np.float32)

    gaps = [np.diff(sorted(blink_frames(activity, rate=rate, seed=seed))) for seed in range(5)]

    assert np.concatenate(gaps).min() == 11  # the two of a double


def test_a_blink_shuts_faster_than_it_opens_and_shuts_the_eye() -> None:
    curve = blink_curve(np.ones(600, np.float32), rate=1.0, seed=0)
    peak = int(np.argmax(curve))

    assert curve[peak] == 1.0
    assert curve[peak - 3] == 0.0
    assert curve[peak + 3] > 0.0


def test_a_blinking_eye_is_not_wide() -> None:
    values = np.zeros((1, arkit.N_CHANNELS), np.float32)
    values[:, list(arkit.indices("eyeWide"))] = 0.9

    out = limit(add_blinks(values, np.ones(1, np.float32)))

    assert out[0, arkit.index("eyeBlinkRight")] == 1.0
    assert out[0, arkit.index("eyeWideRight")] == 0.0


# --- gaze and head


def test_eyes_move_together_in_small_jumps() -> None:
    angles = gaze_angles(30 * 120, size=1.0, seed=0)
    values = add_gaze(np.zeros((len(angles), 52), np.float32), angles)

    left = values[:, arkit.index("eyeLookOutLeft")] - values[:, arkit.index("eyeLookInLeft")]
    right = values[:, arkit.index("eyeLookInRight")] - values[:, arkit.index("eyeLookOutRight")]
    np.testing.assert_allclose(left, right, atol=1e-6)
    step = np.abs(np.diff(angles[:, 0]))
    assert 0.03 < angles[:, 0].std() < 0.2
    assert np.median(step) < 0.1 * np.percentile(step, 98)  # still, then a jump


def test_heads_stay_within_four_degrees_and_move_smoothly() -> None:
    _, level = talk(30 * 300)

    rotation = head_rotation(level, speech_activity(level), size=1.0, seed=0)

    assert np.abs(rotation).max() <= MAX_RADIANS
    assert np.degrees(rotation).std(axis=0).min() > 0.2
    assert np.degrees(np.abs(np.diff(rotation, 2, axis=0))).max() < 0.25


def test_heads_move_less_in_silence() -> None:
    n = 30 * 300
    loud, silent = np.zeros(n, np.float32), np.full(n, -70, np.float32)

    moving = head_rotation(loud, np.ones(n, np.float32), size=1.0, seed=0).std()
    resting = head_rotation(silent, np.zeros(n, np.float32), size=1.0, seed=0).std()

    assert resting < 0.6 * moving


@pytest.mark.parametrize("layer", ["blink", "gaze", "head"])
def test_a_layer_at_zero_is_off(layer: str) -> None:
    values, level = talk(300)
    live = replace(STILL, **{layer: 1.0})

    still, moved = shaping.shape(values, level, STILL), shaping.shape(values, level, live)

    changed = {shaping.CHANNELS[i] for i in np.flatnonzero((still != moved).any(axis=0))}
    prefixes = {"blink": ("eyeBlink",), "gaze": ("eyeLook",), "head": ("head", "brow")}[layer]
    assert changed
    assert all(name.startswith(prefixes) for name in changed)


# --- brows


def test_brows_go_up_on_some_of_the_stressed_syllables() -> None:
    level = np.full(30 * 120, -14.0, np.float32)
    stressed = np.arange(45, len(level) - 45, 45)
    for frame in stressed:
        level[frame - 5 : frame + 6] = 4.0

    accents = brow_accents(level, np.ones_like(level), size=1.0, seed=0)

    peaks = np.array([accents[frame - 4 : frame + 5].max() for frame in stressed])
    assert 0.25 < (peaks > 0.12).mean() < 0.85
    assert accents[stressed].mean() > 2.0 * accents[stressed + 22].mean()
    assert np.abs(np.diff(accents)).max() < 0.08


def test_brows_rest_in_silence() -> None:
    silent = np.full(900, -70.0, np.float32)

    assert brow_accents(silent, np.zeros(900, np.float32), size=1.0, seed=0).max() == 0.0


def test_an_accent_draws_angry_brows_together_and_does_not_raise_them() -> None:
    angry = np.zeros((1, arkit.N_CHANNELS), np.float32)
    angry[:, list(arkit.indices("browDown"))] = 0.8

    out = add_accents(angry, np.full(1, 0.3, np.float32))

    assert out[0, arkit.index("browDownLeft")] > 0.95
    assert out[0, arkit.index("browInnerUp")] < 0.02
