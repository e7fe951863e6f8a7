"""Sounds as sources: arrays and files, stretches of them, keys, and paths that are no sound."""

from __future__ import annotations

import errno
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core.audio import ArraySound, open_sound, read_samples
from emotalk_core.audio.decoders import AUDIBLE_SUFFIXES
from emotalk_core.audio.wav import WavFile
from emotalk_core.cache import StoredEncoding
from emotalk_core.calibration import find_clips
from emotalk_core.errors import EmoTalkError, InputError, SetupError
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import chunk, format_chunk, riff, wav
from tests.strategies import samples

RNG = np.random.default_rng(7)


def test_a_sound_can_be_read_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav(RNG.uniform(-1, 1, 30_000), "f4", 44_100))
    sound = open_sound(path)

    first, second = read_samples(sound), read_samples(sound)

    np.testing.assert_array_equal(first, second)
    assert len(first) == sound.n_samples


def test_reading_that_was_broken_off_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav(RNG.uniform(-1, 1, 200_000), "f4", 44_100))
    sound = open_sound(path)

    next(iter(sound.blocks()))

    np.testing.assert_array_equal(read_samples(sound), read_samples(open_sound(path)))


@settings(max_examples=20)
@given(values=samples(), block=st.integers(1, 4000), start=st.integers(0, 4999))
def test_a_wav_gives_the_same_from_any_sample_on(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, block: int, start: int
) -> None:
    path = tmp_path_factory.mktemp("wav") / "a.wav"
    path.write_bytes(wav(values, "f4"))
    file = WavFile(path, 16_000, 1, "f4", 44, len(values))

    tail = list(file.blocks(min(start, len(values))))

    joined = np.concatenate([np.zeros(0, np.float32), *tail])
    np.testing.assert_array_equal(joined, values[start:])


@pytest.mark.parametrize("rate", [16_000, 44_100, 8000])
def test_a_stretch_is_the_same_as_in_the_whole(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav(RNG.uniform(-1, 1, 6 * rate), "f4", rate))

    stretch = read_samples(open_sound(path, start_s=3.25, duration_s=1.5))

    whole = read_samples(open_sound(path))
    np.testing.assert_allclose(stretch, whole[52_000:76_000], atol=1e-6)


def test_a_stretch_ends_with_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "second.wav"
    path.write_bytes(wav(np.zeros(16_000)))

    assert open_sound(path, start_s=0.75, duration_s=9.0).n_samples == 4000


def test_a_stretch_behind_the_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "second.wav"
    path.write_bytes(wav(np.zeros(16_000)))

    with pytest.raises(InputError, match=r"It lasts 1\.00 s"):
        open_sound(path, start_s=1.0)


def test_keys_follow_the_content_and_the_stretch_not_the_name(tmp_path: Path) -> None:
    one, copy, other = (tmp_path / name for name in ("one.wav", "copy.wav", "other.wav"))
    one.write_bytes(wav(np.zeros(16_000)))
    copy.write_bytes(one.read_bytes())
    other.write_bytes(wav(np.full(16_000, 0.1)))

    key = open_sound(one).key

    assert key == open_sound(copy).key
    assert len({key, open_sound(other).key, open_sound(one, duration_s=0.5).key}) == 3


def test_hashing_and_reading_hold_a_few_blocks_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    n_bytes = 2 * 44_100 * 120
    head = riff(format_chunk(1, 1, 44_100, 16), chunk(b"data", b"", n_bytes), size=n_bytes + 36)
    path.write_bytes(head)
    os.truncate(path, len(head) + n_bytes)  # two minutes of silence
    sound = open_sound(path)

    tracemalloc.start()
    n_read = sum(len(block) for _ in range(2) for block in sound.blocks())
    key = sound.key
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert n_read == 2 * sound.n_samples
    assert key
    assert peak < 4_000_000 < n_bytes


