"""The built-in engine on the shipped model: whole and in pieces, cancelled, loud and quiet, with
and without BLAS.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.audio import ArraySound
from emotalk_core.controls import Controls, FrameControls, emotion_weights
from emotalk_core.engine import Encoding, open_engine, product, starter
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.contact import smoothed
from emotalk_core.engine.windows import cross_fade, fade_weights, n_windows
from emotalk_core.errors import Cancelled, InputError, SetupError
from emotalk_core.model.config import PHONES, FrontEndConfig
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.timing import frame_count
from tests.core.babble import RATE, Blocks, babble, joined, largest_difference, told


@pytest.fixture(scope="module")
def engine() -> BuiltinEngine:
    return BuiltinEngine(load_model(starter_folder()), n_threads=2)


@pytest.fixture(scope="module")
def spoken(engine: BuiltinEngine) -> Encoding:
    return joined(engine.encode(ArraySound(babble(11.3), RATE)))


@pytest.mark.parametrize("n_samples", [1, 533, 534, 76_799, 76_800, 76_801, 100_000])
def test_every_length_gives_its_frames(engine: BuiltinEngine, n_samples: int) -> None:
    encoding = joined(engine.encode(ArraySound(babble(7)[:n_samples], RATE)))
    assert encoding.n_frames == frame_count(n_samples)
    assert encoding.heard.shape == (encoding.n_frames, 8)
    np.testing.assert_allclose(encoding.heard.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("size", [777, 16_000, 10_000_000])
def test_blocks_of_any_size_give_the_same_encoding(
    engine: BuiltinEngine, spoken: Encoding, size: int
) -> None:
    assert largest_difference(joined(engine.encode(Blocks(babble(11.3), size))), spoken) < 1e-6


def test_one_thread_gives_the_same_encoding(spoken: Encoding) -> None:
    alone = BuiltinEngine(load_model(starter_folder()), n_threads=1)
    assert largest_difference(joined(alone.encode(ArraySound(babble(11.3), RATE))), spoken) < 1e-6


def test_stretches_decode_like_the_whole(engine: BuiltinEngine, spoken: Encoding) -> None:
    controls = told(spoken.n_frames, Controls(emotions=emotion_weights({"sad": 0.7}), mix=0.5))
    whole = engine.decode(spoken, controls)
    context = engine.context_frames
    for start, stop in ((0, 40), (40, 41), (100, 250), (250, spoken.n_frames)):
        low, high = max(0, start - context), min(spoken.n_frames, stop + context)
        cut = FrameControls(
            controls.weights[low:high], controls.mix[low:high], controls.intensity[low:high]
        )
        part = engine.decode(spoken[low:high], cut)[start - low : stop - low]
        np.testing.assert_allclose(part, whole[start:stop], atol=2e-5)


def test_a_quieter_recording_gives_the_same_face(engine: BuiltinEngine, spoken: Encoding) -> None:
    quiet = joined(engine.encode(ArraySound(babble(11.3) * np.float32(0.1), RATE)))
    controls = told(spoken.n_frames)
    np.testing.assert_allclose(
        engine.decode(quiet, controls), engine.decode(spoken, controls), atol=0.02
    )


def test_speech_later_in_a_file_gives_the_same_face(engine: BuiltinEngine) -> None:
    samples = babble(4)
    later = np.concatenate([np.zeros(int(1.7 * RATE), np.float32), samples])
    alone, moved = (joined(engine.encode(ArraySound(s, RATE))) for s in (samples, later))
    a = engine.decode(alone, told(alone.n_frames))
    b = engine.decode(moved, told(moved.n_frames))[51:]
    assert np.abs(a[5:-5] - b[5:-5]).max() < 0.1


def test_no_step_at_the_seams(engine: BuiltinEngine) -> None:
    """Frames at seams change no more than frames at any other place in the windows' hop."""
    samples = babble(35) * np.repeat(np.random.default_rng(1).uniform(0.3, 1, 70), RATE // 2)
    encoding = joined(engine.encode(ArraySound(samples.astype(np.float32), RATE)))
    curves = engine.decode(encoding, told(encoding.n_frames))
    steps = np.abs(np.diff(curves, axis=0)).mean(axis=1)
    hop = round(4.8 * 30)
    fades = hop * np.arange(1, 7)[:, None] + np.arange(-9, 10)  # the cross-fade lasts 18 frames
    change = np.array([steps[fades + shift].mean() for shift in range(hop)])
    elsewhere = change[20:-20]
    assert change[0] <= elsewhere.mean() + 3 * elsewhere.std()


def test_silence_keeps_the_mouth_closed(engine: BuiltinEngine) -> None:
    encoding = joined(engine.encode(ArraySound(np.zeros(4 * RATE, np.float32), RATE)))
    values = engine.decode(encoding, told(encoding.n_frames))
    assert np.isfinite(values).all()
    assert values[:, 17].max() < 0.08  # jawOpen
    assert np.abs(np.diff(values, axis=0)).max() < 0.04


def test_a_jaw_does_not_pop_out_of_a_contact(engine: BuiltinEngine) -> None:
    sizes = engine.config.content
    content = np.zeros((63, sizes.full_width), np.float32)
    named = ["a"] * 30 + ["p"] * 3 + ["a"] * 30
    content[np.arange(63), [sizes.width + PHONES.index(phone) for phone in named]] = 1.0
    sound = Encoding(
        content, np.zeros((63, 64), np.float32), np.zeros((63, 8), np.float32),
        np.zeros(63, np.float32),
    )  # fmt: skip

    jaw = engine.decode(sound, told(63))[20:45, arkit.index("jawOpen")]

    assert np.ptp(jaw) > 0.02
    assert np.abs(np.diff(jaw)).max() < 0.85 * np.ptp(jaw)


def test_cancel_ends_every_thread(engine: BuiltinEngine) -> None:
    def stop(share: float, _what: str) -> None:
        if share > 0.3:
            raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(engine.encode(ArraySound(babble(30), RATE), progress=stop))
    assert threading.active_count() == before


def test_progress_rises_to_one(engine: BuiltinEngine) -> None:
    shares: list[float] = []
    list(
        engine.encode(ArraySound(babble(11), RATE), progress=lambda share, _: shares.append(share))
    )
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_few_windows_are_alive(engine: BuiltinEngine) -> None:
    """Reading runs only a few windows ahead of what has been given out."""
    sound, read = Blocks(babble(120), RATE), []

    class Watched(Blocks):
        def blocks(self) -> Iterator[np.ndarray]:
            for number, block in enumerate(sound.blocks()):
                read.append(number)
                yield block

    pieces = engine.encode(Watched(babble(120), RATE))
    given_s = next(pieces).n_frames / 30
    assert given_s < 45  # of 120: babble is hardly speech, so that a feeling is waited for
    assert read[-1] < given_s + 45  # the first pass is over, the second one has begun
    pieces.close()


def test_without_blas_the_numbers_are_the_same(
    engine: BuiltinEngine, spoken: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = not product.has_blas()
    monkeypatch.setattr(product, "has_blas", lambda: other)
    short = joined(engine.encode(ArraySound(babble(11.3), RATE)))
    assert largest_difference(short, spoken) < 5e-3
    controls = told(spoken.n_frames)
    np.testing.assert_allclose(
        engine.decode(short, controls), engine.decode(spoken, controls), atol=2e-3
    )


@pytest.mark.parametrize("emotion", ["happy", "sad", "angry", "fearful", "disgust", "surprised"])
def test_sliders_move_the_face_and_intensity_scales_it(
    engine: BuiltinEngine, spoken: Encoding, emotion: str
) -> None:
    def mean(**changes: float) -> np.ndarray:
        controls = Controls(emotions=emotion_weights({emotion: 1.0}), mix=1.0, **changes)
        return engine.decode(spoken, told(spoken.n_frames, controls)).mean(axis=0)

    nothing = engine.decode(spoken, told(spoken.n_frames, Controls(mix=1.0))).mean(axis=0)
    np.testing.assert_allclose(mean(intensity=0.0), nothing, atol=1e-5)
    half, full = (np.abs(mean(intensity=i) - nothing).max() for i in (0.5, 1.0))
    assert 0.05 < half < full


def test_fade_weights_of_neighbours_add_up_to_one() -> None:
    grid = FrontEndConfig()
    count = n_windows(RATE * 17, grid)
    ones = (np.ones((grid.window, 1), np.float32) for _ in range(count))
    whole = np.concatenate(list(cross_fade(ones, count, grid)))
    np.testing.assert_allclose(whole, 1.0, atol=1e-6)
    assert fade_weights(0, 1, grid).min() == 1.0


def test_engine_names() -> None:
    model = load_model(starter_folder())
    assert open_engine("auto", model).name == "builtin"
    with pytest.raises(InputError, match="No such engine"):
        open_engine("quantum", model)
    with pytest.raises(SetupError):
        open_engine("torch", model)


def test_content_is_smoothed_and_the_shares_of_phones_are_as_sharp_as_they_are_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = load_model(starter_folder())
    network, sizes = starter.Starter(model.config, model.tensors), model.config.content
    rng = np.random.default_rng(0)
    projected = rng.standard_normal((40, sizes.projected_width + 8)).astype(np.float32)
    monkeypatch.setattr(starter, "smoothed", np.zeros_like)

    content = network.content(projected, np.full(40, -20.0, np.float32))

    assert (content[:, : sizes.width] == 0.0).all()
    np.testing.assert_allclose(content[:, sizes.width :].sum(axis=1), 1.0, rtol=1e-5)


def test_what_is_quicker_than_frames_hardly_passes() -> None:
    """A 20 Hz tone in the states would stand at 10 Hz in the frames."""

    def left(hz: float) -> float:
        tone = np.cos(2 * np.pi * hz * np.arange(500) / 50)[:, None]
        return float(smoothed(tone).std() / tone.std())

    assert left(20) < 0.12
    assert left(3) > 0.95
