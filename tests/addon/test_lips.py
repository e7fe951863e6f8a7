"""Lips by hand: what is told of a frame stays under all sliders; files of phones."""

from __future__ import annotations

import sys
from dataclasses import astuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge.take import live

from emotalk_core.speech.phone_files import read_phones
from emotalk_core.speech.phones import Phone
from tests.addon.layouts import Layout, context_of
from tests.addon.lip_scenes import FIRST, jaw, panel_of
from tests.addon.scenes import add_strip, needs_sound, run, trim_start, write_wav
from tests.core.babble import babble


@pytest.fixture
def ready(addon: Any, head: Any) -> Any:
    """A head and the model that ships."""
    return panel_of(head)


def told(take: Any) -> list[Phone]:
    from emotalk.addon.bridge.asked import phones

    return [*phones.all_of(take.controls)]


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
    assert len(told(said)) == 1


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


@pytest.mark.parametrize(
    ("mouths", "text", "expected"),
    [(0, "", "Nothing was set"), (2, "", "2 set taken"), (1, "Ah", "1 set and the text taken")],
)
def test_all_as_heard_says_what_it_takes_back(
    said: Any, capfd: pytest.CaptureFixture[str], mouths: int, text: str, expected: str
) -> None:
    for frame in range(40, 40 + 10 * mouths, 10):
        set_lips(frame, "m")
    said.controls.text = text

    bpy.ops.emotalk.hear_all_lips()

    assert expected in "".join(capfd.readouterr())


def test_a_later_word_cuts_the_one_before_in_two(said: Any) -> None:
    set_lips(40, "a", length=12)
    set_lips(40, "m", length=3)

    parts = [(p.symbol, round((p.end_s - p.start_s) * 24, 2)) for p in told(said)]
    assert parts == [("a", 4.0), ("m", 3.0), ("a", 5.0)]  # whole frames


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
    assert not told(ready.takes[1])
    assert len(told(ready.takes[0])) == 1
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


def test_times_late_in_a_long_sound_are_kept_to_the_microsecond(said: Any, tmp_path: Path) -> None:
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n10000.123456,10000.2,ɑː\n")

    bpy.ops.emotalk.load_phones(filepath=str(table))

    assert [astuple(phone) for phone in told(said)] == [(10000.123456, 10000.2, "ɑː")]


def test_a_file_that_cannot_be_leaves_what_was_told(said: Any, tmp_path: Path) -> None:
    set_lips(40, "m")
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,?\n")

    with pytest.raises(RuntimeError, match="No such phone"):
        bpy.ops.emotalk.load_phones(filepath=str(table))

    assert [phone.symbol for phone in told(said)] == ["m"]


@pytest.mark.parametrize("frame", [-40, 500])
def test_frames_in_which_nothing_is_heard_take_no_word(said: Any, frame: int) -> None:
    bpy.context.scene.frame_set(frame)

    with pytest.raises(RuntimeError, match=rf"{frame}.*frame from {FIRST} to"):
        bpy.ops.emotalk.tell_lips(mouth="m")

    assert not told(said)


@pytest.fixture
def other_model(preferences: Any, tmp_path: Path) -> Any:
    """Chooses a model that knows no phones, and has no weights: it would hear nothing."""
    from emotalk.emotalk_core.model.config import ModelConfig, PublishedConfig, write_config

    config = ModelConfig(kind="published", n_styles=24, published=PublishedConfig())
    write_config(config, tmp_path / "config.json")

    def choose() -> None:
        preferences.engine, preferences.python = "python", sys.executable
        preferences.model = str(tmp_path)

    return choose


def test_a_model_that_knows_no_phones_says_so_before_it_hears(
    said: Any, head: Any, other_model: Any
) -> None:
    set_lips(40, "m")
    before = jaw(head, 40)
    other_model()

    with pytest.raises(RuntimeError, match=r"knows no phones.*All As Heard"):
        bpy.ops.emotalk.refresh()

    assert jaw(head, 40) == before
    assert bpy.ops.emotalk.hear_all_lips() == {"FINISHED"}


