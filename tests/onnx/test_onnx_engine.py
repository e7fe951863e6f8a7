"""The ONNX engine beside the built-in one: the same numbers, cancelled, at once, with no threads of
its own.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.controls import Controls, ControlTrack, emotion_weights
from emotalk_core.engine import open_engine
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.onnx_engine import OnnxEngine
from emotalk_core.errors import Cancelled, SetupError
from emotalk_core.model.config import ContentConfig, DecoderConfig, EmotionConfig
from emotalk_core.model.folder import Model, model_shapes
from emotalk_core.pipeline import animate
from emotalk_core.timing import frame_count
from tests.core.babble import RATE, Blocks, babble, joined, largest_difference, told

TASKS = Path("/proc/self/task")
SAME = 1e-4  # what is asked; float32 through three layers measures 1e-5


@pytest.mark.parametrize("n_samples", [1, 533, 534, 76_800, 76_801, 100_000, 260_000])
def test_any_length_gives_the_built_in_encoding(
    engine: OnnxEngine, builtin: BuiltinEngine, n_samples: int
) -> None:
    sound = ArraySound(babble(17)[:n_samples], RATE)

    encoding = joined(engine.encode(sound))

    assert encoding.n_frames == frame_count(n_samples)
    assert largest_difference(encoding, joined(builtin.encode(sound))) < SAME


def test_silence_gives_the_built_in_encoding(engine: OnnxEngine, builtin: BuiltinEngine) -> None:
    sound = ArraySound(np.zeros(3 * RATE, np.float32), RATE)

    assert largest_difference(joined(engine.encode(sound)), joined(builtin.encode(sound))) < SAME


@pytest.mark.parametrize("size", [777, 16_000])
def test_blocks_of_any_size_give_the_same_encoding(engine: OnnxEngine, size: int) -> None:
    whole = joined(engine.encode(ArraySound(babble(11.3), RATE)))

    assert largest_difference(joined(engine.encode(Blocks(babble(11.3), size))), whole) < 1e-6


@pytest.mark.parametrize(
    "controls",
    [
        Controls(),
        Controls(emotions=emotion_weights({"sad": 0.7, "angry": 0.9}), mix=0.4, intensity=1.7),
        Controls(emotions=emotion_weights({"happy": 1.0}), mix=1.0, style=13),
        Controls(contrast=0.8),
    ],
)
def test_any_sliders_give_the_built_in_face(
    engine: OnnxEngine, builtin: BuiltinEngine, controls: Controls
) -> None:
    encoding = joined(builtin.encode(ArraySound(babble(6), RATE)))
    asked = told(encoding.n_frames, controls)

    face = engine.decode(encoding, asked)

    assert face.dtype == np.float32
    np.testing.assert_allclose(face, builtin.decode(encoding, asked), atol=SAME)


def test_whole_animations_are_the_same_and_share_a_cache(
    engine: OnnxEngine, builtin: BuiltinEngine
) -> None:
    """Between them lies float16, in which an Encoding is kept: a hair is one step of it."""
    sound, track = ArraySound(babble(8), RATE), ControlTrack(Controls())

    a, b = (animate(sound, track, engine=one) for one in (engine, builtin))

    assert engine.key == builtin.key
    np.testing.assert_allclose(a.values, b.values, atol=2e-3)


def test_auto_takes_it(model: Model) -> None:
    assert open_engine("auto", model).name == "onnx"
    assert open_engine("builtin", model).name == "builtin"


def test_other_weights_give_other_graphs(model: Model, builtin: BuiltinEngine) -> None:
    """Nothing of an earlier model is kept anywhere."""
    changed = dict(model.tensors)
    changed["decoder.output.bias"] = model.tensors["decoder.output.bias"] + np.float16(0.5)
    other = Model(model.config, changed, model.encoder_tensors, model.path, "other")
    encoding = joined(builtin.encode(ArraySound(babble(2), RATE)))
    asked = told(encoding.n_frames)

    ours = BuiltinEngine(other).decode(encoding, asked)

    np.testing.assert_allclose(OnnxEngine(other).decode(encoding, asked), ours, atol=SAME)
    assert np.abs(ours - builtin.decode(encoding, asked)).max() > 0.1


def test_a_network_of_other_sizes_gives_the_built_in_face(model: Model) -> None:
    """What the graphs are made of stands in config.json alone."""
    config = replace(
        model.config,
        n_styles=3,
        content=ContentConfig(width=24, kernel=3, dilations=(1, 3)),
        emotion=EmotionConfig(reach=40, latent=10),
        decoder=DecoderConfig(width=20, n_blocks=2, style_width=5),
    )
    rng = np.random.default_rng(3)
    tensors = {
        name: rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[-1]))
        for name, shape in model_shapes(config).items()
    }
    other = Model(config, tensors, model.encoder_tensors, model.path, "other")
    sound, (ours, theirs) = ArraySound(babble(7), RATE), (BuiltinEngine(other), OnnxEngine(other))

    encoding = joined(ours.encode(sound))
    asked = told(encoding.n_frames, Controls(style=4))

    assert largest_difference(joined(theirs.encode(sound)), encoding) < SAME
    face = ours.decode(encoding, asked)
    np.testing.assert_allclose(theirs.decode(encoding, asked), face, atol=SAME, rtol=1e-5)


def test_cancel_ends_every_thread(engine: OnnxEngine) -> None:
    def stop(share: float, _what: str) -> None:
        if share > 0.2:
            raise Cancelled

    before = threading.active_count()
    with pytest.raises(Cancelled):
        list(engine.encode(ArraySound(babble(60), RATE), progress=stop))

    assert threading.active_count() == before


def test_progress_rises_to_one(engine: OnnxEngine) -> None:
    shares: list[float] = []

    sound = ArraySound(babble(11), RATE)
    list(engine.encode(sound, progress=lambda share, _: shares.append(share)))

    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_two_sounds_at_once_do_not_mix(engine: OnnxEngine) -> None:
    sounds = [ArraySound(babble(7, seed), RATE) for seed in (0, 1)]
    alone = [joined(engine.encode(sound)) for sound in sounds]

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda sound: joined(engine.encode(sound)), sounds))

    assert max(map(largest_difference, together, alone)) < 1e-6


@pytest.mark.skipif(not TASKS.is_dir(), reason="threads are counted in /proc")
def test_no_thread_of_the_runtime_stays_behind(model: Model) -> None:
    """One that did could spin, and burn a core while the user thinks."""
    before = {task.name for task in TASKS.iterdir()}

    engine = OnnxEngine(model)
    list(engine.encode(ArraySound(babble(11), RATE)))

    deadline = time.monotonic() + 10.0  # a joined thread leaves /proc in its own time
    while not {task.name for task in TASKS.iterdir()} <= before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {task.name for task in TASKS.iterdir()} <= before


def test_a_run_that_fails_names_the_part(engine: OnnxEngine) -> None:
    with pytest.raises(SetupError, match="does not run the encoder"):
        engine._network.project(np.zeros((600, 81), np.float32), 0.0)
