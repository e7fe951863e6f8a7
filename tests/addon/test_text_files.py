"""Texts of another form than plain words, told to a take."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge.asked import scripts
from emotalk.addon.ui.lips import _Lips
from emotalk.emotalk_core.speech import transcript

from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import run

SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\n- ANNA: Papa! (laughs)\n"


def test_of_subtitles_the_words_alone_are_told(said: Any) -> None:
    assert bpy.ops.emotalk.tell_text(text=SUBTITLES) == {"FINISHED"}

    assert said.controls.words == "P_AA_P_AH"


def test_the_button_shows_what_is_said(said: Any) -> None:
    bpy.ops.emotalk.tell_text(text=SUBTITLES)
    panel = SimpleNamespace(layout=Layout())

    _Lips.draw(panel, context_of(300))

    assert "Text: Papa!" in panel.layout.texts


def test_the_name_of_a_file_may_tell_the_language(
    said: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "find_espeak", lambda: None)
    file = tmp_path / "said.hi.srt"
    file.write_text(SUBTITLES, encoding="utf-8")

    with pytest.raises(RuntimeError, match=r"read by espeak-ng.*hi"):
        bpy.ops.emotalk.tell_text(text=str(file), language="en")


def test_a_text_may_be_a_file(said: Any, tmp_path: Path) -> None:
    file = tmp_path / "said.srt"
    file.write_text(SUBTITLES, encoding="utf-8")

    assert bpy.ops.emotalk.tell_text(text=str(file)) == {"FINISHED"}

    assert (said.controls.text, said.controls.words) == (SUBTITLES.strip(), "P_AA_P_AH")


def test_a_file_that_is_not_there_changes_nothing(said: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.tell_text(text="Papa")

    with pytest.raises(RuntimeError, match=r"No such text.*none\.srt"):
        bpy.ops.emotalk.tell_text(text=str(tmp_path / "none.srt"))

    assert (said.controls.text, said.controls.words) == ("Papa", "P_AA_P_AH")


def test_an_empty_file_is_as_an_empty_text(said: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.tell_text(text="Papa")
    file = tmp_path / "said.txt"
    file.write_text("\n", encoding="utf-8")

    assert bpy.ops.emotalk.tell_text(text=str(file)) == {"FINISHED"}

    assert (said.controls.text, said.controls.words) == ("", "")


def test_a_command_tells_once_whose_names_are_not_said(
    saved: Path, speech: Path, tmp_path: Path, capfd: Any
) -> None:
    file = tmp_path / "said.srt"
    file.write_text(SUBTITLES, encoding="utf-8")

    run("animate", "--sound", speech, "--target", "Head", "--text", file)

    assert capfd.readouterr().out.count("not said: ANNA") == 1


def test_a_script_of_a_file_takes_the_place_of_its_last_one_and_of_no_other_text(
    addon: Any, tmp_path: Path
) -> None:
    scene, file = bpy.context.scene, tmp_path / "lines.txt"
    scene.emotalk.script = own = bpy.data.texts.new("lines.txt")
    own.write("my notes")

    for text in ("first", "second"):
        file.write_text(text, encoding="utf-8")
        scripts.load(file, "en", scene)

    assert own.as_string() == "my notes"
    assert scene.emotalk.script.as_string() == "second"
    assert len(bpy.data.texts) == 2
