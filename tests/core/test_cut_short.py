"""Sound and film files that have lost their end, made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.audio.cut_short import is_cut_short
from emotalk_core.controls import Controls, ControlTrack
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


def containers(n_bytes: int, room: int = 200) -> dict[str, bytes]:
    """Files with `room` bytes of sound that say that they have `n_bytes`."""

    def big(size: int, width: int = 4) -> bytes:
        return (size % 256**width).to_bytes(width, "big")

    def little(size: int, width: int = 4) -> bytes:
        return (size % 256**width).to_bytes(width, "little")

    sound, head = bytes(room), 0 if n_bytes < 0 else 1
    return {
        "aiff": b"FORM" + big(n_bytes + 4 * head) + b"AIFF" + sound,
        "avi": b"RIFF" + little(n_bytes + 4 * head) + b"AVI " + sound,
        "w64": b"riff" + bytes(12) + little(n_bytes + 24 * head, 8) + sound,
        "au": b".snd" + big(24) + big(n_bytes) + bytes(12) + sound,
        "caf": b"caff\0\1\0\0desc" + big(32, 8) + bytes(32) + b"data" + big(n_bytes, 8) + sound,
        "m4a": big(12) + b"ftypM4A " + big(1) + b"mdat" + big(n_bytes + 16 * head, 8) + sound,
        "mkv": b"\x1aE\xdf\xa3\x84" + bytes(4) + b"\x18S\x80g\x01" + big(n_bytes, 7) + sound,
    }


WHOLE = containers(200)


@pytest.mark.parametrize("whole", [OGG, mp3(b"Xing"), mp3(b"Info", ID3), *WHOLE.values()])
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


@pytest.mark.parametrize("room", [500, 200_000])
def test_an_ogg_that_lost_a_page_in_the_middle_is_told(tmp_path: Path, room: int) -> None:
    """Decoders go on with the next page: what follows is heard too early."""
    path = tmp_path / "voice.ogg"
    pages = [ogg_page(bytes(500), is_last=False), ogg_page(bytes(700), is_last=True)]
    told = {}
    for name, hole in (("none", b""), ("zeros", bytes(room)), ("noise", b"\7" * room)):
        path.write_bytes(pages[0] + hole + pages[1])
        told[name] = is_cut_short(path)
    path.write_bytes(pages[0][:-200] + pages[1])
    told["lost"] = is_cut_short(path)
    path.write_bytes(pages[0] + b"\7" * room)
    told["noise to the end"] = is_cut_short(path)

    assert told == {name: name != "none" for name in told}


def test_what_a_program_wrote_behind_an_ogg_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "voice.ogg"
    path.write_bytes(OGG + b"TAG" + bytes(125))

    assert not is_cut_short(path)


@pytest.mark.parametrize("form", [*WHOLE])
def test_a_file_whose_size_was_never_filled_in_cannot_tell(tmp_path: Path, form: str) -> None:
    path = tmp_path / "voice"
    path.write_bytes(containers(-1)[form])

    assert not is_cut_short(path)


@pytest.mark.parametrize(
    "content",
    [
        containers(201)["aiff"],  # a byte that is counted, and not written
        WHOLE["m4a"] + b"\0\0\0\0mdat" + bytes(9),  # a box up to the end
        WHOLE["caf"].replace(b"desc\0", b"desc\x7f"),  # a chunk that no file could hold
        WHOLE["caf"][:8],
    ],
)
def test_odd_containers_are_not_called_cut(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "voice"
    path.write_bytes(content)

    assert not is_cut_short(path)


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
