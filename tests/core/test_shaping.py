"""Shaping: each part by itself, and all of them in stretches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core import arkit, shaping
from emotalk_core.controls import Controls
from emotalk_core.shaping.activity import rest_in_silence, speech_activity
from emotalk_core.shaping.aperture import CLOSED_MM, REST_MM, aperture_mm
from emotalk_core.shaping.blink import add_blinks, blink_curve, blink_frames
from emotalk_core.shaping.closure import count_closures, keep_closed, press_lips
from emotalk_core.shaping.gains import gain_regions
from emotalk_core.shaping.gaze import add_gaze, gaze_angles
from emotalk_core.shaping.head import MAX_RADIANS, head_rotation
from emotalk_core.shaping.limits import limit
from emotalk_core.shaping.smoothing import smooth
from tests.strategies import controls, curves, seeds

JAW, CLOSE = arkit.index("jawOpen"), arkit.index("mouthClose")
STILL = Controls(blink=0.0, gaze=0.0, head=0.0, lip_closure=0.0)


def talk(n_frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Curves that articulate, and the level of phrases of 2 s with pauses of 1 s."""
    rng = np.random.default_rng(seed)
    values = np.zeros((n_frames, arkit.N_CHANNELS), np.float32)
    times = np.arange(n_frames) / 30
    values[:, JAW] = (
        0.25 + 0.2 * np.sin(2 * np.pi * 3.7 * times) + 0.03 * rng.standard_normal(n_frames)
    )
    values[:, CLOSE] = 0.1 + 0.1 * np.sin(2 * np.pi * 1.3 * times)
    values[:, arkit.index("mouthSmileLeft")] = 0.4
    level = np.where(times % 3 < 2, -4 + 2 * rng.standard_normal(n_frames), -70).astype(np.float32)
    return np.clip(values, 0, 1), level


def one_closure(gap_mm: float) -> np.ndarray:
    """An open mouth whose lips come as near as `gap_mm` over rest for one frame."""
    values = np.zeros((41, arkit.N_CHANNELS), np.float32)
    dip = np.exp(-0.5 * ((np.arange(41) - 20) / 2.0) ** 2)
    values[:, JAW] = 0.35 + (gap_mm / 28.918 - 0.35) * dip
    return values


# --- limits


@given(values=curves())
def test_limits_are_idempotent(values: np.ndarray) -> None:
    once = limit(values * 3 - 1)

    np.testing.assert_array_equal(limit(once), once)
    assert once.min() >= 0.0
    assert once.max() <= 1.0


@given(values=curves())
def test_lips_never_close_further_than_the_jaw_is_open(values: np.ndarray) -> None:
    out = limit(values)

    assert (out[:, CLOSE] <= out[:, JAW]).all()


def test_a_lid_is_not_shut_and_wide_at_once() -> None:
    values = np.zeros((1, arkit.N_CHANNELS), np.float32)
    values[:, [arkit.index("eyeBlinkLeft"), arkit.index("eyeWideLeft")]] = 1.0

    out = limit(values)

    assert out[0, arkit.index("eyeBlinkLeft")] == 1.0
    assert out[0, arkit.index("eyeWideLeft")] == 0.0


# --- gains


def test_gains_of_one_change_nothing() -> None:
    values, _ = talk(50)

    np.testing.assert_array_equal(gain_regions(values, Controls()), values)


@pytest.mark.parametrize("region", ["brows", "eyes", "mouth", "jaw"])
def test_a_region_slider_moves_its_region_alone(region: str) -> None:
    values = np.full((3, arkit.N_CHANNELS), 0.2, np.float32)

    out = gain_regions(values, replace(Controls(), **{region: 0.5}))

    moved = set(np.flatnonzero(out[0] < 0.15).tolist())
    expected = set(arkit.REGIONS[region]) - {CLOSE} | ({CLOSE} if region == "jaw" else set())
    assert moved == expected


