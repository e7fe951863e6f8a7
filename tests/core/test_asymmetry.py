"""Left and right of an expression: unlike each other, and the mouth none the less the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core import arkit, shaping
from emotalk_core.controls import Controls
from emotalk_core.shaping.aperture import CLOSED_MM, aperture_mm
from emotalk_core.shaping.asymmetry import PAIRS, lean, share_out
from tests.core.talk import CLOSE, JAW, talk
from tests.strategies import controls, curves, seeds

OF_PAIRS = [pair for pairs in PAIRS for pair in pairs]
OTHERS = [i for i in range(arkit.N_CHANNELS) if not any(i in pair for pair in OF_PAIRS)]
STILL = Controls(blink=0.0, gaze=0.0, head=0.0)


def felt(n_frames: int, value: float = 0.6) -> np.ndarray:
    """A face that feels everything at once, alike on both sides, and speaks."""
    values, _ = talk(n_frames)
    for pair in OF_PAIRS:
        values[:, pair] = value
    return values


def test_no_asymmetry_changes_nothing() -> None:
    values = felt(60)

    out = share_out(values, lean(60, size=0.0, seed=3))

    np.testing.assert_array_equal(out, values)


@given(values=curves(), seed=seeds(), size=st.floats(0.01, 1.0))
def test_what_one_side_gains_the_other_gives_within_0_and_1(
    values: np.ndarray, seed: int, size: float
) -> None:
    out = share_out(values, lean(len(values), size=size, seed=seed))

    for pair in OF_PAIRS:
        np.testing.assert_allclose(out[:, pair].mean(1), values[:, pair].mean(1), atol=1e-6)
    np.testing.assert_array_equal(out[:, OTHERS], values[:, OTHERS])
    assert out.min() >= -1e-6
    assert out.max() <= 1.0 + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_by_default_a_side_is_a_seventh_livelier_at_most_and_it_is_seen(seed: int) -> None:
    values = felt(900)
    loud = np.zeros(900, np.float32)

    out = shaping.shape(values, loud, replace(STILL, seed=seed))

    shares = [(out[:, left] - out[:, right]) / (out[:, left] + out[:, right])
              for left, right in OF_PAIRS]  # fmt: skip
    assert np.abs(shares).max() <= 0.15
    assert np.abs(shares).max() > 0.04


def test_a_seed_leans_to_its_side_and_drifts_slowly() -> None:
    leans = lean(30 * 600, size=1.0, seed=4)
    others = [lean(30 * 600, size=1.0, seed=seed).mean(axis=0) for seed in range(40)]

    assert (leans.std(axis=0) > 0.02).all()
    assert np.abs(np.diff(leans, axis=0)).max() < 0.02  # half a frame's worth of a slow smile
    assert (np.std(others, axis=0) > 0.1).all()  # another seed, another face
    assert (np.abs(np.mean(others, axis=0)) < 0.1).all()  # and no side is the rule


@given(first=st.integers(0, 5000), size=st.integers(1, 200), seed=seeds())
def test_blocks_join(first: int, size: int, seed: int) -> None:
    part = lean(size, size=0.8, seed=seed, start_frame=first)

    whole = lean(first + size, size=0.8, seed=seed)
    np.testing.assert_array_equal(part, whole[first:])


@settings(max_examples=25)
@given(turned=controls(), seed=st.integers(0, 999))
def test_lips_stand_and_meet_as_they_do_in_a_mirrors_face(turned: Controls, seed: int) -> None:
    values, level = talk(200, seed)
    values[::9, CLOSE] = values[::9, JAW]  # contacts of one frame
    values[:, arkit.indices("mouthSmile")] = 0.5
    values[:, arkit.indices("noseSneer")] = 0.3

    alike, unlike = (
        shaping.shape(values, level, replace(turned, asymmetry=size)) for size in (0.0, 1.0)
    )

    gaps = aperture_mm(alike), aperture_mm(unlike)
    np.testing.assert_allclose(gaps[1], gaps[0], atol=1e-3)
    assert ((gaps[0] <= CLOSED_MM - 1e-3) <= (gaps[1] <= CLOSED_MM)).all()
    speaking = [*arkit.ARTICULATION]
    np.testing.assert_array_equal(unlike[:, speaking], alike[:, speaking])


def test_lids_blink_alike() -> None:
    values = felt(900, value=0.3)
    loud = np.zeros(900, np.float32)

    out = shaping.shape(values, loud, Controls(asymmetry=1.0, gaze=0.0, head=0.0))

    left, right = arkit.indices("eyeBlink")
    assert out[:, left].max() > 0.9
    # But for the part of the way that the squint beneath has gone already.
    assert np.abs(out[:, left] - out[:, right]).max() < 0.03
