"""Mp3 and Ogg files that have lost their end, made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.controls import Controls, ControlTrack
from emotalk_core.cut_short import is_cut_short
from emotalk_core.pipeline import animate_to_file
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import wav


def ogg_page(content: bytes, *, is_last: bool) -> bytes:
    lengths = [*[255] * (len(content) // 255), len(content) % 255]
    head = b"OggS\0" + bytes([4 if is_last else 0]) + bytes(20) + bytes([len(lengths)])
    return head + bytes(lengths) + content


def mp3(name: bytes, tag: bytes = b"") -> bytes:
    """Ten frames; the first says how many bytes there are."""
    frames = 9 * (b"\xff\xfb\x90\xc4" + bytes(413))
    flags, count = (3).to_bytes(4, "big"), (9).to_bytes(4, "big")
    first = b"\xff\xfb\x90\xc4" + bytes(17) + name + flags + count
    first += (417 + len(frames)).to_bytes(4, "big")
    return tag + first.ljust(417, b"\0") + frames


OGG = ogg_page(bytes(500), is_last=False) + ogg_page(bytes(700), is_last=True)
ID3 = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)


@pytest.mark.parametrize("whole", [OGG, mp3(b"Xing"), mp3(b"Info", ID3)])
def test_a_whole_file_is_whole_and_any_half_of_it_is_not(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "voice"
    told = {}
    for n_bytes in (len(whole), len(whole) - 50, len(whole) // 2):
        path.write_bytes(whole[:n_bytes])
        told[n_bytes] = is_cut_short(path)

    assert [*told.values()] == [False, True, True]


def test_an_ogg_without_its_last_page_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "voice.ogg"
    path.write_bytes(ogg_page(bytes(500), is_last=False))

    assert is_cut_short(path)


@pytest.mark.parametrize("content", [b"", b"\xff", b"OggS", wav(np.zeros(100)), mp3(b"none")])
def test_a_file_that_cannot_tell_is_none_of_these(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "voice"
    path.write_bytes(content)

    assert is_cut_short(path) is (content == b"OggS")


def test_the_report_warns_of_a_sound_that_is_cut_short(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, 16_000)
    sound = ArraySound(samples, 16_000, is_cut_short=True)

    report = animate_to_file(
        sound, ControlTrack(Controls()), tmp_path / "a.npz", engine=FakeEngine()
    )

    assert "cut short" in report.warnings[0]