@settings(max_examples=20)
@given(jaw=st.floats(0.2, 2), mouth=st.floats(0.2, 2), smoothing=st.floats(0, 1), seed=seeds())
def test_no_slider_parts_lips_that_met(
    jaw: float, mouth: float, smoothing: float, seed: int
) -> None:
    values, level = talk(200, seed % 1000)
    values[::9, CLOSE] = values[::9, JAW]  # contacts of one frame
    level[:] = 0.0

    turned = replace(STILL, jaw=jaw, mouth=mouth, smoothing=smoothing)
    out = shaping.shape(values, level, turned)

    met = aperture_mm(limit(values)) <= CLOSED_MM
    assert met.sum() > 20
    assert (aperture_mm(out)[met] <= CLOSED_MM).mean() >= 0.95


# --- smoothing


def test_no_smoothing_changes_nothing() -> None:
    values, _ = talk(50)

    np.testing.assert_array_equal(smooth(values, 0.0), values)


@pytest.mark.parametrize("strength", [0.1, 0.37, 0.5, 1.0])
def test_smoothing_keeps_parabolas_to_the_ends(strength: float) -> None:
    x = np.linspace(-1, 1, 40)
    values = np.stack([x**2, 1 - x, np.ones(40)], axis=1).astype(np.float32)

    np.testing.assert_allclose(smooth(values, strength), values, atol=1e-5)


def test_full_smoothing_is_the_published_filter() -> None:
    """Savitzky and Golay's table of 1964: 11 points, quadratic: -36 9 44 69 84 89 84 ... / 429."""
    impulse = np.zeros((31, 1), np.float32)
    impulse[15] = 1.0

    out = smooth(impulse, 1.0)[10:21, 0]

    table = np.array([-36, 9, 44, 69, 84, 89, 84, 69, 44, 9, -36]) / 429
    np.testing.assert_allclose(out, table, atol=1e-6)


def test_each_longer_window_means_less_jitter() -> None:
    values = np.random.default_rng(0).random((200, 3), np.float32)

    jitter = [np.abs(np.diff(smooth(values, s), axis=0)).mean() for s in np.linspace(0, 1, 5)]

    assert (np.diff(jitter) < 0).all()


@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 5, 8])
def test_short_curves_can_be_smoothed(n_frames: int) -> None:
    values = np.random.default_rng(0).random((n_frames, 2), np.float32)

    assert smooth(values, 1.0).shape == values.shape


# --- closure


@pytest.mark.parametrize("gap_mm", [0.3, 0.8, 1.2])
def test_nearly_closed_lips_meet(gap_mm: float) -> None:
    values = one_closure(gap_mm)
    assert aperture_mm(values).min() > CLOSED_MM

    pressed = limit(press_lips(values, 1.0))

    assert aperture_mm(pressed)[20] <= CLOSED_MM


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
    prefixes = {"blink": ("eyeBlink",), "gaze": ("eyeLook",), "head": ("head",)}[layer]
    assert changed
    assert all(name.startswith(prefixes) for name in changed)


# --- all together


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    values, level = talk(300)

    one, same, other = (shaping.shape(values, level, Controls(seed=s)) for s in (5, 5, 6))

    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@settings(max_examples=12)
@given(
    turned=controls(), start=st.integers(0, 700), size=st.integers(1, 300), seed=st.integers(0, 9)
)
def test_a_stretch_with_context_is_as_in_the_whole(
    turned: Controls, start: int, size: int, seed: int
) -> None:
    values, level = talk(1000, seed)
    stop, context = start + size, shaping.CONTEXT_FRAMES
    first, last = max(0, start - context), min(1000, stop + context)

    part = shaping.shape(values[first:last], level[first:last], turned, first)

    whole = shaping.shape(values, level, turned)
    np.testing.assert_allclose(part[start - first : stop - first], whole[start:stop], atol=1e-5)


@given(values=curves(), turned=controls())
def test_whatever_is_turned_coefficients_stay_within_0_and_1(
    values: np.ndarray, turned: Controls
) -> None:
    out = shaping.shape(values, np.zeros(len(values), np.float32), turned)

    assert out.shape == (len(values), len(shaping.CHANNELS))
    assert np.isfinite(out).all()
    assert out[:, :52].min() >= 0.0
    assert out[:, :52].max() <= 1.0
