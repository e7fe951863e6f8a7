"""The listener of a finished model, fitted to a user's own actors."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")
soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed: training extra")

from emotalk_core.errors import InputError  # noqa: E402
from emotalk_core.model.folder import load_model, starter_folder  # noqa: E402
from training import actors as module  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.actors import Audition, hear_actors, load_actors  # noqa: E402
from training.datasets import NOBODY, Recording  # noqa: E402
from training.listener import ListenerSettings  # noqa: E402

SPLITS = ("train", "train", "train", "test")


def sound(kind: str, seed: int) -> np.ndarray:
    """A second and a half of a buzz ("angry") or of breath ("sad")."""
    rng = np.random.default_rng(seed)
    times = np.arange(24_000) / 16_000
    hz = rng.uniform(150, 250)
    buzz = sum(np.sin(2 * np.pi * hz * k * times) / k for k in range(1, 15))
    noise = rng.standard_normal(24_000)
    return (0.1 * (buzz if kind == "angry" else noise)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "actors"
    made.mkdir()
    (tmp_path / "open_speech").mkdir()
    rows = [(f"{k}{i}.wav", k, s) for k in ("angry", "sad") for i, s in enumerate(SPLITS)]
    for number, (name, kind, _) in enumerate(rows):
        soundfile.write(made / name, sound(kind, number), 16_000)
    write_index(made, [("file", "emotion", "split"), *rows])
    return made


def write_index(folder: Path, rows: list[tuple[str, ...]]) -> None:
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(autouse=True)
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    found = [
        Recording(
            f"r{i}",
            (rng.standard_normal(24_000) * 900).astype(np.int16),
            "reader",
            "train",
            emotion=(1.0, *[0.0] * 7),
            seconds=1.5,
        )
        for i in range(3)
    ]
    monkeypatch.setattr(module, "load_open_speech", lambda _data: found)
    monkeypatch.setattr(module, "_QUIET", 3)


def test_hears_unseen_clips_and_changes_the_listener_alone(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"

    assert main(["actors", str(folder), "--data", str(tmp_path), "--out", str(out)]) == 0

    said = capsys.readouterr().out
    assert str(out) in said
    assert "recall 1.000" in said
    assert load_model(out).config.name == "model"  # as its folder, no longer the starter
    before, after = load_model(starter_folder()), load_model(out)
    moved = {n for n, t in after.tensors.items() if (t != before.tensors[n]).any()}
    assert moved
    assert all(name.startswith("emotion.") for name in moved)
    assert (out / "LICENSE-whisper").is_file()
    readers = [one.config.emotion.usual for one in (before, after)]
    assert readers[0] != readers[1]  # what a usual voice sounds like to this listener
    assert sum(readers[1]) == pytest.approx(0.0, abs=0.01)


def test_test_clips_are_not_learnt_from(folder: Path, tmp_path: Path) -> None:
    lies = [("angry3.wav", "sad", "test"), ("sad3.wav", "angry", "test")]
    rows = [(f"{k}{i}.wav", k, "train") for k in ("angry", "sad") for i in range(3)]
    write_index(folder, [("file", "emotion", "split"), *rows, *lies])
    audition = Audition(folder, tmp_path, starter_folder(), tmp_path / "model")

    found = hear_actors(audition, ListenerSettings(neutral_less=0.0))

    assert found == {"sad": 0.0, "angry": 0.0}  # what it was told of them it does not know


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("file", "emotion"), ("angry0.wav", "furious")], "line 2: furious"),
        ([("file", "emotion"), ("gone.wav", "sad")], "gone.wav"),
        ([("file", "emotion"), ("index.csv", "sad")], "Not a sound"),
        ([("emotion", "file"), ("sad",)], "Not a sound"),
        (
            [("file", "emotion", "split"), ("sad0.wav", "sad", ""), ("sad0.wav", "sad", "test")],
            "Listed twice.*lines 2 and 3: sad0.wav",
        ),
        ([("file", "emotion"), ("empty.wav", "sad")], r"no length.*empty\.wav"),
        ([("file;emotion",), ("angry0.wav;furious",)], "line 2: furious"),
        ([("file",), ("angry0.wav",)], "No column `emotion`"),
        ([("file", "emotion", "split"), ("angry0.wav", "angry", "Test")], "No such split"),
        ([("file", "emotion", "split"), ("angry0.wav", "angry", "test")], "Nobody to learn from"),
    ],
)
def test_what_cannot_be_learnt_from_is_named_and_nothing_is_written(
    folder: Path, tmp_path: Path, rows: list[tuple[str, ...]], problem: str
) -> None:
    write_index(folder, rows)
    soundfile.write(folder / "empty.wav", np.zeros(0), 16_000)
    audition = Audition(folder, tmp_path, starter_folder(), tmp_path / "model")

    with pytest.raises(InputError, match=problem):
        hear_actors(audition, ListenerSettings())

    assert not (tmp_path / "model").exists()


def test_a_model_is_never_written_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    for out in (tmp_path / "model", starter_folder(), tmp_path / "model" / "config.json"):
        with pytest.raises(InputError, match="lies there already"):
            hear_actors(Audition(folder, tmp_path, starter_folder(), out), ListenerSettings())


def test_a_list_from_a_spreadsheet_is_read(folder: Path) -> None:
    text = (folder / "index.csv").read_text(encoding="utf-8")
    (folder / "index.csv").write_text("\ufeff" + text, encoding="utf-8")
    assert len(load_actors(folder)) == 2 * len(SPLITS)


def test_actors_without_a_name_are_somebody(folder: Path) -> None:
    # Clips of nobody are sounds without speech: other levels, under louder speech elsewhere.
    assert all(actor.speaker != NOBODY for actor in load_actors(folder))


def test_no_readers_is_said_at_once(folder: Path, tmp_path: Path) -> None:
    audition = Audition(folder, tmp_path / "nothing", starter_folder(), tmp_path / "model")
    with pytest.raises(InputError, match="open_speech"):
        hear_actors(audition, ListenerSettings())


def test_a_folder_without_a_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"index\.csv"):
        load_actors(tmp_path)
