"""The torch engine runs both kinds of models: windows, batches, little memory, errors."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.audio import ArraySound
from emotalk_core.controls import EMOTIONS, FrameControls
from emotalk_core.engine import Encoding, Engine, open_engine
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.spans import Whole, plan
from emotalk_core.errors import Cancelled, InputError, SetupError
from emotalk_core.model.folder import Model, load_model, starter_folder
from emotalk_core.timing import frame_count

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.engine.torch_engine import PublishedEngine, Settings  # noqa: E402
from emotalk_core.model import checkpoint  # noqa: E402
from emotalk_core.model.network.published import normalise  # noqa: E402
from tests.torch import published  # noqa: E402

RATE = 16_000


def babble(seconds: float, seed: int = 0) -> ArraySound:
    """Noise with the rhythm of syllables."""
    n = round(seconds * RATE)
    rng, times_s = np.random.default_rng(seed), np.arange(n) / RATE
    loud = 0.3 * (1.1 + np.sin(2 * np.pi * 4.1 * times_s)) * rng.uniform(0.5, 1.0)
    tone = np.sin(2 * np.pi * 140 * times_s) + 0.4 * rng.standard_normal(n)
    return ArraySound((0.4 * loud * tone).astype(np.float32), RATE)


def whole(engine: Engine, sound: ArraySound) -> Encoding:
    """All pieces of a sound, joined."""
    return Encoding.joined(engine.encode(sound))


def curves_of(engine: Engine, sound: ArraySound) -> np.ndarray:
    """Coefficients with the voice's own emotion."""
    encoding = whole(engine, sound)
    return engine.decode(encoding, as_heard(encoding.n_frames))


def as_heard(n_frames: int, intensity: float = 1.0, mix: float = 0.0) -> FrameControls:
    """The voice's own emotion; happy is what the sliders say."""
    weights = np.zeros((n_frames, 8), np.float32)
    weights[:, EMOTIONS.index("happy")] = 1.0
    ones = np.ones(n_frames, np.float32)
    return FrameControls(weights, mix * ones, intensity * ones, style=3)


def tiny_model(folder: Path) -> Model:
    """An imported checkpoint of few made-up numbers."""
    torch.save(published.tiny_weights(), folder / "EmoTalk.pth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "USUAL", published.TINY)
        checkpoint.import_checkpoint(folder / "EmoTalk.pth", folder / "model")
    return load_model(folder / "model")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return tiny_model(tmp_path_factory.mktemp("imported"))


@pytest.fixture
def engine(model: Model) -> PublishedEngine:
    return PublishedEngine(model, Settings("cpu", "float32"))


def test_the_starter_is_the_same_in_both_engines() -> None:
    starter, sound = load_model(starter_folder()), babble(7.0)
    ours = open_engine("torch", starter, device="cpu")
    builtin = BuiltinEngine(starter, n_threads=1)

    found, expected = whole(ours, sound), whole(builtin, sound)

    for name in ("content", "emotion", "heard", "level"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name), atol=1e-4, err_msg=name
        )
    controls = replace(as_heard(expected.n_frames, intensity=1.3, mix=0.5), contrast=0.7)
    np.testing.assert_allclose(
        ours.decode(expected, controls), builtin.decode(expected, controls), atol=1e-4
    )


def test_contrast_leaves_an_imported_model_as_it_is(engine: PublishedEngine) -> None:
    encoding = whole(engine, babble(2.0))
    heard = as_heard(encoding.n_frames)

    strongest = engine.decode(encoding, replace(heard, contrast=1.0))

    np.testing.assert_array_equal(strongest, engine.decode(encoding, heard))


def test_a_short_sound_gives_the_network_s_own_curves(
    engine: PublishedEngine, model: Model
) -> None:
    """The engine's first pass, windows and decoder against the network called directly."""
    sound = babble(4.0)
    network = engine._network
    samples = torch.from_numpy(np.concatenate(list(sound.blocks())))[None]
    with torch.no_grad():
        heard = network.encode(normalise(samples), 120)
        level, style = torch.ones(1, 120), torch.tensor([3])
        expected = network.decode(heard.content, level, heard.emotion, style)[0].numpy().copy()
    expected[:, list(arkit.indices("eyeBlink"))] = 0.0

    encoding = whole(engine, sound)

    np.testing.assert_allclose(engine.decode(encoding, as_heard(120)), expected, atol=2e-5)
    classes = heard.logits.softmax(-1)[0].numpy()
    assert encoding.heard[:, EMOTIONS.index("calm")].max() == 0.0
    assert encoding.heard[0, EMOTIONS.index("happy")] == pytest.approx(classes[3], abs=1e-5)
    np.testing.assert_array_equal(encoding.heard[0], encoding.heard[-1])


@pytest.mark.parametrize("n_samples", [1, 399, 720, 721, 1067, 16_000, 51_361, 132_800])
def test_every_length_has_its_frames(engine: PublishedEngine, n_samples: int) -> None:
    sound = ArraySound(0.1 * np.random.default_rng(0).standard_normal(n_samples), RATE)

    encoding = whole(engine, sound)

    assert encoding.n_frames == frame_count(n_samples)
    assert all(np.isfinite(x).all() for x in (encoding.content, encoding.emotion, encoding.level))


