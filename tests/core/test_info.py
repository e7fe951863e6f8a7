"""`emotalk info`: what it tells of sounds, clips and models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.audio import sources
from emotalk_core.model.folder import starter_folder
from tests.core.wav_bytes import wav


@pytest.mark.usefixtures("engine")
def test_info_tells_what_a_clip_and_a_sound_are(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = talk.with_suffix(".npz")
    cli.main(["animate", str(talk), "-o", str(clip)])
    capsys.readouterr()

    facts = []
    for path in (talk, clip):
        assert cli.main(["info", str(path), "--json"]) == 0
        facts.append(json.loads(capsys.readouterr().out))

    assert (facts[0]["kind"], facts[0]["sample_rate"]) == ("sound", 16_000)
    assert (facts[1]["kind"], facts[1]["frames"], facts[1]["fps"]) == ("clip", 15, "30")


def test_info_tells_the_name_and_the_styles_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(starter_folder()), "--json"]) == 0

    facts = json.loads(capsys.readouterr().out)
    named = json.loads((starter_folder() / "config.json").read_text(encoding="utf-8"))["name"]
    assert (facts["name"], facts["styles"]) == (named, 8)


def test_info_says_that_a_sound_has_lost_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav(np.zeros(8000)))
    told = []
    for is_cut in (False, True):
        monkeypatch.setattr(sources, "is_cut_short", lambda _, is_cut=is_cut: is_cut)
        cli.main(["info", str(path), "--json"])
        told.append(json.loads(capsys.readouterr().out)["cut_short"])

    assert told == [False, True]


def test_info_on_nothing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(tmp_path / "nothing")]) == 2
    assert "No such file or folder" in capsys.readouterr().err
