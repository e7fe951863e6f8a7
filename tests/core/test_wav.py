"""Wav files of every kind, whole, strange and broken."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotalk_core.audio import open_sound, read_samples
from emotalk_core.audio.wav import open_wav
from emotalk_core.errors import InputError
from tests.core.wav_bytes import chunk, encoded, format_chunk, riff, wav

TONE = (0.5 * np.sin(np.arange(2000) * 0.05)).astype(np.float32)


def read(path: Path) -> np.ndarray:
    return read_samples(open_sound(path))


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [("u1", 0.01), ("i2", 1e-4), ("i3", 1e-6), ("i4", 1e-6), ("f4", 0), ("f8", 1e-7)],
)
def test_every_sample_kind_is_read(
    tmp_path: Path, kind: str, tolerance: float, *, extensible: bool
) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(TONE, kind, extensible=extensible))

    np.testing.assert_allclose(read(path), TONE, atol=tolerance)


@pytest.mark.parametrize("channels", [2, 6, 8])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "surround.wav"
    frames = TONE[:, None] * np.linspace(-0.2, 1.0, channels)
    path.write_bytes(wav(frames, "f4", extensible=True))

    np.testing.assert_allclose(read(path), 0.4 * TONE, atol=1e-6)


@pytest.mark.parametrize("kind", ["u1", "i2", "i3", "i4", "f4", "f8"])
def test_one_channel_is_read_alone(tmp_path: Path, kind: str) -> None:
    """A person on each channel: whoever is asked for is heard as in a file of their own."""
    path, alone = tmp_path / "both.wav", tmp_path / "one.wav"
    people = np.stack([TONE, 0.4 * TONE[::-1], np.zeros_like(TONE)], axis=1)
    path.write_bytes(wav(people, kind, 44_100))
    for channel, person in enumerate(people.T, 1):
        alone.write_bytes(wav(person, kind, 44_100))
        heard = read_samples(open_sound(path, 0.01, channel=channel))
        np.testing.assert_array_equal(heard, read_samples(open_sound(alone, 0.01)))


@pytest.mark.parametrize("channel", [0, 4, -1])
def test_a_channel_that_there_is_not_is_told_with_those_that_there_are(
    tmp_path: Path, channel: int
) -> None:
    path = tmp_path / "three.wav"
    path.write_bytes(wav(np.zeros((100, 3)), "i2"))
    with pytest.raises(InputError, match=f"no such channel: '?{channel} of .*Use 1 to 3"):
        open_sound(path, channel=channel)


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_every_rate_becomes_16_khz(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    seconds = np.arange(rate // 4) / rate
    path.write_bytes(wav(np.sin(2 * np.pi * 440 * seconds), "f4", rate))

    out = read(path)

    assert len(out) == 4000
    np.testing.assert_allclose(
        out[500:-500], np.sin(2 * np.pi * 440 * np.arange(4000) / 16_000)[500:-500], atol=1e-4
    )


def test_chunks_before_the_sound_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "broadcast.wav"
    odd = chunk(b"bext", b"x" * 603)
    data = chunk(b"data", encoded(TONE, "i2"))
    path.write_bytes(riff(odd, format_chunk(1, 1, 16_000, 16), chunk(b"LIST", b"abc"), data))

    assert len(read(path)) == len(TONE)


@pytest.mark.parametrize("riff_size", [0, 0xFFFFFFFF, 36])
@pytest.mark.parametrize("data_size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFDB])
def test_a_size_that_was_never_filled_in_means_to_the_end(
    tmp_path: Path, riff_size: int, data_size: int
) -> None:
    path = tmp_path / "stream.wav"
    data = chunk(b"data", encoded(TONE, "i2"), data_size)
    path.write_bytes(riff(format_chunk(1, 1, 16_000, 16), data, size=riff_size))

    assert len(read(path)) == len(TONE)


@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_64_bit_sizes_are_read(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / "long.wav"
    data = encoded(TONE, "i2")
    sizes = chunk(b"ds64", struct.pack("<QQQI", 0, len(data), len(TONE), 0))
    trailing = chunk(b"LIST", b"INFO" * 20)  # not sound, though the 32-bit size would say so
    path.write_bytes(
        riff(
            sizes,
            format_chunk(1, 1, 16_000, 16),
            chunk(b"data", data, 0xFFFFFFFF),
            trailing,
            name=name,
        )
    )

    assert len(read(path)) == len(TONE)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"Dear diary, today I said nothing at all.\n", "Not a sound file"),
        (wav(TONE)[:30], "cut short"),
        (wav(TONE)[:44], "0 of 4000 bytes"),
        (wav(TONE)[:-1001], "cut short: 2999 of 4000 bytes"),
        (wav(TONE[:0]), "without samples"),
        (riff(format_chunk(1, 0, 16_000, 16), chunk(b"data", b"ab")), "makes no sense"),
        (riff(format_chunk(1, 1, 16_000, 40), chunk(b"data", b"abcde")), "makes no sense"),
        (riff(format_chunk(1, 1, 3999, 16), chunk(b"data", b"abcd")), "rate too low: 3999"),
        (riff(chunk(b"data", b"abcd")), "cut short"),
        (wav(np.array([0, 0, np.nan, 0]), "f4"), "no numbers, the first at 0.000 s"),
        (wav(np.array([0.0] * 8000 + [np.inf]), "f8"), "no numbers, the first at 0.500 s"),
        (wav(np.array([0.0] * 8000 + [1e30]), "f4"), "no sound, the first at 0.500 s"),
    ],
)
def test_what_is_no_sound_is_told_in_one_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(content)

    with pytest.raises(InputError, match=problem) as caught:
        read(path)

    assert "\n" not in str(caught.value)


@given(size=st.integers(0, 4043))
def test_any_truncated_file_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "cut.wav"
    path.write_bytes(wav(TONE)[:size])

    with pytest.raises(InputError):
        read(path)


def test_a_codec_inside_a_wav_is_left_to_other_readers(tmp_path: Path) -> None:
    path = tmp_path / "phone.wav"
    path.write_bytes(riff(format_chunk(6, 1, 8000, 8), chunk(b"data", b"\xd5" * 800)))

    assert open_wav(path) is None