def test_a_file_and_an_array_of_the_same_samples_sound_the_same(tmp_path: Path) -> None:
    values = RNG.uniform(-1, 1, (20_000, 2)).astype(np.float32)
    path = tmp_path / "stereo.wav"
    path.write_bytes(wav(values, "f4", 48_000))

    from_file, from_array = read_samples(open_sound(path)), read_samples(ArraySound(values, 48_000))

    np.testing.assert_allclose(from_file, from_array, atol=1e-6)


def test_silence_is_a_sound() -> None:
    sound = ArraySound(np.zeros(16_000), 16_000)

    assert sound.n_samples == 16_000


def test_one_sample_is_a_sound(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    path.write_bytes(wav(np.array([0.5]), "f4", 48_000))

    assert open_sound(path).n_samples == 1


@pytest.mark.parametrize("rate", [1000, 3999, 384_001])
def test_rates_that_cannot_be_speech_are_refused(rate: int) -> None:
    with pytest.raises(InputError, match=f"Sample rate too (low|high): {rate}"):
        ArraySound(np.zeros(100), rate)


def test_an_array_with_holes_is_refused_with_the_place() -> None:
    values = np.zeros(16_000)
    values[4000] = np.nan

    with pytest.raises(InputError, match=r"the first at 0\.250 s"):
        ArraySound(values, 16_000)


@pytest.mark.parametrize("shape", [(2, 16_000), (1, 1, 16_000), ()])
def test_channels_before_samples_are_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"samples by channels: 'an array \("):
        ArraySound(np.zeros(shape), 16_000)


@pytest.mark.parametrize(
    "head",
    [
        *(b"wvpk", b"TTA1", b"MAC ", b"\x0bw", b"#!AMR", b"FLV\x01", b"NIST_1A", b"Creative Voice"),
        b"\0\0\x01\xba",
        b"G" + bytes(187) + b"G",
        *(bytes(4) + name for name in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
    ],
)
def test_what_begins_like_a_sound_goes_to_whoever_reads_it(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "voice"
    path.write_bytes(head + bytes(300))

    with pytest.raises(EmoTalkError, match=r"No reader for this|Damaged file"):
        open_sound(path)


def test_calibration_searches_a_folder_for_every_kind_of_sound(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    for suffix in AUDIBLE_SUFFIXES:
        (tmp_path / "happy" / f"voice{suffix}").touch()

    assert {clip.path.suffix for clip in find_clips(tmp_path)} == AUDIBLE_SUFFIXES


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "voice.wav")
    held = os.open(tmp_path / "voice.wav", os.O_RDWR)  # else opening it would wait for a writer
    os.write(held, wav(np.zeros(1000)))

    with pytest.raises(InputError, match="A pipe, not a sound file"):
        open_sound(tmp_path / "voice.wav")

    os.close(held)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such sound file"):
        open_sound(tmp_path / "nothing.wav")
    with pytest.raises(InputError, match="A folder"):
        open_sound(tmp_path)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_disk_that_cannot_be_read_is_not_told_as_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav(np.zeros(rate), rate=rate))
    sound = open_sound(path)
    monkeypatch.setattr(WavFile, "blocks", broken_disk)

    with pytest.raises(InputError, match=r"cannot be read: .*voice\.wav.* Input/output error"):
        StoredEncoding.from_pieces(FakeEngine().encode(sound))


def broken_disk(*_: object) -> Iterator[np.ndarray]:
    yield np.zeros(100, np.float32)
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_file_that_is_gone_before_its_key_is_asked_for_is_named(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav(np.zeros(16_000)))
    sound = open_sound(path)
    path.unlink()

    with pytest.raises(InputError, match=r"cannot be read: .*voice\.wav"):
        _ = sound.key


def test_a_format_that_nobody_here_reads_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice.flac"
    path.write_bytes(b"fLaC" + bytes(100))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(SetupError, match="pip install soundfile av"):
        open_sound(path)
