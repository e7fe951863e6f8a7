"""Clip and Binding to keys at scene frames; preset files."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.errors import EmoTalkError, InputError, RigError
from emotalk_core.retarget import (
    BakeOptions,
    Binding,
    BoneTarget,
    Driven,
    KeyTarget,
    binding_of,
    match_keys,
    match_meshes,
    read_binding,
    retarget,
    write_binding,
)

NTSC_FILM = Fraction(24000, 1001)
RATES = [NTSC_FILM, Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50)]


def clip_of(values: np.ndarray, *, start_s: float = 0.0) -> Clip:
    return Clip(values.astype(np.float32), arkit.CHANNELS, Fraction(30), start_s)


def noise(n_frames: int) -> Clip:
    return clip_of(np.random.default_rng(5).random((n_frames, 52)))


def jaw_of(curve: np.ndarray) -> Clip:
    values = np.zeros((len(curve), 52))
    values[:, arkit.index("jawOpen")] = curve
    return clip_of(values)


HEAD = binding_of(match_meshes({"Head": arkit.CHANNELS}))
JAW = Binding((Driven(KeyTarget("Head", "jawOpen"), (("jawOpen", 1.0),)),))


def test_same_rate_gives_every_row_its_own_frame() -> None:
    clip = noise(40)

    tables = retarget(clip, HEAD, rate=Fraction(30), start_frame=1)

    assert np.array_equal(tables[0].frames, np.arange(1, 41))
    assert np.array_equal(np.stack([table.values for table in tables], 1), clip.values)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("start_frame", [-10.0, 1.0, 100.5])
def test_every_key_shows_the_face_of_its_own_time(rate: Fraction, start_frame: float) -> None:
    times_s = np.arange(3000) / 30
    clip = jaw_of(times_s / 100)  # a ramp: the value tells the time

    (table,) = retarget(clip, JAW, rate=rate, start_frame=start_frame)

    due_s = (table.frames - start_frame) / float(rate)
    assert np.array_equal(table.frames, np.round(table.frames))
    assert np.abs(table.values - np.minimum(due_s, times_s[-1]) / 100).max() < 1e-6
    assert due_s[-1] >= times_s[-1] > due_s[-2]


def test_the_clip_start_moves_the_keys() -> None:
    late = Clip(noise(10).values, arkit.CHANNELS, Fraction(30), start_s=0.5)

    tables = retarget(late, HEAD, rate=Fraction(30), start_frame=1)

    assert tables[0].frames[0] == 16


@pytest.mark.parametrize("rate", RATES[:3])
@pytest.mark.parametrize("shift", range(6))
def test_a_closure_of_one_row_stays_shut_at_lower_rates(rate: Fraction, shift: int) -> None:
    curve = np.full(30, 0.4)
    curve[10 + shift] = 0.0
    clip = jaw_of(curve)

    kept = retarget(clip, JAW, rate=rate, start_frame=1)[0]

    assert kept.values.min() == 0.0


def test_lips_that_mouth_close_holds_shut_stay_shut() -> None:
    values = np.zeros((30, 52))
    values[:, arkit.index("jawOpen")] = 0.5
    values[10, arkit.index("mouthClose")] = 0.5

    tables = retarget(clip_of(values), HEAD, rate=Fraction(24), start_frame=1)

    close = next(table for table in tables if "mouthClose" in table.data_path)
    assert close.values.max() == 0.5


def test_weights_gain_offset_and_limits() -> None:
    values = np.zeros((3, 52))
    values[:, arkit.index("jawLeft")] = [0.0, 0.5, 1.0]
    values[:, arkit.index("jawRight")] = [0.9, 0.0, 0.0]
    signed = (("jawLeft", 1.0), ("jawRight", -1.0))
    driven = Driven(KeyTarget("Head", "Jaw"), signed, gain=2.0, offset=0.1, lower=-1.0, upper=1.5)

    (table,) = retarget(clip_of(values), Binding((driven,)), rate=Fraction(30), start_frame=0)

    assert table.values.tolist() == pytest.approx([-1.0, 1.1, 1.5])


def test_several_meshes_get_the_same_curve() -> None:
    binding = binding_of(match_meshes({"Head": ["jawOpen"], "Teeth": ["JawOpen"]}))

    head, teeth = retarget(noise(5), binding, rate=Fraction(30), start_frame=1)

    assert (head.object_name, teeth.object_name) == ("Head", "Teeth")
    assert teeth.data_path == 'key_blocks["JawOpen"].value'
    assert np.array_equal(head.values, teeth.values)


def test_quotes_in_key_names_are_escaped() -> None:
    binding = Binding((Driven(KeyTarget("Head", 'a"b\\c'), (("jawOpen", 1.0),)),))

    assert retarget(noise(2), binding, rate=Fraction(30), start_frame=1)[0].data_path == (
        'key_blocks["a\\"b\\\\c"].value'
    )


def test_on_twos_keys_every_second_frame_and_the_end() -> None:
    tables = retarget(noise(10), HEAD, rate=Fraction(30), start_frame=1, options=BakeOptions(2))

    assert tables[0].frames.tolist() == [1, 3, 5, 7, 9, 11]


def test_unknown_channels_are_named() -> None:
    binding = Binding((Driven(KeyTarget("Head", "x"), (("jawOpn", 1.0),)),))

    with pytest.raises(RigError, match="jawOpn"):
        retarget(noise(3), binding, rate=Fraction(30), start_frame=1)


def test_nothing_to_drive_is_an_error() -> None:
    with pytest.raises(RigError, match="Cube"):
        binding_of({"Cube": match_keys(["Basis"])})
    with pytest.raises(RigError):
        retarget(noise(3), Binding(()), rate=Fraction(30), start_frame=1)


def test_an_empty_clip_makes_empty_tables() -> None:
    tables = retarget(noise(0), JAW, rate=Fraction(24), start_frame=1)

    assert [len(table.frames) for table in tables] == [0]


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-24)])
def test_impossible_rates_are_refused(rate: Fraction) -> None:
    with pytest.raises(InputError, match="frame rate"):
        retarget(noise(3), JAW, rate=rate, start_frame=1)


def test_a_key_is_driven_once() -> None:
    twice = Driven(KeyTarget("Head", "jawOpen"), (("jawOpen", 1.0),))

    with pytest.raises(InputError, match="twice"):
        Binding((twice, twice))


def test_preset_files_keep_everything(tmp_path: Path) -> None:
    bone = BoneTarget("Rig", "jaw", (0.0, 0.6, 0.8), "ZYX")
    recipe = Driven(bone, (("jawOpen", 1.0), ("mouthClose", -0.5)), 0.42, 0.1, -1.0, 2.0)
    binding = Binding((*HEAD.driven, recipe), "my head")

    write_binding(binding, tmp_path / "head.json")

    assert read_binding(tmp_path / "head.json") == binding
    assert [path.name for path in tmp_path.iterdir()] == ["head.json"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"emotalk_binding": 9}, "9"),
        ({"driven": []}, "drives nothing"),
        ({"driven": [{"object": "Head", "sources": {}}]}, "row 1: key"),
        ({"driven": [{"object": "H", "key": "k", "sources": {"jawOpen": "x"}}]}, "row 1"),
        ({"driven": [{"object": "H", "key": "k", "sources": {}, "gian": 1}]}, "gian"),
        ({"driven": [{"object": "H", "bone": "b", "axis": [1], "sources": {}}]}, "three numbers"),
        ({"driven": [{"object": "H", "key": "k", "sources": {}, "lower": 2}]}, "wrong way round"),
        ({"driven": [7]}, "row 1"),
    ],
)
def test_wrong_presets_say_what_is_wrong(tmp_path: Path, change: dict, told: str) -> None:
    path = tmp_path / "head.json"
    write_binding(JAW, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(EmoTalkError, match=told):
        read_binding(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe"])
def test_other_files_are_no_presets(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "head.json"
    path.write_bytes(content)

    with pytest.raises(InputError, match="no binding"):
        read_binding(path)


def test_a_missing_preset_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        read_binding(tmp_path / "nowhere.json")
