"""Shaping: each part by itself, and all of them in stretches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core import arkit, shaping
from emotalk_core.controls import Controls
from emotalk_core.shaping.aperture import CLOSED_MM, aperture_mm
from emotalk_core.shaping.articulation import articulate
from emotalk_core.shaping.gains import gain_regions
from emotalk_core.shaping.limits import limit
from emotalk_core.shaping.smoothing import UPPER, smooth, smooth_regions
from tests.core.talk import CLOSE, JAW, talk
from tests.strategies import controls, curves, seeds

STILL = Controls(blink=0.0, gaze=0.0, head=0.0, lip_closure=0.0)


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


JITTER = np.random.default_rng(0).random((60, arkit.N_CHANNELS), np.float32)
LOWER = [i for i in range(arkit.N_CHANNELS) if i not in UPPER]


@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
def test_the_whole_face_is_smoothed_alike_unless_the_upper_one_is_asked_for(
    smoothing: float,
) -> None:
    out = smooth_regions(JITTER, Controls(smoothing=smoothing))

    np.testing.assert_array_equal(out, smooth(JITTER, smoothing))


@pytest.mark.parametrize(
    ("smoothing", "upper", "expected"), [(0.0, 0.6, 0.6), (0.5, -0.5, 0.0), (0.7, 0.8, 1.0)]
)
def test_brows_lids_and_cheeks_have_a_smoothing_of_their_own(
    smoothing: float, upper: float, expected: float
) -> None:
    out = smooth_regions(JITTER, Controls(smoothing=smoothing, upper_smoothing=upper))

    assert {arkit.CHANNELS[i] for i in UPPER} == {
        name for name in arkit.CHANNELS if name.startswith(("brow", "eye", "cheekSquint"))
    }
    np.testing.assert_allclose(out[:, UPPER], smooth(JITTER, expected)[:, UPPER], atol=1e-6)
    np.testing.assert_array_equal(out[:, LOWER], smooth(JITTER, smoothing)[:, LOWER])


# --- articulation


def _said(**shares: float) -> shaping.Said:
    """Every frame of 200 names the same phones."""
    rows = {name: np.full(200, shares.get(name, 0.0), np.float32) for name in SAID}
    return shaping.Said(**rows)


SAID = ("silence", "met", "rounded", "open")
PUCKER = arkit.index("mouthPucker")


@pytest.mark.parametrize(("vowel", "channel"), [("open", JAW), ("rounded", PUCKER)])
def test_articulation_moves_the_channel_of_the_vowel_alone(vowel: str, channel: int) -> None:
    values = np.full((200, arkit.N_CHANNELS), 0.2, np.float32)
    loud = np.zeros(200, np.float32)
    faces = [
        shaping.shape(values, loud, replace(STILL, articulation=a), said=_said(**{vowel: 1.0}))
        for a in (0.0, 0.5, 1.0)
    ]
    added = [(face - faces[0])[50:150] for face in faces]

    assert (np.delete(added[2], channel, axis=1) == 0.0).all()
    np.testing.assert_allclose(added[1][:, channel], 0.2, atol=1e-6)
    np.testing.assert_allclose(added[2][:, channel], 0.4, atol=1e-6)


def test_articulation_leaves_a_contact_alone() -> None:
    values, level = talk(200)

    plain, clear = (
        shaping.shape(values, level, replace(STILL, articulation=a), said=_said(met=1.0, open=1.0))
        for a in (0.0, 1.0)
    )

    np.testing.assert_array_equal(plain, clear)


def test_articulation_begins_a_frame_after_a_contact() -> None:
    values, level = talk(200)
    said = _said(open=1.0)
    said.met[100] = 1.0

    plain, clear = (
        shaping.shape(values, level, replace(STILL, articulation=a), said=said) for a in (0.0, 1.0)
    )

    added = (clear - plain)[97:104, arkit.index("jawOpen")]
    np.testing.assert_allclose(added, [0.4, 0.4, 0.0, 0.0, 0.0, 0.4, 0.4], atol=1e-6)


@pytest.mark.parametrize("n_frames", [0, 1])
def test_short_curves_can_be_articulated(n_frames: int) -> None:
    said = shaping.Said(*np.ones((4, n_frames), np.float32))

    found = articulate(np.zeros((n_frames, arkit.N_CHANNELS), np.float32), said, 1.0)

    assert found.shape == (n_frames, arkit.N_CHANNELS)


def test_without_named_phones_articulation_does_nothing() -> None:
    values, level = talk(200)

    plain, clear = (
        shaping.shape(values, level, replace(STILL, articulation=a)) for a in (0.0, 1.0)
    )

    np.testing.assert_array_equal(plain, clear)


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
