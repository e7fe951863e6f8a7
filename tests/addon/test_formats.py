"""Strips of every usual kind of sound file are heard like the wav that they were made from."""

from __future__ import annotations

import os
import sys
import wave
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import add_strip, babble, needs_sound, write_wav

RATE = 16_000
CODECS = {"mp3": "libmp3lame", "ogg": "vorbis", "m4a": "aac", "mp4": "aac", "flac": "flac"}


def read_strip(strip: Any) -> np.ndarray:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.addon.bridge.sounds.sound import from_strip
    from emotalk.emotalk_core.audio import read_samples

    return read_samples(to_source(from_strip(strip, bpy.context.scene)))


def encode(path: Path, samples: np.ndarray, rate: int = 48_000) -> Path:
    """A compressed file of mono samples (n,)."""
    if path.suffix == ".ogg":
        soundfile = pytest.importorskip("soundfile", reason="makes the ogg file")
        soundfile.write(path, samples, rate)
        return path
    av = pytest.importorskip("av", reason="makes the compressed files")
    codec = CODECS[path.suffix[1:]]
    if codec not in av.codecs_available:
        pytest.skip(f"this av has no {codec}")
    with av.open(str(path), "w") as box:
        stream = box.add_stream(codec, rate=rate, layout="mono")
        whole = np.clip(samples * 32767, -32768, 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        # With a time stamp the file says how much of its start is the encoder's own delay.
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for packet in (*stream.encode(frame), *stream.encode(None)):
            box.mux(packet)
    return path


def best_lag_ms(heard: np.ndarray, truth: np.ndarray) -> float:
    """How much later `heard` is, within 50 ms."""
    n = min(len(heard), len(truth)) - 1600
    shifts = range(-800, 801, 8)
    middle = truth[800 : 800 + n]
    scores = [float(np.dot(heard[800 + s : 800 + s + n], middle)) for s in shifts]
    return 1000.0 * shifts[int(np.argmax(scores))] / RATE


@needs_sound
@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_compressed_strip_is_heard_like_its_wav(
    addon: ModuleType, tmp_path: Path, suffix: str
) -> None:
    rng = np.random.default_rng(3)
    loud = np.repeat(rng.uniform(0, 0.5, 60), 2400)  # 3 s whose loudness jumps: one lag fits
    samples = (np.sin(np.arange(len(loud)) * 0.05) * loud).astype(np.float32)
    truth = read_strip(add_strip(write_wav(tmp_path / "truth.wav", samples, 48_000)))

    heard = read_strip(add_strip(encode(tmp_path / f"talk.{suffix}", samples), channel=2))

    assert abs(len(heard) - len(truth)) < 0.1 * RATE
    lag_ms = best_lag_ms(heard, truth)
    assert lag_ms == pytest.approx(0, abs=8)
    heard = heard[round(lag_ms * 16) :]
    loudness = [np.abs(sound[:46_400].reshape(-1, 400)).mean(axis=1) for sound in (heard, truth)]
    assert np.corrcoef(*loudness)[0, 1] > 0.9


@needs_sound
@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_any_rate_and_number_of_channels_is_heard(
    addon: ModuleType, tmp_path: Path, channels: int, rate: int
) -> None:
    tone = (0.4 * np.sin(np.arange(rate) * 2 * np.pi * 440 / rate)).astype(np.float32)
    path = write_wav(tmp_path / "tone.wav", np.repeat(tone[:, None], channels, axis=1), rate)

    heard = read_strip(add_strip(path))[1600:-1600]

    assert np.abs(heard).max() == pytest.approx(0.4, abs=0.02)
    assert np.argmax(np.abs(np.fft.rfft(heard))) * RATE / len(heard) == pytest.approx(440, abs=2)


@needs_sound
def test_24_bit_strip_is_heard(addon: ModuleType, tmp_path: Path) -> None:
    tone = 0.4 * np.sin(np.arange(RATE) * 0.2)
    path = tmp_path / "deep.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        words = (tone * (2**23 - 1)).astype("<i4").view(np.uint8).reshape(-1, 4)
        file.writeframes(words[:, :3].tobytes())

    heard = read_strip(add_strip(path))

    np.testing.assert_allclose(heard, tone[: len(heard)], atol=1e-5)


def test_start_of_a_long_wav_is_not_read_as_a_whole(
    addon: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.addon.bridge.sounds.sound import from_file

    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0\0" * 8_000)
    n_bytes = 3 * 3600 * 8_000 * 2
    head = bytearray(path.read_bytes()[:44])
    head[4:8], head[40:44] = (36 + n_bytes).to_bytes(4, "little"), n_bytes.to_bytes(4, "little")
    with path.open("wb") as file:  # three hours that take no room on the disk
        file.write(head)
        file.truncate(44 + n_bytes)

    source = to_source(from_file(str(path), 1, bpy.context.scene))
    block = next(iter(source.blocks()))

    assert source.n_samples == 3 * 3600 * RATE
    assert len(block) < 120 * RATE


@needs_sound
def test_strip_in_nested_metas_is_heard_where_it_is_seen(addon: ModuleType, tmp_path: Path) -> None:
    from emotalk.addon.bridge.compat import children, strips_all, top_strips
    from emotalk.addon.bridge.sounds import strips
    from emotalk.addon.bridge.sounds.sound import from_strip

    from tests.addon.scenes import set_span

    scene = bpy.context.scene
    strip = add_strip(write_wav(tmp_path / "talk.wav", babble(3.0)), 10)
    outer = top_strips(scene).new_meta("Outer", 3, 10)
    inner = children(outer).new_meta("Inner", 2, 10)
    strip.move_to_meta(inner)
    set_span(inner, 20, 70)
    set_span(outer, 30, 60)
    assert sorted(s.name for s in strips_all(scene)) == ["Inner", "Outer", "talk"]

    heard = from_strip(strips.find("talk", scene), scene)

    assert heard.start_frame == 30
    assert heard.start_s == pytest.approx(20 / 24)
    assert heard.duration_s == pytest.approx(30 / 24)


def test_a_gallery_and_a_drop_take_what_a_batch_takes(addon: ModuleType, tmp_path: Path) -> None:
    from emotalk.addon.demo.film.recordings import find_recordings
    from emotalk.addon.ui.files import EMOTALK_FH_sound
    from emotalk.emotalk_core.audio.decoders import AUDIBLE_SUFFIXES, SOUND_SUFFIXES

    for suffix in AUDIBLE_SUFFIXES:
        (tmp_path / f"voice{suffix}").touch()

    found = {recording.path.suffix for recording in find_recordings([tmp_path])}

    assert found == AUDIBLE_SUFFIXES
    assert set(EMOTALK_FH_sound.bl_file_extensions.split(";")) == SOUND_SUFFIXES


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are UTF-8 or UTF-16")
@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_a_file_whose_name_is_no_utf8_is_heard(
    addon: ModuleType, tmp_path: Path, suffix: str
) -> None:
    from emotalk.emotalk_core.audio import open_sound, read_samples

    plain = encode(tmp_path / f"talk.{suffix}", np.zeros(48_000, np.float32))
    n_samples = len(read_samples(open_sound(plain)))

    odd = plain.rename(tmp_path / os.fsdecode(f"caf\xe9.{suffix}".encode("latin-1")))

    assert len(read_samples(open_sound(odd))) == n_samples
