"""Sounds that would make one file: nobody could tell which of them it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emotalk_core import cli
from emotalk_core.cli.places import shared_places


@pytest.mark.usefixtures("engine")
def test_two_sounds_of_one_name_are_left_out_and_the_others_made(talk: Path) -> None:
    (other := talk.parent / "other").mkdir()
    out, report = talk.parent / "out", talk.parent / "report.json"
    sounds = [talk, other / "talk.wav", other / "single.wav"]
    for sound in sounds[1:]:
        sound.write_bytes(talk.read_bytes())

    code = cli.main(["animate", *map(str, sounds), "-o", str(out), "--report", str(report)])

    assert (code, [path.name for path in out.iterdir()]) == (3, ["single.csv"])
    assert [bool(e["error"]) for e in json.loads(report.read_text())] == [True, True, False]


@pytest.mark.parametrize(("system", "n_shared"), [("darwin", 2), ("linux", 0)])
@pytest.mark.parametrize("names", [("Line.csv", "line.csv"), ("\u00e9.csv", "e\u0301.csv")])
def test_names_that_are_one_on_macos_make_one_file_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str], system: str,
    n_shared: int,
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.platform", system)

    shared = shared_places([Path("a.wav"), Path("a.flac")], [tmp_path / name for name in names])

    assert len(shared) == n_shared
