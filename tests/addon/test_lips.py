"""Lips by hand: what is told of a frame stays under all sliders; files of phones."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.bridge.take import live

from emotalk_core.phone_files import read_phones
from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import add_strip, keys_of, trim_start, write_wav
from tests.addon.test_commands import run
from tests.core.babble import babble

FIRST = 5  # scene frame at which the sound starts, at 24 frames a second


@pytest.fixture
def ready(addon: Any, head: Any) -> Any:
    """A head and the model that ships."""
    ours = bpy.context.scene.emotalk
    ours.source, ours.start_frame, ours.rig.character = "FILE", FIRST, head
    ours.controls.asymmetry = 0.0
    return ours


@pytest.fixture
def said(ready: Any, tmp_path: Path) -> Any:
    """A take of four seconds of babble, felt as surprise: lips hardly meet."""
    ready.filepath = str(write_wav(tmp_path / "babble.wav", babble(4.0)))
    ready.controls.surprised = 1.0
    bpy.ops.emotalk.animate()
    return ready.takes[0]


def jaw(head: Any, *frames: int) -> list[float]:
    at, values = keys_of(head, "jawOpen")
    return [float(values[np.abs(at - frame).argmin()]) for frame in frames]


def set_lips(frame: int, mouth: str, length: int = 3) -> None:
    bpy.context.scene.frame_set(frame)
    assert bpy.ops.emotalk.tell_lips(mouth=mouth, length=length) == {"FINISHED"}
    bpy.ops.emotalk.refresh()


def test_lips_meet_where_they_are_told_to_and_nowhere_else(said: Any, head: Any) -> None:
    before = jaw(head, 40, 41, 90)

    set_lips(40, "m")

    after = jaw(head, 40, 41, 90)
    assert after[0] < 0.5 * before[0]
    assert after[2] == pytest.approx(before[2], abs=1e-6)


def test_what_is_told_stays_under_other_sliders(said: Any, head: Any) -> None:
    set_lips(40, "m")
    met = jaw(head, 40)

    said.controls.surprised, said.controls.happy = 0.0, 1.0
    bpy.ops.emotalk.refresh()

    assert jaw(head, 40)[0] < met[0] + 0.05
    assert len(said.controls.phones) == 1


def test_as_heard_takes_back_the_frame_alone(said: Any, head: Any) -> None:
    before = jaw(head, 40, 70)
    set_lips(40, "m")
    set_lips(70, "a")
    opened = jaw(head, 70)
    bpy.context.scene.frame_set(40)

    assert bpy.ops.emotalk.hear_lips() == {"FINISHED"}
    bpy.ops.emotalk.refresh()

    assert jaw(head, 40)[0] == pytest.approx(before[0], abs=1e-6)
    assert jaw(head, 70) == opened != [before[1]]
    bpy.ops.emotalk.hear_all_lips()
    bpy.ops.emotalk.refresh()
    assert jaw(head, 40, 70) == pytest.approx(before, abs=1e-6)


def test_a_later_word_cuts_the_one_before_in_two(said: Any) -> None:
    set_lips(40, "a", length=12)
    set_lips(40, "m", length=3)

    told = [(p.symbol, round((p.end - p.start) * 24, 2)) for p in said.controls.phones]
    assert told == [("a", 4.0), ("m", 3.0), ("a", 5.0)]  # whole frames


def test_what_is_told_makes_the_take_one_to_update(said: Any) -> None:
    bpy.context.scene.frame_set(40)
    bpy.ops.emotalk.tell_lips(mouth="m")

    assert live.is_stale(said)
    bpy.ops.emotalk.refresh()
    assert not live.is_stale(said)


def test_a_new_take_is_told_nothing_of_another(said: Any, ready: Any, tmp_path: Path) -> None:
    set_lips(40, "m")
    ready.filepath = str(write_wav(tmp_path / "other.wav", babble(2.0, seed=1)))
    ready.start_frame = 200

    bpy.ops.emotalk.animate()

    assert len(ready.takes) == 2
    assert len(ready.takes[1].controls.phones) == 0
    assert len(ready.takes[0].controls.phones) == 1
    assert not live.is_stale(ready.takes[1])


def test_phones_of_a_file_move_the_mouth_and_can_be_saved_again(
    said: Any, head: Any, tmp_path: Path
) -> None:
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,m\n")
    before = jaw(head, FIRST + 35)

    assert bpy.ops.emotalk.load_phones(filepath=str(table)) == {"FINISHED"}
    bpy.ops.emotalk.refresh()

    assert jaw(head, FIRST + 35)[0] < 0.5 * before[0]
    out = tmp_path / "out.TextGrid"
    assert bpy.ops.emotalk.save_phones(filepath=str(out)) == {"FINISHED"}
    there = [phone for phone in read_phones(out) if phone.start_s < 1.47 < phone.end_s]
    assert [phone.symbol for phone in there] == ["m"]


def test_a_file_that_cannot_be_leaves_what_was_told(said: Any, tmp_path: Path) -> None:
    set_lips(40, "m")
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,?\n")

    with pytest.raises(RuntimeError, match="No such phone"):
        bpy.ops.emotalk.load_phones(filepath=str(table))

    assert [phone.symbol for phone in said.controls.phones] == ["m"]


def test_without_a_take_lips_are_grey(ready: Any) -> None:
    assert not bpy.ops.emotalk.tell_lips.poll()
    assert not bpy.ops.emotalk.save_phones.poll()


def test_the_command_line_obeys_phones_and_the_take_keeps_them(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    sound = write_wav(tmp_path / "babble.wav", babble(4.0))
    words = "animate", "--sound", sound, "--target", "Head", "--emotion", "surprised"
    words += "-o", tmp_path / "out.blend"
    assert run(*words) == 0
    take = ready.takes[0]
    frame = round(take.start_frame) + 35
    before = jaw(head, frame)
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,m\n")

    assert run(*words, "--phones", table) == 0

    assert jaw(head, frame)[0] < 0.5 * before[0]
    assert [phone.symbol for phone in take.controls.phones] == ["m"]
    assert run(*words) == 0  # what was told stays, as on the button
    assert jaw(head, frame)[0] < 0.5 * before[0]


def test_phones_beside_a_sound_are_its_own_in_a_batch(ready: Any, tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    write_wav(sounds / "babble.wav", babble(4.0))
    (sounds / "babble.phones.csv").write_text("start_s,end_s,phone\n1.4,1.55,m\n")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "base.blend"))

    assert run("batch", sounds, "--character", "Head", "-o", tmp_path / "out") == 0

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "babble.blend"))
    take = bpy.context.scene.emotalk.takes[0]
    assert [phone.symbol for phone in take.controls.phones] == ["m"]


def test_a_trimmed_strip_keeps_what_was_told_at_its_place_in_the_sound(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    strip = add_strip(write_wav(tmp_path / "babble.wav", babble(4.0)), FIRST, 1)
    ready.source, ready.strip, ready.controls.surprised = "STRIP", strip.name, 1.0
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    before = jaw(head, 40)
    set_lips(40, "m")
    trim_start(strip, 12)  # its first half second is cut off

    bpy.ops.emotalk.refresh()

    assert take.first_frame > FIRST + 6
    assert jaw(head, 40)[0] < 0.5 * before[0]
    bpy.context.scene.frame_set(40)
    bpy.ops.emotalk.hear_lips()
    assert len(take.controls.phones) == 0


def drawn(frame: int) -> Layout:
    from emotalk.addon.ui.lips import _Lips

    bpy.context.scene.frame_set(frame)
    layout = Layout()
    panel: Any = SimpleNamespace(layout=layout)
    _Lips.draw(panel, context_of(300))
    return layout


@pytest.mark.parametrize("sync_ms", [0.0, 250.0])
def test_the_panel_shows_what_is_set_at_the_frame(said: Any, sync_ms: float) -> None:
    said.controls.sync_offset_ms = sync_ms
    set_lips(40, "m", length=4)
    set_lips(60, "a", length=3)

    met, opened, after = drawn(42), drawn(59), drawn(63)

    assert (met.depressed, met.labels) == (["Meet"], ["Meet: frames 39 to 42", "2 set in all"])
    assert (opened.depressed, opened.labels[0]) == (["Open"], "Open: frames 59 to 61")
    assert (after.depressed, after.labels) == ([], ["2 set in all"])


def test_the_panel_names_phones_of_files_too(said: Any, tmp_path: Path) -> None:
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.6,AA1\n")
    bpy.ops.emotalk.load_phones(filepath=str(table))

    layout = drawn(FIRST + 36)

    assert layout.depressed == []
    assert layout.labels[0].startswith("AA1: frames")


def test_without_a_take_nothing_is_set(ready: Any) -> None:
    assert drawn(1).labels == ["0 set in all"]


def test_what_is_redone_stays_at_its_frame(said: Any) -> None:
    bpy.context.scene.frame_set(1)  # where undo takes the scene back to

    bpy.ops.emotalk.tell_lips(mouth="m", length=5, frame=40)

    assert drawn(42).labels[0] == "Meet: frames 38 to 42"
    bpy.context.scene.frame_set(1)
    assert bpy.ops.emotalk.hear_lips(length=5, frame=40) == {"FINISHED"}
    assert len(said.controls.phones) == 0
