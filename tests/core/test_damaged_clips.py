"""Clip files that something damaged: one line that says so, whatever is in them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.arkit import CHANNELS
from emotalk_core.clip import Clip
from emotalk_core.clip_files import read_clip, write_clip
from emotalk_core.errors import InputError

HUGE = 10**400


def refuse(path: Path) -> None:
    with pytest.raises(InputError, match="Damaged clip file") as caught:
        read_clip(path)
    assert "\n" not in str(caught.value)


@pytest.fixture
def clip() -> Clip:
    return Clip(np.zeros((2, 52), np.float32), tuple(CHANNELS), Fraction(30))


@pytest.mark.parametrize(
    "change",
    [
        {"fps": [30, 0]},
        {"fps": [float("inf")]},
        {"fps": ["1e-999999999"]},
        {"fps": [HUGE, 1]},
        {"fps": [1, HUGE]},
        {"fps": 30},
        {"start_s": HUGE},
        {"start_s": float("nan")},
        {"meta": 5},
        {"meta": [["a", "b"]]},
        {"channels": [*range(52)]},
        {"channels": 5},
        {"values": {}},
    ],
)
def test_json(tmp_path: Path, clip: Clip, change: dict[str, object]) -> None:
    path = tmp_path / "take.json"
    write_clip(clip, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    refuse(path)


@pytest.mark.parametrize("text", ["[]", "5", "[" * 200_000])
def test_json_of_another_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "take.json"
    path.write_text(text)

    refuse(path)


def npy(array: object) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array(array), allow_pickle=False)
    return content.getvalue()


def absurd(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"fps_den": npy(0)},
        {"fps_num": npy("thirty")},
        {"start_s": npy(np.nan)},
        {"start_s": npy("soon")},
        {"meta": npy("5")},
        {"meta": npy("{")},
        {"values": absurd((1 << 60, 52))},
        {"values": absurd((1 << 80, 52))},
        {"values": npy(5)[:20]},
    ],
)
def test_npz(tmp_path: Path, clip: Clip, change: dict[str, bytes]) -> None:
    path = tmp_path / "take.npz"
    write_clip(clip, path)
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members |= {f"{name}.npy": content for name, content in change.items()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)

    refuse(path)


def encrypted(content: bytearray, at: int) -> None:
    content[at + 8] |= 1


def of_another_compression(content: bytearray, at: int) -> None:
    struct.pack_into("<H", content, at + 10, 77)


@pytest.mark.parametrize("damage", [encrypted, of_another_compression])
def test_npz_that_zipfile_cannot_open(
    tmp_path: Path, clip: Clip, damage: Callable[[bytearray, int], None]
) -> None:
    path = tmp_path / "take.npz"
    write_clip(clip, path)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:  # every member of the zip's own list
        damage(content, at)
        at = content.find(b"PK\x01\x02", at + 1)
    path.write_bytes(content)

    refuse(path)


def test_csv_with_a_cell_that_has_no_end(tmp_path: Path, clip: Clip) -> None:
    path = tmp_path / "take.csv"
    write_clip(clip, path)
    path.write_text(f'{path.read_text()}"{131_073 * "a"}')

    refuse(path)
