"""Presets of one's own, in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotalk_core import cli
from emotalk_core.clip_files import read_clip
from emotalk_core.controls import Controls
from emotalk_core.errors import EmoTalkError, InputError
from emotalk_core.preset_files import (
    find_presets,
    preset_path,
    read_preset,
    with_preset,
    write_preset,
)
from tests.strategies import controls


@given(saved=controls(), was=controls())
def test_a_preset_sets_all_that_was_saved_but_sync_and_seed(
    saved: Controls, was: Controls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("presets") / "tired.json"
    write_preset(saved, path)

    found = with_preset(read_preset(path), was)

    kept = {"sync_offset_ms": was.sync_offset_ms, "seed": was.seed}
    assert found.to_dict() == saved.to_dict() | kept


_NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(name=_NAMES)
def test_any_name_is_a_plain_file_of_the_folder_and_comes_back(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("presets")
    try:
        path = preset_path(folder, name)
    except InputError:
        return

    path.write_text("")

    assert path.parent == folder
    assert list(find_presets(folder).values()) == [path]
    assert preset_path(folder, *find_presets(folder)) == path


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Ada, tired", "Ada%2C tired.json"),
        ("../../etc", "%2E%2E%2F%2E%2E%2Fetc.json"),
        ("müde 疲れた", "müde 疲れた.json"),
        (" tired. ", "tired%2E.json"),
        ("con", "%63on.json"),
    ],
)
def test_a_file_is_called_after_its_preset(name: str, file: str, tmp_path: Path) -> None:
    assert preset_path(tmp_path, name) == tmp_path / file


@pytest.mark.parametrize(("name", "told"), [(" ", "needs a name"), ("HAPPY", "EmoTalk has")])
def test_some_names_are_refused(name: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        preset_path(tmp_path, name)


def test_a_name_that_is_too_long_for_the_disk_says_so(tmp_path: Path) -> None:
    with pytest.raises(EmoTalkError, match="shorter name"):
        write_preset(Controls(), preset_path(tmp_path, "a" * 300))

    assert not list(tmp_path.iterdir())


def test_what_a_file_does_not_name_is_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "short.json"
    path.write_text('{"emotalk_preset": 1, "controls": {"emotions": {"sad": 0.5}, "seed": 7}}')

    assert read_preset(path) == Controls(emotions=(0, 0, 0, 0.5, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"jaw": 3}, "Jaw out of range: 3. Use 0 to 2"),
        ({"jaw": "wide"}, "Not a number for jaw: 'wide'"),
        ({"jaw": True}, "Not a number for jaw"),
        ({"jaw": 10**400}, "Not a number for jaw"),
        ({"jaw": float("nan")}, "Jaw out of range"),
        ({"style": 1.5}, "No such style"),
        ({"style": 100}, "No such style: 100. Use 0 to 99"),
        ({"tail": 1}, "No such slider: 'tail'"),
        ({"emotions": [1]}, "No emotions"),
        ({"emotions": {"hangry": 1}}, "No such emotion: 'hangry'"),
        ({"emotions": {"sad": 2}}, "Emotion weight out of range: 'sad=2'"),
        ([], "No sliders"),
    ],
)
def test_a_value_that_cannot_be_set_is_told_with_its_file(
    values: Any, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad one.json"
    path.write_text(json.dumps({"emotalk_preset": 1, "controls": values}))

    with pytest.raises(InputError) as caught:
        read_preset(path)

    assert str(caught.value).startswith(f"bad one.json: {told}")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"[" * 100_000, b"{}", b'{"emotalk_preset": 2, "controls": {}}'],
)
def test_other_files_are_no_presets(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)

    with pytest.raises(InputError, match=r"no preset: .*other\.json|other\.json: No preset"):
        read_preset(path)


def test_a_missing_preset_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read: '.*gone.json'"):
        read_preset(tmp_path / "gone.json")


@pytest.mark.usefixtures("engine")
def test_a_list_of_jobs_names_presets_relative_to_itself(talk: Path, tmp_path: Path) -> None:
    jobs, output = talk.with_name("jobs.json"), tmp_path / "out"
    write_preset(Controls(jaw=0.25), talk.with_name("ours.json"))
    jobs.write_text(json.dumps([{"audio": talk.name, "preset": "ours.json"}]))

    assert cli.main(["batch", str(jobs), "-o", str(output), "--format", "npz"]) == 0

    assert read_clip(output / f"{talk.stem}.npz").meta["controls"]["jaw"] == 0.25
