"""Curves of a file under sliders: what moves, and what never does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from emotalk_core import arkit
from emotalk_core.clip import Clip, clips_equal
from emotalk_core.reshaping import AS_IT_IS, reshaped

CHANNELS = (*arkit.CHANNELS, "headPitch")


def a_clip(channels: tuple[str, ...] = CHANNELS) -> Clip:
    values = np.random.default_rng(3).uniform(0.0, 1.0, (60, len(channels))).astype(np.float32)
    return Clip(values, channels, Fraction(60))


def test_at_rest_the_sliders_change_nothing() -> None:
    clip = a_clip()

    assert clips_equal(reshaped(clip, AS_IT_IS), clip)


def test_a_gain_moves_its_region_alone_and_what_it_does_not_know_stays() -> None:
    clip = a_clip()

    made = reshaped(clip, replace(AS_IT_IS, brows=0.5))

    brows = list(arkit.REGIONS["brows"])
    others = [n for n in range(len(CHANNELS)) if n not in brows]
    np.testing.assert_allclose(made.values[:, brows], 0.5 * clip.values[:, brows], atol=1e-6)
    np.testing.assert_array_equal(made.values[:, -1], clip.values[:, -1])
    upper = [n for n in others if n in arkit.REGIONS["eyes"]]
    np.testing.assert_array_equal(made.values[:, upper], clip.values[:, upper])


def test_columns_of_any_order_and_number_are_found() -> None:
    clip = a_clip(("headPitch", "jawOpen", "tongueOut"))

    made = reshaped(clip, replace(AS_IT_IS, jaw=0.25))

    assert made.channels == clip.channels
    np.testing.assert_allclose(made.values[:, 1], 0.25 * clip.values[:, 1], atol=1e-6)
    np.testing.assert_array_equal(made.values[:, [0]], clip.values[:, [0]])


def test_sync_moves_the_clock_and_no_value() -> None:
    clip = a_clip()

    made = reshaped(clip, replace(AS_IT_IS, sync_offset_ms=-250.0))

    assert made.start_s == -0.25
    np.testing.assert_array_equal(made.values, clip.values)