def test_the_command_line_says_so_too(
    said: Any, other_model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,m\n")
    other_model()
    words = "animate", "--sound", said.filepath, "--target", "Head", "-o", tmp_path / "out.blend"

    assert run(*words, "--phones", table) == 2

    assert "knows no phones" in capsys.readouterr().err


def test_what_is_told_stays_at_its_second_when_the_frame_rate_changes(said: Any, head: Any) -> None:
    set_lips(FIRST + 36, "m")  # a second and a half
    bpy.context.scene.render.fps = 48
    bpy.ops.emotalk.refresh()
    met = jaw(head, FIRST + 72)
    bpy.context.scene.frame_set(FIRST + 72)

    bpy.ops.emotalk.hear_lips(length=8)

    assert not told(said)
    bpy.ops.emotalk.refresh()
    assert met[0] < 0.5 * jaw(head, FIRST + 72)[0]


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
    assert [phone.symbol for phone in told(take)] == ["m"]
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
    assert [phone.symbol for phone in told(take)] == ["m"]


@needs_sound
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
    assert not told(take)


@pytest.mark.skipif(bpy.app.version < (5, 1), reason="retiming_keys.add crashes older wheels")
def test_a_trimmed_strip_of_another_speed_keeps_it_too(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    strip = add_strip(write_wav(tmp_path / "babble.wav", babble(4.0)), FIRST, 1)
    strip.retiming_keys.add(timeline_frame=FIRST)
    strip.retiming_keys.add(timeline_frame=FIRST + 96)
    strip.retiming_keys[-1].timeline_frame = FIRST + 144
    ready.source, ready.strip = "STRIP", strip.name
    bpy.ops.emotalk.animate()
    set_lips(60, "m")
    trim_start(strip, 12)

    bpy.ops.emotalk.refresh()

    assert ready.takes[0].first_frame == FIRST + 12
    bpy.ops.emotalk.hear_lips()
    assert not told(ready.takes[0])


@needs_sound
@pytest.mark.parametrize("keyed", [(), (10, 20)])
def test_a_strip_that_is_cut_takes_along_what_was_told_of_both_parts(
    ready: Any, head: Any, tmp_path: Path, keyed: tuple[int, ...]
) -> None:
    strip = add_strip(write_wav(tmp_path / "babble.wav", babble(4.0)), FIRST, 1)
    ready.source, ready.strip, ready.controls.surprised = "STRIP", strip.name, 1.0
    bpy.ops.emotalk.animate()
    heard = jaw(head, 80)
    set_lips(80, "m")
    met = jaw(head, 80)
    for frame in keyed:  # in the first part alone: the second is no more keyed
        ready.takes[0].controls.keyframe_insert("surprised", frame=frame)
    later = strip.split(frame=50, split_method="SOFT")
    bpy.ops.emotalk.refresh()
    ready.strip = later.name

    bpy.ops.emotalk.animate()

    assert len(ready.takes) == 2
    assert jaw(head, 80)[0] < 0.5 * heard[0]
    assert met[0] < 0.5 * heard[0]
    assert told(ready.takes[1]) == told(ready.takes[0]) != []
    assert not live.is_stale(ready.takes[1])
    other = add_strip(write_wav(tmp_path / "other.wav", babble(2.0)), 200, 2)
    ready.strip = other.name
    bpy.ops.emotalk.animate()
    assert not told(ready.takes[2])


def test_frames_outside_of_the_only_range_take_no_word(said: Any, ready: Any) -> None:
    ready.use_range, ready.range_start, ready.range_end = True, 60, 80
    bpy.context.scene.frame_set(40)

    with pytest.raises(RuntimeError, match=r"40.*Only a Range"):
        bpy.ops.emotalk.tell_lips(mouth="m")

    assert not told(said)
    bpy.context.scene.frame_set(70)
    assert bpy.ops.emotalk.tell_lips(mouth="m") == {"FINISHED"}


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
    assert drawn(1).labels == ["Nothing set"]


def test_what_is_redone_stays_at_its_frame(said: Any) -> None:
    bpy.context.scene.frame_set(1)  # where undo takes the scene back to

    bpy.ops.emotalk.tell_lips(mouth="m", length=5, frame=40)

    assert drawn(42).labels[0] == "Meet: frames 38 to 42"
    bpy.context.scene.frame_set(1)
    assert bpy.ops.emotalk.hear_lips(length=5, frame=40) == {"FINISHED"}
    assert not told(said)
