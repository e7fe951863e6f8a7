"""Windows over long sound for a network that hears whole clips: every frame once, no step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotalk_core.audio import ArraySound
from emotalk_core.engine.measure import measure
from emotalk_core.engine.spans import Joiner, Span, Whole, plan
from emotalk_core.timing import frame_count

LENGTHS = st.integers(1, 16_000 * 400)
LONGEST = st.integers(360, 1800)


def ramp(span: Span, offset: float = 0.0) -> list[np.ndarray]:
    """What a window hears, if it hears the number of each frame."""
    frames = np.arange(span.first, span.last, dtype=np.float32)[:, None] + np.float32(offset)
    return [frames.copy(), frames.copy(), frames.copy()]


@pytest.mark.parametrize(
    ("n_samples", "n_frames", "n_states", "n_rows"),
    [
        (32_000, 60, 99, 59),
        (51_361, 97, 160, 96),
        (24_000, 45, 74, 44),
        (132_800, 250, 414, 248),  # floats: one frame more than exact arithmetic
        (65_744, 124, 205, 122),  # one row fewer
        (1, 1, 2, 1),
    ],
)
def test_lengths_are_the_published_ones(
    n_samples: int, n_frames: int, n_states: int, n_rows: int
) -> None:
    assert Whole.of(n_samples, 30) == Whole(n_frames, n_states, n_rows)


@given(LENGTHS, LONGEST)
def test_windows_cover_every_frame_and_are_equally_long(n_samples: int, longest: int) -> None:
    whole = Whole.of(n_samples, 30)

    spans = plan(whole, 0, longest)

    assert spans[0].first == 0
    assert spans[-1].last == whole.n_frames
    assert len({span.n_frames for span in spans}) == 1
    assert all(span.n_frames <= longest for span in spans)
    assert all(a.last - b.first >= 2 * (min(90, longest // 4)) for a, b in pairwise(spans))


@given(LENGTHS, LONGEST)
def test_places_lie_inside_a_window_and_where_they_are_in_the_whole(
    n_samples: int, longest: int
) -> None:
    whole = Whole.of(n_samples, 30)
    for span in plan(whole, 0, longest):
        frames, rows, frames_in_rows = span.places()
        (first, behind), (row, row_behind) = span.states, span.rows

        assert 0 <= first < behind <= whole.n_states
        assert 0 <= row < row_behind <= whole.n_rows
        for places, count in ((frames, behind - first), (rows, behind - first)):
            assert places.min() >= 0.0
            assert places.max() <= count - 1 + 1e-6
        assert frames_in_rows.max() <= row_behind - row - 1 + 1e-6
        at = whole.state_of_frame(np.arange(span.first, span.last, dtype=np.float64))
        np.testing.assert_allclose(frames + first, at, atol=1e-6)


@given(LENGTHS, LONGEST)
def test_joined_windows_give_each_frame_once(n_samples: int, longest: int) -> None:
    whole, n_frames = Whole.of(n_samples, 30), frame_count(n_samples)
    spans = plan(whole, 0, longest)
    joiner = Joiner(n_frames, np.zeros(n_frames, np.float32))

    pieces = [
        joiner.add(span, ramp(span), following)
        for span, following in zip(spans, [*spans[1:], None], strict=True)
    ]

    found = np.concatenate([piece.content[:, 0] for piece in pieces])
    np.testing.assert_allclose(found, np.arange(n_frames), atol=1e-2)


def test_neighbours_that_differ_are_faded_into_each_other() -> None:
    whole = Whole.of(16_000 * 100, 30)
    spans = plan(whole, 0, 1800)
    joiner = Joiner(3000, np.zeros(3000, np.float32))

    pieces = [
        joiner.add(spans[0], ramp(spans[0]), spans[1]),
        joiner.add(spans[1], ramp(spans[1], offset=10.0), None),
    ]

    found = np.concatenate([piece.content[:, 0] for piece in pieces])
    step = np.diff(found) - 1.0
    assert len(spans) == 2
    assert step.sum() == pytest.approx(10.0, abs=0.1)
    assert step.max() < 0.5


@given(LENGTHS, st.integers(0, 5000), LONGEST)
def test_what_is_left_is_planned_anew_from_any_frame(
    n_samples: int, done: int, longest: int
) -> None:
    whole = Whole.of(n_samples, 30)
    done = min(done, whole.n_frames - 1)

    spans = plan(whole, done, longest)

    assert spans[0].first <= done
    assert spans[-1].last == whole.n_frames


@given(st.integers(1, 40_000), st.integers(1, 9000))
def test_the_first_pass_is_the_same_in_blocks_of_any_size(n_samples: int, block: int) -> None:
    samples = np.random.default_rng(n_samples).uniform(-0.5, 0.5, n_samples).astype(np.float32)
    whole = ArraySound(samples, 16_000)

    class Blocks(ArraySound):
        def blocks(self):  # noqa: ANN202
            return (samples[i : i + block] for i in range(0, n_samples, block))

    found, expected = measure(Blocks(samples, 16_000), fps=30), measure(whole, fps=30)

    assert len(found.level) == frame_count(n_samples)
    np.testing.assert_allclose(found.level, expected.level, atol=1e-4)
    assert found.mean == pytest.approx(float(samples.mean(dtype=np.float64)), abs=1e-9)
    assert found.deviation == pytest.approx(
        float(np.sqrt(samples.var(dtype=np.float64) + 1e-7)), rel=1e-6
    )
