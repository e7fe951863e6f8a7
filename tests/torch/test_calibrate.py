"""Labelled clips give an imported checkpoint its eight sliders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core.calibration import LabelledClip, calibrate, find_clips
from emotalk_core.cli import bench_published, main
from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import Cancelled, InputError
from emotalk_core.model.config import ModelConfig
from emotalk_core.model.folder import PROTOTYPES, load_model, starter_folder
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import wav

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.engine.torch_engine import PublishedEngine, Settings  # noqa: E402
from tests.torch import published  # noqa: E402
from tests.torch.test_torch_engine import as_heard, babble, whole  # noqa: E402


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = ModelConfig("tiny", kind="published", n_styles=4, published=published.TINY)
    return bench_published.made_up_model(tmp_path / "tiny", config)


def write_clip(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav(np.random.default_rng(seed).uniform(-0.5, 0.5, 12_000)))


@pytest.fixture
def ravdess(tmp_path: Path) -> Path:
    """Two actors, all eight emotions, under RAVDESS names."""
    for actor in (1, 2):
        for code in range(1, 9):
            name = f"03-01-{code:02}-01-01-01-{actor:02}.wav"
            write_clip(tmp_path / "clips" / f"Actor_{actor:02}" / name, 10 * actor + code)
    return tmp_path / "clips"


def test_ravdess_names_are_labels(ravdess: Path) -> None:
    clips = find_clips(ravdess)

    assert len(clips) == 16
    assert [clip.emotion for clip in clips[:8]] == list(EMOTIONS)


def test_folders_named_after_emotions_are_labels(tmp_path: Path) -> None:
    for name in ("Neutral", "happiness", "fear"):
        write_clip(tmp_path / name / "a.wav", 1)

    assert {clip.emotion for clip in find_clips(tmp_path)} == {"neutral", "happy", "fearful"}


@pytest.mark.parametrize("between", [",", ";"])
def test_a_list_gives_labels(tmp_path: Path, between: str) -> None:
    text = "path,emotion\na.wav,Happy\nb/c.wav,neutral\n".replace(",", between)
    (tmp_path / "clips.csv").write_text(text)

    assert find_clips(tmp_path / "clips.csv") == [
        LabelledClip(tmp_path / "a.wav", "happy"),
        LabelledClip(tmp_path / "b" / "c.wav", "neutral"),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("path,emotion\na.wav,bored\n", "bored"),
        ("emotion\nhappy\n", "path,emotion"),
        ("path,emotion\n,happy\n", "A row without a clip"),
        ("path,emotion\n", "No labelled clips"),
    ],
)
def test_a_wrong_list_is_one_line(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "clips.csv").write_text(text)

    with pytest.raises(InputError, match=named):
        find_clips(tmp_path / "clips.csv")


def test_no_labelled_clip_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No labelled clips"):
        find_clips(tmp_path)
    with pytest.raises(InputError, match="No such folder"):
        find_clips(tmp_path / "nothing")


def test_prototypes_are_the_emotions_means(folder: Path, ravdess: Path) -> None:
    model = load_model(folder)
    engine = PublishedEngine(model, Settings("cpu", "float32"))

    made = calibrate(model, find_clips(ravdess), engine)

    prototypes = load_model(folder).prototypes
    assert prototypes is not None
    assert prototypes.shape == (8, 16)
    assert made.counts == dict.fromkeys(EMOTIONS, 2)
    sounds = [clip.path for clip in find_clips(ravdess) if clip.emotion == "happy"]
    means = [whole_of(engine, path).mean(axis=0) for path in sounds]
    np.testing.assert_allclose(prototypes[2], np.mean(means, axis=0), atol=2e-3)


def whole_of(engine: PublishedEngine, path: Path) -> np.ndarray:
    from emotalk_core.audio import open_sound

    return np.concatenate([p.emotion for p in engine.encode(open_sound(path))])


def test_sliders_work_once_calibrated(
    folder: Path, ravdess: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_model(folder).key

    code = main(["calibrate", str(folder), str(ravdess), "--device", "cpu"])

    assert code == 0, capsys.readouterr().err
    model = load_model(folder)
    assert model.key != before
    engine = PublishedEngine(model, Settings("cpu", "float32"))
    encoding = whole(engine, babble(1.0))
    heard, happy = (engine.decode(encoding, as_heard(30, mix=mix)) for mix in (0.0, 1.0))
    assert np.abs(heard - happy).max() > 1e-4
    assert np.isfinite(happy).all()


def test_a_clip_that_cannot_be_heard_costs_itself_alone(
    folder: Path, ravdess: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ravdess / "Actor_01" / "03-01-03-01-01-01-01.wav").write_bytes(b"no sound")

    assert main(["calibrate", str(folder), str(ravdess), "--device", "cpu"]) == 3

    assert "03-01-03-01-01-01-01.wav" in capsys.readouterr().err
    assert (folder / PROTOTYPES).is_file()


def test_without_neutral_clips_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "clips" / "happy" / "a.wav", 1)
    model = load_model(folder)

    with pytest.raises(InputError, match="neutral"):
        calibrate(model, find_clips(tmp_path / "clips"), FakeEngine())

    assert not (folder / PROTOTYPES).exists()


def test_a_cancelled_calibration_writes_nothing(folder: Path, ravdess: Path) -> None:
    def cancel(share: float, _what: str) -> None:
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        calibrate(load_model(folder), find_clips(ravdess), FakeEngine(), progress=cancel)

    assert not (folder / PROTOTYPES).exists()


def test_the_starter_is_not_calibrated(ravdess: Path) -> None:
    with pytest.raises(InputError, match="come from its training"):
        calibrate(load_model(starter_folder()), find_clips(ravdess), FakeEngine())
