"""Texts of another form than plain words, told to a take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.lip_scenes import panel_of, surprised_babble

SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\n- ANNA: Papa! (laughs)\n"


@pytest.fixture
def said(addon: Any, head: Any, tmp_path: Path) -> Any:
    """A take of four seconds of babble."""
    return surprised_babble(panel_of(head), tmp_path)


def test_of_subtitles_the_words_alone_are_told(said: Any) -> None:
    assert bpy.ops.emotalk.tell_text(text=SUBTITLES) == {"FINISHED"}

    assert said.controls.words == "P_AA_P_AH"


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
