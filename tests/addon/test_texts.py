"""What flags and the panel tell of a take's words: kept with it, and refused where it is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge.take import live

from tests.addon.lip_scenes import FIRST, jaw, panel_of, surprised_babble
from tests.addon.scenes import fcurves
from tests.addon.test_commands import run


@pytest.fixture
def said(addon: Any, head: Any, tmp_path: Path) -> Any:
    """A take of four seconds of babble."""
    return surprised_babble(panel_of(head), tmp_path)


@pytest.fixture
def espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of its name that reads any text as one vowel, and knows en-us alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text('#!/bin/sh\n[ "$5" = en-us ] || exit 1\ncat > /dev/null\necho "ɑː"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("espeak")
def test_a_text_is_kept_and_makes_the_take_one_to_update(said: Any) -> None:
    assert bpy.ops.emotalk.tell_text(text="Ah", language="en-us") == {"FINISHED"}

    assert (said.controls.text, said.controls.words) == ("Ah", "ɑː")
    assert live.is_stale(said)
    assert bpy.ops.emotalk.tell_text(text="", language="en-us") == {"FINISHED"}
    assert not live.is_stale(said)


@pytest.mark.usefixtures("espeak")
def test_a_text_that_is_not_said_is_told_and_keys_stay(said: Any, head: Any) -> None:
    before = jaw(head, 40, 90)
    bpy.ops.emotalk.tell_text(text="Ah", language="en-us")

    with pytest.raises(RuntimeError, match="not what is said"):
        bpy.ops.emotalk.refresh()

    assert jaw(head, 40, 90) == before


@pytest.mark.usefixtures("espeak")
def test_a_language_that_nobody_reads_changes_nothing(said: Any) -> None:
    with pytest.raises(RuntimeError, match="klingon"):
        bpy.ops.emotalk.tell_text(text="Ah", language="klingon")

    assert said.controls.text == ""


@pytest.mark.usefixtures("espeak")
def test_all_as_heard_forgets_the_text_too(said: Any) -> None:
    bpy.ops.emotalk.tell_text(text="Ah", language="en-us")

    bpy.ops.emotalk.hear_all_lips()

    assert (said.controls.text, said.controls.words) == ("", "")
    assert not live.is_stale(said)


def test_what_flags_tell_leaves_keyed_sliders_to_their_keys(said: Any, tmp_path: Path) -> None:
    for frame, weight in ((10, 0.2), (80, 0.9)):
        said.controls.happy = weight
        said.controls.keyframe_insert("happy", frame=frame)
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,m\n")
    words = "animate", "--sound", said.filepath, "--start", FIRST, "--target", "Head"

    assert run(*words, "--phones", table, "-o", tmp_path / "out.blend") == 0

    assert len(bpy.context.scene.emotalk.takes) == 1
    assert [len(curve.keyframe_points) for curve in fcurves(bpy.context.scene).values()] == [2]
