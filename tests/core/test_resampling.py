"""The one resampler, against sines as they should come out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core.audio.resampling import Ratio, resample_blocks, resampled_length
from tests.strategies import samples

RATES = [4000, 8000, 11025, 22050, 32000, 44100, 44056, 48000, 96000, 192000]


def resampled(values: np.ndarray, rate: int, block: int = 65_536) -> np.ndarray:
    pieces = [values[i : i + block] for i in range(0, len(values), block)]
    return np.concatenate(list(resample_blocks(pieces, Ratio.from_rate(rate))))


def level_db(values: np.ndarray) -> float:
    """RMS of the middle, relative to a full sine."""
    middle = values[2000:-2000].astype(np.float64)
    return 10 * np.log10(2 * np.mean(middle**2) + 1e-20)


def sine(hz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.87])
def test_what_is_heard_comes_through_without_delay_or_change(rate: int, share: float) -> None:
    hz = share * min(rate, 16_000) / 2  # 0.87: up to 7 kHz

    out = resampled(sine(hz, rate), rate)

    error = out - np.sin(2 * np.pi * hz * np.arange(len(out)) / 16_000)
    assert level_db(error) < -100


@pytest.mark.parametrize("rate", [r for r in RATES if r > 20_000])
@pytest.mark.parametrize("hz", [8000, 9000, 10_900])
def test_what_16_khz_cannot_hold_leaves_no_trace(rate: int, hz: int) -> None:
    out = resampled(sine(hz, rate), rate)

    assert level_db(out) < -100


def test_rates_without_a_common_divisor_work_like_the_others() -> None:
    rate = 100_003

    out = resampled(sine(3000, rate, 0.6), rate)

    error = out - np.sin(2 * np.pi * 3000 * np.arange(len(out)) / 16_000)
    assert level_db(error) < -100


@settings(max_examples=30)
@given(values=samples(), rate=st.sampled_from(RATES), block=st.integers(1, 3000))
def test_blocks_of_any_size_give_the_same_bits(values: np.ndarray, rate: int, block: int) -> None:
    whole, pieces = resampled(values, rate), resampled(values, rate, block)

    np.testing.assert_array_equal(pieces, whole)


@given(n=st.integers(1, 3000), rate=st.sampled_from(RATES))
def test_a_sound_keeps_its_length(n: int, rate: int) -> None:
    out = resampled(np.ones(n, np.float32), rate)

    assert len(out) == resampled_length(n, Ratio.from_rate(rate))
    assert len(out) - 1 < n * 16_000 / rate <= len(out)


def test_a_constant_stays_constant_in_every_phase() -> None:
    out = resampled(np.ones(44_100, np.float32), 44_100)

    np.testing.assert_allclose(out[400:-400], 1.0, atol=1e-5)
