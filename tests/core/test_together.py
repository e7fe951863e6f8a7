"""Several sounds in one pass: a batch asks an engine that can, and each curve is as alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import SoundSource
from emotalk_core.cli import batch, main
from emotalk_core.engine import Encoding
from emotalk_core.progress import Progress, silent
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import wav


class TogetherEngine(FakeEngine):
    """The small engine, but that it hears several sounds at once."""

    together_frames = 100

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[int] = []

    def encode_together(
        self, sounds: Sequence[SoundSource], *, progress: Progress = silent
    ) -> list[Encoding]:
        self.passes.append(len(sounds))
        return [Encoding.joined(self.encode(sound)) for sound in sounds]


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Five sounds of 30 frames, one of them damaged."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(5):
        samples = np.random.default_rng(number).uniform(-0.5, 0.5, 16_000)
        (folder / f"{number}.wav").write_bytes(wav(samples))
    (folder / "2.wav").write_bytes(b"RIFF")
    return folder


def run(
    engine: FakeEngine, sounds: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *flags: str
) -> dict[str, bytes]:
    monkeypatch.setattr(batch, "read_engine", lambda _: engine)
    assert main(["batch", str(sounds), "-o", str(out), "--no-cache", *flags]) == 3
    return {path.name: path.read_bytes() for path in out.glob("*.csv")}


def test_what_fills_up_shorter_sounds_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 frames and 15 cost a pass twice 60: alone they are cheaper."""
    folder = tmp_path / "unlike"
    folder.mkdir()
    for number, n_samples in enumerate((8_000, 8_000, 32_000, 8_000, 8_000, 8_000)):
        samples = np.random.default_rng(number).uniform(-0.5, 0.5, n_samples)
        (folder / f"{number}.wav").write_bytes(wav(samples))
    engine = TogetherEngine()
    monkeypatch.setattr(batch, "read_engine", lambda _: engine)

    assert main(["batch", str(folder), "-o", str(tmp_path / "out"), "--no-cache"]) == 0

    assert engine.passes == [2, 3]
    assert engine.n_encoded == 6


def test_a_batch_hears_as_many_as_fit_a_pass(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run(FakeEngine(), sounds, tmp_path / "alone", monkeypatch)
    engine = TogetherEngine()

    together = run(engine, sounds, tmp_path / "together", monkeypatch)

    assert engine.passes == [3]  # 0, 1 and 3; the last is one of its own
    assert engine.n_encoded == 4
    assert together == alone
    assert sorted(together) == ["0.csv", "1.csv", "3.csv", "4.csv"]


def test_what_is_heard_ahead_is_the_channel_that_each_job_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = np.random.default_rng(0).uniform(-0.5, 0.5, (16_000, 2)) * [1.0, 0.2]
    (tmp_path / "both.wav").write_bytes(wav(people))
    rows = ["audio,output,channel", *(f"both.wav,{n or 'all'}.csv,{n}" for n in ("", 1, 2))]
    (tmp_path / "jobs.csv").write_text("\n".join(rows))
    engine, out = TogetherEngine(), tmp_path / "out"
    monkeypatch.setattr(batch, "read_engine", lambda _: engine)

    assert main(["batch", str(tmp_path / "jobs.csv"), "-o", str(out), "--no-cache"]) == 0

    assert engine.passes == [3]
    assert engine.n_encoded == 3  # each was ready when its turn came
    assert len({path.read_bytes() for path in out.glob("*.csv")}) == 3


def test_resume_hears_nothing_ahead_that_it_skips(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(TogetherEngine(), sounds, out, monkeypatch)
    for name in ("1.csv", "4.csv"):
        (out / name).unlink()
    engine = TogetherEngine()

    run(engine, sounds, out, monkeypatch, "--resume")

    assert engine.passes == [2]
    assert engine.n_encoded == 2