def test_silence_is_heard_without_harm(engine: PublishedEngine) -> None:
    encoding = whole(engine, ArraySound(np.zeros(RATE, np.float32), RATE))

    assert np.isfinite(engine.decode(encoding, as_heard(30))).all()


def test_levels_are_the_builtin_engine_s(engine: PublishedEngine) -> None:
    sound = babble(7.3)
    builtin = BuiltinEngine(load_model(starter_folder()), n_threads=1)

    ours, theirs = whole(engine, sound).level, whole(builtin, sound).level

    np.testing.assert_allclose(ours, theirs, atol=0.01)


def test_windows_join_without_a_step(engine: PublishedEngine) -> None:
    """At seams the frame-to-frame change lies within what it is elsewhere."""
    sound = babble(40.0)
    at_once = curves_of(engine, sound)
    engine._longest = 400
    spans = plan(Whole.of(sound.n_samples, 30), 0, 400)
    joints = [(a.last + b.first) // 2 for a, b in pairwise(spans)]

    curves = curves_of(engine, sound)

    change = np.abs(np.diff(curves, axis=0)).mean(axis=1)
    seams = np.concatenate([np.arange(j - 20, j + 20) for j in joints])
    elsewhere = np.delete(change, seams)
    assert len(joints) == 4
    assert change[seams].max() <= elsewhere.max()
    assert abs(change[seams].mean() - elsewhere.mean()) < 0.3 * elsewhere.std()
    assert np.abs(curves - at_once).mean() < 0.02


def test_pieces_of_a_long_sound_are_the_whole_sound_s_windows(engine: PublishedEngine) -> None:
    """Each frame comes once, in order, and near the one-pass result."""
    sound = babble(50.0)
    at_once = whole(engine, sound)
    engine._longest = 700

    in_windows = whole(engine, sound)

    assert in_windows.n_frames == at_once.n_frames == 1500
    np.testing.assert_array_equal(in_windows.level, at_once.level)
    middle = slice(0, 500)  # of the first window, context away from its end
    away = np.abs(in_windows.content[middle] - at_once.content[middle]).mean()
    spread = np.abs(at_once.content - at_once.content.mean(axis=0)).mean()
    assert away < 0.1 * spread


def test_several_sounds_in_one_pass_are_each_as_alone(engine: PublishedEngine) -> None:
    sounds = [babble(seconds, seed) for seed, seconds in enumerate((2.0, 3.21, 2.0, 0.03))]

    together = engine.encode_together(sounds)

    for sound, found in zip(sounds, together, strict=True):
        alone = whole(engine, sound)
        for name in ("content", "emotion", "heard", "level"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(alone, name), atol=1e-4, err_msg=name
            )


def short_of_memory(engine: PublishedEngine, fits: Callable[[int], bool]) -> Callable[..., object]:
    """`engine`'s network, but that windows which do not fit run out of memory."""
    real = engine._network.encode_at

    def encode_at(samples: torch.Tensor, places: object) -> object:
        if not fits(samples.numel()):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3.00 GiB")
        return real(samples, places)

    return encode_at


def test_too_little_memory_makes_windows_smaller_and_says_so(
    engine: PublishedEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sound = babble(66.0)
    limit = short_of_memory(engine, lambda n: n < 20 * RATE)
    monkeypatch.setattr(engine._network, "encode_at", limit)
    said: list[str] = []

    pieces = list(engine.encode(sound, progress=lambda _, what: said.append(what)))

    assert sum(p.n_frames for p in pieces) == 1980
    assert "Too little memory: windows of 15 s" in caplog.text
    assert any("Too little memory" in what for what in said)


def test_memory_that_runs_out_in_the_middle_loses_no_frame(
    engine: PublishedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = babble(50.0)
    engine._longest = 720
    expected = whole(engine, sound)
    n_calls = 0

    def fits(n_samples: int) -> bool:
        nonlocal n_calls
        n_calls += 1
        return n_calls < 2 or n_samples < 13 * RATE

    monkeypatch.setattr(engine._network, "encode_at", short_of_memory(engine, fits))
    found = whole(engine, sound)

    assert found.n_frames == expected.n_frames
    np.testing.assert_allclose(found.content[:500], expected.content[:500], atol=1e-5)
    step = np.abs(np.diff(found.content, axis=0)).mean(axis=1)
    assert step.max() < 2.0 * np.sort(step)[-20]


def test_a_card_without_memory_gives_way_to_the_processor(
    engine: PublishedEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no card here: one is made up of a name and of memory that always runs out."""
    engine.device = torch.device("mps")
    real = engine._hear

    def hear(windows: list[object]) -> object:
        if engine.device.type == "mps":
            raise torch.OutOfMemoryError("MPS backend out of memory")
        return real(windows)

    monkeypatch.setattr(engine, "_hear", hear)

    encoding = whole(engine, babble(3.0))

    assert encoding.n_frames == 90
    assert "going on with the processor" in caplog.text
    assert engine.device.type == "cpu"


def test_no_memory_at_all_is_one_line(
    engine: PublishedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine._network, "encode_at", short_of_memory(engine, lambda _: False))

    with pytest.raises(SetupError, match="Too little memory, even for"):
        list(engine.encode(babble(2.0)))


def test_a_window_can_be_cancelled_between_its_layers(engine: PublishedEngine) -> None:
    seen: list[float] = []

    def cancel(share: float, _what: str) -> None:
        seen.append(share)
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(engine.encode(babble(2.0), progress=cancel))

    assert sorted(seen) == seen
    assert len([share for share in seen if share > 0.02]) >= 2
    assert whole(engine, babble(1.0)).n_frames == 30


def test_other_errors_of_torch_are_not_taken_for_memory(
    engine: PublishedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(engine._network, "encode_at", broken)

    with pytest.raises(RuntimeError, match="mat1"):
        list(engine.encode(babble(2.0)))


def test_bfloat16_is_near(model: Model, engine: PublishedEngine) -> None:
    sound = babble(5.0)
    coarse = PublishedEngine(model, Settings("cpu", "bfloat16"))

    exact = engine.decode(whole(engine, sound), as_heard(150))
    near = coarse.decode(whole(coarse, sound), as_heard(150))

    assert np.abs(exact - near).mean() < 1e-2
    assert coarse.key != engine.key


@pytest.mark.skipif(
    "EMOTALK_SLOW_TESTS" not in os.environ,
    reason="compiling takes a minute: set EMOTALK_SLOW_TESTS=1",
)
def test_a_compiled_network_is_the_same(model: Model, engine: PublishedEngine) -> None:
    compiled = PublishedEngine(model, Settings("cpu", "float32", use_compiler=True))

    for seconds in (2.0, 3.0):
        found, expected = (whole(e, babble(seconds)) for e in (compiled, engine))
        np.testing.assert_allclose(found.content, expected.content, atol=1e-5)


def test_stretches_decode_as_the_whole(engine: PublishedEngine) -> None:
    rng = np.random.default_rng(0)
    n_frames, context = 2 * engine.context_frames, engine.context_frames
    content = rng.standard_normal((n_frames, 8)).astype(np.float32)
    emotion = rng.standard_normal((n_frames, 16)).astype(np.float32)
    encoding = Encoding(content, emotion, np.zeros((n_frames, 8)), np.zeros(n_frames))

    whole_curves = engine.decode(encoding, as_heard(n_frames))
    start = n_frames - 300
    part = encoding[start - context :]

    found = engine.decode(part, as_heard(part.n_frames))[context:]
    np.testing.assert_allclose(found, whole_curves[start:], atol=1e-5)


def test_sliders_without_prototypes_are_refused(engine: PublishedEngine) -> None:
    encoding = whole(engine, babble(1.0))

    with pytest.raises(SetupError, match="emotalk calibrate"):
        engine.decode(encoding, as_heard(30, mix=0.5))


def test_intensity_moves_between_the_published_levels(engine: PublishedEngine) -> None:
    encoding = whole(engine, babble(1.0))
    low, half, high = (engine.decode(encoding, as_heard(30, i)) for i in (0.0, 0.5, 1.0))

    assert np.abs(high - low).max() > 1e-4
    assert np.abs(half - low).max() > 1e-5


@pytest.mark.parametrize(("device", "precision"), [("tpu", "auto"), ("cpu", "float8")])
def test_unknown_devices_and_precisions_are_refused(
    model: Model, device: str, precision: str
) -> None:
    with pytest.raises(InputError, match="No such"):
        open_engine("torch", model, device=device, precision=precision)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA card is here")
def test_a_card_that_is_not_here_is_one_line(model: Model) -> None:
    with pytest.raises(SetupError, match="--device cpu"):
        open_engine("torch", model, device="cuda")


def test_auto_runs_an_imported_model(model: Model) -> None:
    assert open_engine("auto", model).name == "torch"
    starter = load_model(starter_folder())
    assert open_engine("auto", starter).name != "torch"
    assert open_engine("auto", starter, precision="float32").name == "torch"


def test_the_builtin_engine_refuses_an_imported_model(model: Model) -> None:
    with pytest.raises(SetupError, match="--engine torch"):
        open_engine("builtin", model)


def test_animate_uses_an_imported_model(model: Model, tmp_path: Path) -> None:
    from emotalk_core.cli import main
    from tests.core.wav_bytes import wav

    (tmp_path / "talk.wav").write_bytes(wav(np.random.default_rng(0).uniform(-0.5, 0.5, 8000)))
    sound, curves = str(tmp_path / "talk.wav"), tmp_path / "talk.csv"

    assert (
        main(["animate", sound, "-o", str(curves), "--no-cache", "--model", str(model.path)]) == 0
    )
    assert len(curves.read_text(encoding="utf-8").splitlines()) == 1 + 15
