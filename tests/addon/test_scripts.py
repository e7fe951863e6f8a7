"""One script for many sounds: chosen in Cast, told by Text..., given as a flag."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.bridge.take import live, takes
from emotalk.emotalk_core.speech import text_fit

from tests.addon.cast_scenes import cast_of
from tests.addon.hearing import of_length, stand_in
from tests.addon.layouts import Layout, context_of
from tests.addon.lip_scenes import FIRST, jaw
from tests.addon.scenes import add_strip, needs_sound, run, save

MORE = "s_i_s_i_f_u_ʃ_i_k_u"
LANGUAGE = "--language", "de"


@pytest.fixture
def babbled(said: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is heard in it. A program of espeak-ng's name reads it where a text says "told", and two
    words around it that are not said; "nothing" are these alone.
    """
    table, folder = tmp_path / "heard.csv", tmp_path / "bin"
    bpy.ops.emotalk.save_phones(filepath=str(table))
    heard = [line.split(",")[2] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    read = "_".join(symbol for symbol in heard if symbol != "_")
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text(
        '#!/bin/sh\nread -r text\ncase "$text" in\n'
        f'told*) echo "{MORE} {read} {MORE}";;\nword*) echo "{read}";;\n*) echo "{MORE}";;\nesac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return read


def choose(text: str) -> Any:
    """The scene's script."""
    ours = bpy.context.scene.emotalk
    ours.script, ours.script_language = bpy.data.texts.new("lines"), "de"
    ours.script.write(text)
    return ours.script


def test_animate_takes_the_words_of_the_script_that_are_said(
    said: Any, head: Any, babbled: str
) -> None:
    alone = jaw(head, *range(FIRST, 90))
    choose("told 1")

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert said.controls.words == babbled
    assert "; lines: " in said.summary
    assert "(1 word)" in said.summary
    assert np.abs(np.subtract(jaw(head, *range(FIRST, 90)), alone)).max() > 0.01
    assert not live.is_stale(said)


@pytest.mark.parametrize(("script", "text"), [("told 1", "told 1"), ("nothing", "small papa 4")])
def test_words_are_heard_first_where_nothing_of_the_script_is_said(
    script: str, text: str, said: Any, babbled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, of_length)
    bpy.context.scene.emotalk.hear_words = True
    choose(script)

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert said.controls.text == text
    assert ("Heard without lines" in said.warnings) == (script == "nothing")


def test_where_neither_is_said_the_voice_alone_counts(
    said: Any, babbled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose("told 1")
    bpy.ops.emotalk.animate()
    stand_in(monkeypatch, of_length)
    monkeypatch.setattr(text_fit, "_LEAST_LIKE", 1.0)
    bpy.context.scene.emotalk.hear_words = True
    choose("nothing")

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert not said.controls.text
    assert "Heard without lines" in said.warnings
    assert "Heard without words" in said.warnings


def test_sliders_and_updates_keep_what_was_found(said: Any, head: Any, babbled: str) -> None:
    choose("told 2")
    bpy.ops.emotalk.animate()
    found = jaw(head, *range(FIRST, 90))
    bpy.context.scene.emotalk.script = None
    said.controls.jaw = 0.5
    assert live.is_stale(said)
    bpy.ops.emotalk.refresh()
    assert jaw(head, *range(FIRST, 90)) != found

    said.controls.jaw = 1.0
    bpy.ops.emotalk.refresh()

    assert said.controls.words == babbled
    np.testing.assert_allclose(jaw(head, *range(FIRST, 90)), found, atol=1e-6)


def test_another_script_is_looked_in_anew(said: Any, head: Any, babbled: str) -> None:
    alone = jaw(head, *range(FIRST, 90))
    choose("told 3")
    bpy.ops.emotalk.animate()
    choose("nothing 3")

    bpy.ops.emotalk.animate()

    assert (said.controls.words, said.controls.text) == ("", "")
    assert "Heard without lines.001: nothing in it is what is said" in said.warnings
    assert jaw(head, *range(FIRST, 90)) == alone
    assert not live.is_stale(said)


def test_a_text_of_its_own_goes_before_the_script(said: Any, babbled: str) -> None:
    bpy.ops.emotalk.tell_text(text="word", language="de")
    choose("nothing 4")

    bpy.ops.emotalk.animate()

    assert (said.controls.text, said.controls.words) == ("word", babbled)
    assert not said.warnings


@pytest.mark.usefixtures("babbled")
def test_undo_brings_back_what_was_told_before(said: Any) -> None:
    choose("told 5")
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.emotalk.animate()
    bpy.ops.ed.undo_push(message="Animate")
    assert bpy.context.scene.emotalk.takes[0].controls.words

    bpy.ops.ed.undo()

    assert not bpy.context.scene.emotalk.takes[0].controls.words


@pytest.mark.parametrize(("text", "why"), [("", "The script is empty"), ("told", "Install it")])
def test_a_script_that_nobody_can_read_is_told_and_keys_stay(
    said: Any, head: Any, text: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = jaw(head, 40, 90)
    monkeypatch.setenv("PATH", "")
    choose(text).name = f"lines of {text}"
    bpy.context.scene.emotalk.script_language = "hi"

    with pytest.raises(RuntimeError, match=why):
        bpy.ops.emotalk.animate()

    assert jaw(head, 40, 90) == before
    assert not said.controls.text


def test_text_takes_of_a_longer_one_what_is_said(said: Any, babbled: str) -> None:
    assert bpy.ops.emotalk.tell_text(text="told 7", language="de") == {"FINISHED"}
    assert said.controls.words == babbled
    assert live.is_stale(said)
    bpy.ops.emotalk.refresh()

    assert not live.is_stale(said)
    assert not said.warnings


def test_text_takes_all_of_one_that_is_all_said_and_of_none_that_is(
    said: Any, babbled: str
) -> None:
    bpy.ops.emotalk.tell_text(text="word", language="de")
    assert said.controls.words == babbled

    bpy.ops.emotalk.tell_text(text="nothing 8", language="de")

    assert said.controls.words == MORE


@pytest.fixture
def saved(said: Any, babbled: str, tmp_path: Path) -> Path:
    """A file without a take; beside it the same babble twice, and a script."""
    for name in "ab":
        shutil.copy(said.filepath, tmp_path / f"{name}.wav")
    (tmp_path / "lines.txt").write_text("told 9")
    bpy.ops.emotalk.clear()
    return save(tmp_path / "dialogue.blend")


@pytest.fixture
def dialogue(saved: Path) -> Path:
    """The same file with both as strips."""
    for number, name in enumerate("ab"):
        add_strip(saved.with_name(f"{name}.wav"), 1 + 200 * number)
    bpy.ops.wm.save_mainfile()
    return saved


def test_script_stands_above_its_name_however_wide_the_sidebar_is(said: Any) -> None:
    drawn = {}
    for width in (181, 292):
        layout = drawn[width] = Layout()
        bpy.types.EMOTALK_PT_cast.draw(SimpleNamespace(layout=layout), context_of(width))

    assert drawn[181].labels == drawn[292].labels == ["Script"]


@needs_sound
def test_animate_cast_looks_in_the_script_for_each_strip(
    dialogue: Path, head: Any, babbled: str
) -> None:
    ours = bpy.context.scene.emotalk
    cast_of(ours, bpy.data.objects["Head"])
    choose("told 9")

    assert bpy.ops.emotalk.animate_cast() == {"FINISHED"}

    assert [take.controls.words for take in ours.takes] == [babbled, babbled]


@needs_sound
def test_cast_takes_a_script_and_the_file_keeps_it(
    dialogue: Path, babbled: str, capfd: Any
) -> None:
    report = dialogue.with_name("report.json")
    flags = "--script", dialogue.with_name("lines.txt"), *LANGUAGE, "--report", report

    for _again in range(2):
        assert run("cast", "--role", "Head=a,b", *flags) == 0

    told = capfd.readouterr().out.splitlines()
    assert {line.split(":")[0] for line in told if "lines.txt: " in line} == {"a", "b"}
    bpy.ops.wm.open_mainfile(filepath=str(dialogue))
    ours = bpy.context.scene.emotalk
    assert [take.controls.words for take in ours.takes] == [babbled, babbled]
    assert (ours.script.as_string(), ours.script_language) == ("told 9", "de")
    assert len(bpy.data.texts) == 1
    made = json.loads(report.read_text())["takes"]
    assert all(entry["said"].startswith("lines.txt: ") for entry in made)


def test_a_batch_takes_a_script_and_a_resumed_one_looks_at_what_changed(
    saved: Path, babbled: str, capfd: Any
) -> None:
    folder, out = saved.with_name("sounds"), saved.with_name("out")
    folder.mkdir()
    shutil.copy(saved.with_name("a.wav"), folder)
    script = saved.with_name("lines.txt")
    words = "batch", folder, "--character", "Head", "-o", out, "--script", script, *LANGUAGE
    assert run(*words) == 0
    bpy.ops.wm.open_mainfile(filepath=str(out / "a.blend"))
    take = takes.active_take(bpy.context.scene)
    assert take.controls.words == babbled

    script.write_text("nothing 10")
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    assert run(*words, "--resume") == 0

    assert "Heard without lines.txt" in capfd.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(out / "a.blend"))
    assert not takes.active_take(bpy.context.scene).controls.words


def test_animate_takes_a_script(saved: Path, babbled: str) -> None:
    sound = "--sound", saved.with_name("a.wav"), "--start", FIRST, "--target", "Head"
    script = "--script", saved.with_name("lines.txt"), *LANGUAGE

    assert run("animate", *sound, *script, "-o", saved.with_name("out.blend")) == 0

    assert takes.active_take(bpy.context.scene).controls.words == babbled


def test_feelings_leave_the_script_of_a_scene_alone(saved: Path, babbled: str) -> None:
    choose("told 11")
    sound = "--sound", saved.with_name("a.wav"), "--start", FIRST, "--target", "Head"
    table = saved.with_name("felt.csv")
    table.write_text("start_s,end_s,happy\n1,2,0.8\n")

    run("animate", *sound, "--feelings", table, "-o", saved.with_name("out.blend"))

    assert takes.active_take(bpy.context.scene).controls.words == babbled
