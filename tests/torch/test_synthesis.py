"""Speech by code: exact phones, every language, the same bytes from the same seed."""

from __future__ import annotations

import ctypes.util
import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.errors import InputError
from emotalk_core.timing import SAMPLE_RATE
from training.faces import KINDS, Phone
from training.synthesis import (
    SpokenClip,
    espeak,
    flite,
    make_clip,
    make_shards,
    read_shard,
    read_shards,
    write_shard,
)
from training.synthesis.pauses import with_pauses
from training.synthesis.sentences import languages, sentence

needs_espeak = pytest.mark.skipif(
    ctypes.util.find_library("espeak-ng") is None, reason="libespeak-ng is not installed"
)
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
needs_world = pytest.mark.skipif(
    importlib.util.find_spec("pyworld") is None, reason="pyworld is not installed"
)


def tone(seconds: float = 1.0) -> SpokenClip:
    """A tone with a silent gap from 0.4 to 0.6 s, and phones that say so."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    samples = 0.3 * np.sin(2 * np.pi * 220 * t) * ((t < 0.4) | (t >= 0.6))
    phones = (
        Phone(0.0, 0.4, "a", "open"),
        Phone(0.4, 0.6, "_", "silence"),
        Phone(0.6, seconds, "o", "rounded"),
    )
    return SpokenClip(samples.astype(np.float32), phones, "tone", "none", "sine")


def check_phones(clip: SpokenClip) -> None:
    """Phones follow each other without gap or overlap, from 0 to the end of the sound."""
    starts, ends = (np.array([getattr(p, n) for p in clip.phones]) for n in ("start_s", "end_s"))
    np.testing.assert_allclose(starts[1:], ends[:-1], atol=1e-3)
    assert starts[0] == pytest.approx(0.0, abs=1e-3)
    assert ends[-1] == pytest.approx(clip.seconds, abs=2e-3)
    assert (ends > starts).all()
    assert {p.kind for p in clip.phones} <= set(KINDS)


def test_there_are_at_least_ten_languages_with_many_words() -> None:
    assert len(languages()) >= 10
    for language in languages():
        said = sentence(language, np.random.default_rng(0), n_words=40).split()
        assert len(said) == 40
        assert len({w.strip(",.?!") for w in said}) > 20, language


def test_pauses_move_phones_with_their_sound() -> None:
    clip = with_pauses(tone(), np.random.default_rng(4))

    check_phones(clip)
    for phone in clip.phones:
        inside = clip.samples[
            round(phone.start_s * SAMPLE_RATE) + 40 : round(phone.end_s * SAMPLE_RATE) - 40
        ]
        loud = np.sqrt((inside.astype(float) ** 2).mean()) > 0.1
        assert loud == (phone.kind != "silence"), phone


def test_a_shard_gives_back_its_clips(tmp_path: Path) -> None:
    write_shard(tmp_path / "a.npz", [tone(), tone(1.5)])

    first, second = read_shard(tmp_path / "a.npz")

    np.testing.assert_allclose(second.samples, tone(1.5).samples, atol=1 / 32767)
    assert first.phones == tone().phones
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


@needs_espeak
@pytest.mark.parametrize("seed", range(6))
def test_espeak_phones_tile_the_sound(seed: int) -> None:
    clip = with_pauses(espeak.say(np.random.default_rng(seed)), np.random.default_rng(0))

    check_phones(clip)
    assert clip.seconds > 0.5
    assert np.abs(clip.samples).max() > 0.05


@needs_flite
@pytest.mark.parametrize("seed", range(3))
def test_flite_vowels_are_louder_than_its_silences(seed: int) -> None:
    clip = flite.say(np.random.default_rng(seed))

    def level(kinds: set[str]) -> float:
        parts = [
            clip.samples[round(p.start_s * SAMPLE_RATE) : round(p.end_s * SAMPLE_RATE)]
            for p in clip.phones
            if p.kind in kinds
        ]
        return float((np.concatenate(parts).astype(float) ** 2).mean())

    assert level({"open", "rounded", "other_vowel"}) > 100.0 * level({"silence"})


@needs_espeak
@needs_flite
@needs_world
def test_same_seed_same_clip_and_neighbours_differ() -> None:
    for k in range(4):
        first, again, other = make_clip((7, 0, k)), make_clip((7, 0, k)), make_clip((7, 1, k))
        np.testing.assert_array_equal(first.samples, again.samples)
        assert first.phones == again.phones
        assert first.phones != other.phones


@needs_espeak
@needs_flite
@needs_world
def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    calls: list[float] = []
    make_shards(
        tmp_path / "whole", minutes=0.2, seed=3, progress=lambda done, _: calls.append(done)
    )
    path = next((tmp_path / "whole").iterdir())
    kept = path.stat().st_mtime_ns
    make_shards(
        tmp_path / "whole", minutes=0.2, seed=3, progress=lambda done, _: calls.append(done)
    )
    make_shards(
        tmp_path / "again", minutes=0.2, seed=3, progress=lambda done, _: calls.append(done)
    )

    assert path.stat().st_mtime_ns == kept
    assert calls[-1] == 1.0
    pairs = list(zip(read_shards(tmp_path / "whole"), read_shards(tmp_path / "again"), strict=True))
    assert sum(a.seconds for a, _ in pairs) >= 12.0
    assert all(np.array_equal(a.samples, b.samples) and a.phones == b.phones for a, b in pairs)


@pytest.mark.parametrize("minutes", [0.0, -3.0, float("nan"), float("inf")])
def test_no_minutes_of_speech_are_refused(tmp_path: Path, minutes: float) -> None:
    with pytest.raises(InputError, match="Not minutes of speech"):
        make_shards(tmp_path, minutes=minutes, seed=1, progress=lambda *_: None)
