"""Shots by the command line: what is refused before anything is written, and jobs that fail."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.ease_scenes import FIRST, LAST, speak
from tests.addon.scenes import add_strip, keys_in, needs_other_sequencer, run, save


def tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("-o", "speech.wav"), "Not a .blend file"),
        (("-o", "new"), "Not a .blend file"),
        (("-o", "speech.blend"), "The file would overwrite"),
        (("--report", "speech.wav"), "The report would overwrite"),
        (("--report", "shot.blend"), "The report would overwrite"),
        (("-o", "new.blend", "--report", "shot.blend"), "The report would overwrite"),
        (("-o", "new.blend", "--report", "nowhere/report.json"), "No such folder"),
    ],
)
def test_animate_never_writes_over_what_it_reads(
    saved: Path, speech: Path, capfd: Any, flags: tuple[str, ...], why: str
) -> None:
    folder = speech.parent
    sound = speech.rename(folder / "speech.blend") if "speech.blend" in flags else speech
    before = tree(folder)
    paths = [word if word.startswith("-") else folder / word for word in flags]

    assert run("animate", "--sound", sound, "--target", "Head", *paths) == 2

    assert why in capfd.readouterr().err
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("-o", "{out}", "--report", "{sounds}/line1.wav"), "The report would overwrite"),
        (("-o", "{out}", "--report", "{out}/line1.blend"), "The report would overwrite"),
        (("-o", "{out}", "--report", "{sounds}/line1.phones.csv"), "The report would overwrite"),
        (("-o", "{out}", "--report", "{out}/nowhere/report.json"), "No such folder"),
        (("-o", "{sounds}"), "A shot would overwrite"),
        (("-o", "{out}", "--emotion", "hapy=1"), "No such emotion"),
        (("-o", "{out}", "--mix", "7"), "Mix out of range"),
        (("-o", "{out}", "--channel", "0"), "Channels count from 1"),
        (("-o", "{out}", "--channel", "3000000000"), "Channels count from 1"),
        (("-o", "{out}", "--seed", "3000000000"), "Seed and style count from 0"),
        (("-o", "{out}", "--style", "3000000000"), "Seed and style count from 0"),
        (("-o", "{file}"), "Folder cannot be made"),
    ],
)
def test_batch_refuses_what_would_fail_or_cost_a_file(
    saved: Path, sounds: Path, tmp_path: Path, capfd: Any, flags: tuple[str, ...], why: str
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(sounds / "line1.blend"))
    (sounds / "line1.phones.csv").write_text("start_s,end_s,phone\n0.1,0.3,m\n", encoding="utf-8")
    out, file = tmp_path / "out", sounds / "line1.wav"
    given = [flag.format(out=out, sounds=sounds, file=file) for flag in flags]
    before = tree(tmp_path)

    assert run("batch", sounds, "--character", "Head", *given) == 2

    told = [line for line in capfd.readouterr().err.splitlines() if line.startswith("emotalk:")]
    assert len(told) == 1
    assert why in told[0]
    assert tree(tmp_path) == before
    assert not out.exists()


def test_a_model_that_is_not_there_is_told_once(
    addon: Any, head: Any, sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    out = tmp_path / "out"

    code = run("batch", sounds, "--character", "Head", "-o", out, "--model", tmp_path / "none")

    assert code == 2
    assert capfd.readouterr().err.count("No such model folder") == 1


def test_a_character_that_cannot_speak_is_told_once(
    saved: Path, sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    lamp = bpy.data.objects.new("Lamp", None)
    bpy.context.scene.collection.objects.link(lamp)

    assert run("batch", sounds, "--character", "Lamp", "-o", tmp_path / "out") == 2

    assert capfd.readouterr().err.count("Nothing here can speak: 'Lamp'") == 1


@needs_other_sequencer
def test_a_batch_speaks_whichever_scene_the_sequencer_shows(
    saved: Path, sounds: Path, speech: Path, tmp_path: Path
) -> None:
    edit_beside(speech, "line1")

    assert run("batch", sounds, "--character", "Head", "-o", tmp_path / "out") == 0

    assert keys_in(tmp_path / "out" / "line1.blend") == 13
    assert bpy.context.workspace.sequencer_scene == bpy.context.scene


@needs_other_sequencer
def test_a_strip_of_the_scene_is_found_though_the_sequencer_shows_another(
    saved: Path, speech: Path
) -> None:
    add_strip(speech, 20)
    edit_beside(speech, "other")
    output = saved.with_name("new.blend")

    assert run("animate", "--strip", "speech", "--target", "Head", "-o", output) == 0

    assert keys_in(output) == 73


def edit_beside(sound: Path, name: str) -> None:
    """Another scene with a strip, whose sequencer the window shows."""
    from emotalk.addon.bridge import compat

    edit = bpy.data.scenes.new("Edit")
    compat.top_strips(edit).new_sound(name, str(sound), 1, 1)
    bpy.context.workspace.sequencer_scene = edit


def test_a_film_never_takes_the_place_of_a_sound(
    saved: Path, sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    (sounds / "line2.wav").rename(sounds / "line2.mp4")
    before = tree(tmp_path)

    assert run("batch", sounds, "--character", "Head", "-o", sounds, "--render") == 2

    assert "line2.mp4" in capfd.readouterr().err
    assert tree(tmp_path) == before


def test_batch_goes_into_folders_and_leaves_its_own_results_alone(
    saved: Path, sounds: Path
) -> None:
    (sounds / "act2").mkdir()
    (sounds / "line2.wav").rename(sounds / "act2" / "line2.wav")
    (sounds / "folder.wav").mkdir()
    out = sounds / "out"
    out.mkdir()
    (out / "film.mp4").write_bytes(b"of an earlier run")

    assert run("batch", sounds, "--character", "Head", "-o", out) == 0

    assert {path.relative_to(out).as_posix() for path in tree(out)} == {
        "line1.blend",
        "act2/line2.blend",
        "batch_report.json",
        "film.mp4",
    }


def test_results_may_go_to_the_folder_that_the_sounds_folder_is_in(
    saved: Path, sounds: Path
) -> None:
    assert run("batch", sounds, "--character", "Head", "-o", sounds.parent) == 0

    assert (sounds.parent / "line1.blend").is_file()


def test_a_link_to_nothing_is_a_shot_that_fails(
    saved: Path, sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    (sounds / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 3

    entries = json.loads((out / "batch_report.json").read_text())
    assert [Path(entry["audio"]).name for entry in entries if entry["error"]] == ["gone.wav"]
    assert "No such sound file" in capfd.readouterr().err
    assert not (out / "gone.blend").exists()


def test_a_name_that_is_no_utf8_is_a_shot_that_fails(
    saved: Path, sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    name = b"n\xffme.wav".decode(errors="surrogateescape")
    try:
        (sounds / "line1.wav").rename(sounds / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 3

    entries = json.loads((out / "batch_report.json").read_text())
    assert [entry["error"] is None for entry in entries] == [True, False]
    assert "Rename the file" in capfd.readouterr().err
    assert (out / "line2.blend").is_file()


def test_a_film_without_a_camera_is_refused_before_the_first_shot(
    saved: Path, sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out, "--render") == 2

    assert "Nothing to film with" in capfd.readouterr().err
    assert tree(out) == {}


def test_a_start_that_no_scene_has_is_told(addon: Any, capfd: Any) -> None:
    assert run("animate", "--sound", "a.wav", "--target", "Head", "--start", "3000000000") == 2

    assert "no such frame: '3000000000'" in capfd.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_in_words(
    saved: Path, sounds: Path, tmp_path: Path
) -> None:
    (sounds / "act2").mkdir()
    (sounds / "line2.wav").rename(sounds / "act2" / "line2.wav")
    out = tmp_path / "out"
    out.mkdir()
    (out / "act2").write_text("a file")

    assert run("batch", sounds, "--character", "Head", "-o", out) == 3

    entries = json.loads((out / "batch_report.json").read_text())
    assert entries[0]["error"].startswith("Folder cannot be made")


def test_resume_makes_again_what_is_empty(saved: Path, sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("batch", sounds, "--character", "Head", "-o", out, "--resume")
    run(*arguments)
    (out / "line1.blend").write_bytes(b"")
    bpy.ops.wm.open_mainfile(filepath=str(saved))

    assert run(*arguments) == 0

    assert (out / "line1.blend").stat().st_size > 0


def test_two_sounds_of_one_file_are_both_named_and_the_others_made(
    saved: Path, sounds: Path, capfd: Any
) -> None:
    (sounds / "line1.flac").write_bytes(b"fLaC")
    out = sounds.parent / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 3

    told = capfd.readouterr().err
    assert told.count("Two sounds would make one file (line1.blend)") == 2
    assert told.endswith(f"failed: {sounds / 'line1.wav'}\n")
    assert [path.name for path in out.glob("*.blend")] == ["line2.blend"]


def test_a_name_may_be_as_long_as_names_may_be(saved: Path, sounds: Path, tmp_path: Path) -> None:
    name = "a" * 244
    (sounds / "line1.wav").rename(sounds / f"{name}.wav")
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 0

    assert keys_in(out / f"{name}.blend") == 13


@pytest.fixture
def _ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests run in a shell's background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_a_batch_that_is_ended_says_so_and_ends_with_130(
    saved: Path, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any,
    signal_name: str,
) -> None:  # fmt: skip
    from emotalk.addon.bridge.command_line import shots

    number = getattr(signal, signal_name)
    before = signal.getsignal(number)
    monkeypatch.setattr(shots, "_put_sound", lambda _sound: signal.raise_signal(number))
    out = tmp_path / "out"

    code = run("batch", sounds, "--character", "Head", "-o", out)

    assert code == 130
    assert "unfinished files were not written" in capfd.readouterr().err
    assert signal.getsignal(number) is before
    assert list(out.glob("*.blend*")) == []


@pytest.mark.usefixtures("saved")
def test_a_batch_is_ended_while_handlers_look_at_a_file_too(
    sounds: Path, tmp_path: Path, capfd: Any
) -> None:
    def end_us(*_: object) -> None:
        handlers.remove(end_us)
        signal.raise_signal(signal.SIGTERM)

    handlers, out = bpy.app.handlers.load_post, tmp_path / "out"
    handlers.append(bpy.app.handlers.persistent(end_us))

    assert run("batch", sounds, "--character", "Head", "-o", out) == 130

    assert end_us not in handlers
    assert "unfinished files were not written" in capfd.readouterr().err
    assert list(out.glob("*.blend*")) == []


@pytest.mark.usefixtures("_ctrl_c")
def test_ctrl_c_in_an_operator_is_130_too(
    fake_engine: Any, sounds: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    from emotalk.addon.operators import demo

    operator = demo.EMOTALK_OT_add_demo_character
    monkeypatch.setattr(operator, "run", lambda *_: signal.raise_signal(signal.SIGINT))

    assert run("batch", sounds, "-o", sounds.parent / "out") == 130

    assert "unexpected" not in capfd.readouterr().err


def test_a_batch_that_is_ended_while_an_operator_is_asked_for_is_130_too(
    fake_engine: Any, sounds: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    from emotalk.addon.operators import demo

    def end_us(_cls: type, _context: object) -> bool:
        signal.raise_signal(signal.SIGTERM)
        return True

    monkeypatch.setattr(demo.EmoTalkOperator, "poll", classmethod(end_us))

    assert run("batch", sounds, "-o", sounds.parent / "out") == 130

    assert "unexpected" not in capfd.readouterr().err


@pytest.fixture
def two(ready: Any, second: str, tmp_path: Path) -> Path:
    """An open file with two happy takes, of which the second is chosen in the list."""
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 100)
    return save(tmp_path / "two.blend")


def test_flags_are_those_of_the_take_that_is_animated(two: Path, speech: Path) -> None:
    from emotalk.addon.bridge.take import live

    flags = ("--emotion", "sad=1", "--ease", "2")

    assert run("animate", "--sound", speech, "--start", FIRST, "--target", "Head", *flags) == 0

    bpy.ops.wm.open_mainfile(filepath=str(two))
    ours = bpy.context.scene.emotalk
    sliders = [(take.controls.sad, take.controls.happy) for take in ours.takes]
    assert sliders == [(1.0, 0.0), (0.0, 1.0)]
    assert [round(take.controls.ease_s, 2) for take in ours.takes] == [2.0, 0.6]
    assert not any(live.is_stale(take) for take in ours.takes)
    assert ours.take_index == 0


def test_flags_of_a_new_take_leave_the_chosen_one_as_it_was(two: Path, speech: Path) -> None:
    from emotalk.addon.bridge.take import live

    flags = ("--emotion", "sad=1", "--ease", "2")

    assert run("animate", "--sound", speech, "--start", 400, "--target", "Head", *flags) == 0

    bpy.ops.wm.open_mainfile(filepath=str(two))
    ours = bpy.context.scene.emotalk
    sliders = [(take.controls.sad, take.controls.happy) for take in ours.takes]
    assert sliders == [(0.0, 1.0), (0.0, 1.0), (1.0, 0.0)]
    assert [round(take.controls.ease_s, 2) for take in ours.takes] == [0.6, 0.6, 2.0]
    assert not any(live.is_stale(take) for take in ours.takes)
