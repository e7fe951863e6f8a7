"""Parallel sets: one text in every feeling, phones that move with the sound, the same bytes."""

from __future__ import annotations

import ctypes.util
import importlib.util
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import InputError
from emotalk_core.timing import SAMPLE_RATE
from training.data.parallel import load_parallel
from training.faces import Phone
from training.paper.contest import PARALLEL
from training.synthesis.__main__ import main
from training.synthesis.acting import Acoustics, acoustics, act
from training.synthesis.parallel import (
    ParallelPlan,
    make_parallel,
    make_parallel_shards,
    parallel_voice,
)
from training.synthesis.shards import read_shard, write_shard
from training.synthesis.spoken import SpokenClip
from training.synthesis.world import Parts, analyse

needs_engines = pytest.mark.skipif(
    ctypes.util.find_library("espeak-ng") is None
    or shutil.which("flite") is None
    or importlib.util.find_spec("pyworld") is None,
    reason="espeak-ng, flite or pyworld is not installed",
)
needs_world = pytest.mark.skipif(
    importlib.util.find_spec("pyworld") is None, reason="pyworld is not installed"
)
PLAN = ParallelPlan(seed=5, voices=(0, 1), sentences=(0,), words=4)


def two_tones() -> tuple[Parts, tuple[Phone, ...]]:
    """0.3 s silence, 0.5 s at 150 Hz, 0.2 s pause, 0.5 s at 170 Hz, 0.3 s silence."""
    t = np.arange(round(1.8 * SAMPLE_RATE)) / SAMPLE_RATE
    sound = sum(
        0.2 / k * np.sin(2 * np.pi * np.where(t < 0.9, 150, 170) * k * t) for k in range(1, 9)
    )
    spoken = ((t >= 0.3) & (t < 0.8)) | ((t >= 1.0) & (t < 1.5))
    edges = (0.0, 0.3, 0.8, 1.0, 1.5, 1.8)
    kinds = ("silence", "open", "silence", "open", "silence")
    phones = tuple(
        Phone(a, b, "a" if k == "open" else "_", k)
        for a, b, k in zip(edges[:-1], edges[1:], kinds, strict=True)
    )
    return analyse(sound * spoken), phones


def acted(changes: Acoustics) -> tuple[np.ndarray, tuple[Phone, ...]]:
    return act(*two_tones(), changes, np.random.default_rng(0))


def pitch(samples: np.ndarray) -> float:
    f0 = analyse(samples).f0
    return float(np.median(f0[f0 > 0]))


def test_voices_take_turns_and_held_out_ones_are_other_voices() -> None:
    plan = ParallelPlan(voices=(3, 5, 9), sentences=(0, 1, 2, 3, 4), each=2)
    assert [plan.said_by(v) for v in plan.voices] == [(0, 1), (2, 3), (4, 0)]
    names = {
        split: {parallel_voice(p.seed, v).name for v in p.voices} for split, p in PARALLEL.items()
    }
    assert not names["train"] & (names["dev"] | names["test"])
    words = {s: set(p.sentences) for s, p in PARALLEL.items()}
    assert not words["train"] & (words["dev"] | words["test"])


@needs_world
def test_phones_move_with_the_sound_at_another_pace() -> None:
    samples, phones = acted(Acoustics(rate=0.7, pause=2.0))

    assert phones[-1].end_s == pytest.approx(len(samples) / SAMPLE_RATE, abs=1e-3)
    assert phones[2].end_s - phones[2].start_s == pytest.approx(0.4, abs=0.01)
    for phone in phones:
        inside = samples[
            round((phone.start_s + 0.03) * SAMPLE_RATE) : round((phone.end_s - 0.03) * SAMPLE_RATE)
        ]
        assert (np.sqrt((inside**2).mean()) > 0.05) == (phone.kind == "open")


@needs_world
def test_pitch_energy_and_tilt_go_where_they_are_sent() -> None:
    plain, _ = acted(Acoustics())
    high, _ = acted(Acoustics(pitch=1.4))
    loud, _ = acted(Acoustics(energy=6.0))
    tense, _ = acted(Acoustics(tilt=4.0))

    def bright(x: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(x)) ** 2
        hz = np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE)
        return float(power[hz > 700].sum() / power.sum())

    assert pitch(high) / pitch(plain) == pytest.approx(1.4, rel=0.03)
    assert loud.std() / plain.std() == pytest.approx(10 ** (6 / 20), rel=0.02)
    assert bright(tense) > 1.3 * bright(plain)


def test_every_feeling_differs_from_every_other_at_both_levels() -> None:
    found = {acoustics(e, level) for e in EMOTIONS for level in (0, 1)}
    assert len(found) == 16
    assert acoustics("neutral", 0) == Acoustics()
    assert 1.0 < acoustics("fearful", 0).pitch < acoustics("fearful", 1).pitch


@needs_engines
def test_one_sentence_gives_sixteen_clips_of_one_voice_and_the_same_bytes() -> None:
    voice = parallel_voice(PLAN.seed, 0)
    clips, again = make_parallel(PLAN, voice, 0), make_parallel(PLAN, voice, 0)

    assert {(c.acted.emotion, c.acted.level) for c in clips if c.acted} == {
        (e, level) for e in EMOTIONS for level in (0, 1)
    }
    assert len({tuple(p.symbol for p in c.phones) for c in clips}) == 1
    assert len({c.voice for c in clips}) == 1
    for a, b in zip(clips, again, strict=True):
        assert a.samples.tobytes() == b.samples.tobytes()
        assert a.phones == b.phones
        assert np.abs(a.samples).max() <= 1.0


@needs_engines
def test_an_interrupted_set_goes_on_and_loads_as_takes(tmp_path: Path) -> None:
    shares: list[float] = []
    make_parallel_shards(tmp_path, PLAN, lambda done, _: shares.append(done))
    first, second = sorted(tmp_path.iterdir())
    stamp, content = first.stat().st_mtime_ns, second.read_bytes()
    second.unlink()
    make_parallel_shards(tmp_path, PLAN, lambda done, _: shares.append(done))

    assert shares == [0.5, 1.0, 0.5, 1.0]
    assert first.stat().st_mtime_ns == stamp
    assert second.read_bytes() == content
    takes = load_parallel(tmp_path, "train", n_faces=12)
    assert len(takes) == 32
    assert {(t.emotion, t.level) for t in takes} == {(e, v) for e in range(8) for v in (0, 1)}
    happy = next(t for t in takes if t.emotion == 2 and t.level == 1)
    assert len(happy.curves) == -(-len(happy.source) * 30 // SAMPLE_RATE)


def test_other_speech_is_refused_with_a_way_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="train paper parallel"):
        load_parallel(tmp_path, "train", n_faces=12)
    plain = SpokenClip(np.zeros(1600, np.float32), (Phone(0, 0.1, "_", "silence"),), "e", "en", "v")
    write_shard(tmp_path / "a.npz", [plain])
    assert read_shard(tmp_path / "a.npz")[0].acted is None
    with pytest.raises(InputError, match="--parallel"):
        load_parallel(tmp_path, "train", n_faces=12)


def test_numbers_of_the_command_that_are_none_are_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["synthesis", "--out", "out", "--voices", "0-x"])

    with pytest.raises(SystemExit):
        main()

    assert capsys.readouterr().err.endswith("--voices: no numbers: '0-x' (write 0-3,7)\n")
