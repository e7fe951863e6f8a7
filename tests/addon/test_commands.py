"""`blender -b FILE --command emotalk …`: the registered function, called as Blender would."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from tests.addon.scenes import (
    add_strip,
    babble,
    keys_in,
    needs_sound,
    run,
    state,
    voice_of,
    write_wav,
)


def test_animate_saves_the_open_file(saved: Path, speech: Path) -> None:
    assert run("animate", "--sound", speech, "--target", "Head") == 0

    assert keys_in(saved) == 73


@needs_sound
def test_animate_takes_a_strip_by_name(saved: Path, speech: Path) -> None:
    add_strip(speech, 20)
    output = saved.with_name("new.blend")

    assert run("animate", "--strip", "speech", "--target", "Head", "-o", output) == 0

    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert voice_of(bpy.data.objects["Head"], "jawOpen")[0][0] == 20


def test_control_flags_reach_the_face(saved: Path, speech: Path) -> None:
    run("animate", "--sound", speech, "--target", "Head", "--emotion", "happy=0.5")

    _, values = voice_of(bpy.data.objects["Head"], "mouthSmileLeft")
    assert values.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.usefixtures("fake_engine")
@pytest.mark.parametrize("flag", ["-c", "--command"])
def test_a_file_that_could_not_be_opened_is_told(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, flag: str
) -> None:
    """Blender has its startup file open then."""
    monkeypatch.setattr(sys, "argv", ["blender", "-b", "gone.blend", flag, "emotalk", "batch"])

    assert run("batch", sounds, "-o", tmp_path / "out") == 2

    assert "Blender could not open the file: 'gone.blend'" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("named", ["shot.blend", "backup.blend1", "SHOT.BLEND"])
def test_a_file_that_blender_opened_is_worked_on(
    saved: Path, speech: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["blender", "-b", named, "-c", "emotalk", "animate"])

    assert run("animate", "--sound", speech, "--target", "Head") == 0


@pytest.mark.usefixtures("fake_engine")
@pytest.mark.parametrize("named", ["gone.blend2", "GONE.BLEND"])
def test_older_copies_and_capitals_are_files_to_open_too(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["blender", "-b", named, "-c", "emotalk", "batch"])

    assert run("batch", sounds, "-o", tmp_path / "out") == 2


def test_a_file_that_is_named_behind_the_command_need_not_be_open(
    fake_engine: Any, head: Any, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = speech.with_name("new.blend")
    monkeypatch.setattr(sys, "argv", ["blender", "-b", "-c", "emotalk", "animate", "-o", str(new)])

    assert run("animate", "--sound", speech, "--target", "Head", "-o", new) == 0


def test_report_is_json(saved: Path, speech: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    run("animate", "--sound", speech, "--target", "Head", "--report", report)

    assert json.loads(report.read_text())["n_curves"] == 52


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--strip", "nothing", "--target", "Head"), "No sound strip of this name: 'nothing'"),
        (("--sound", "nothing.wav", "--target", "Head"), "is missing"),
        (("--sound", "SPEECH", "--target", "Nobody"), "No such object: 'Nobody'"),
        (("--sound", "SPEECH", "--target", "Head", "--mix", "7"), "Mix out of range: 7"),
        (("--sound", "SPEECH", "--target", "Head", "--fps", "25"), "the scene's frame rate"),
    ],
)
def test_bad_input_is_exit_code_2_and_one_line(
    saved: Path, speech: Path, capfd: Any, arguments: tuple[str, ...], why: str
) -> None:
    before, content = state(), saved.read_bytes()

    code = run("animate", *(str(speech) if word == "SPEECH" else word for word in arguments))

    told = [line for line in capfd.readouterr().err.splitlines() if line.startswith("emotalk:")]
    assert code == 2
    assert len(told) == 1
    assert why in told[0]
    assert saved.read_bytes() == content
    assert state()["takes"] == before["takes"]


def test_unknown_flag_is_exit_code_2(addon: ModuleType) -> None:
    assert run("animate", "--nonsense") == 2


@pytest.mark.parametrize("ease", ["soon", "7", "nan", ""])
def test_an_ease_that_is_none_is_told_in_words(
    saved: Path, speech: Path, capfd: Any, ease: str
) -> None:
    assert run("animate", "--sound", speech, "--target", "Head", f"--ease={ease}") == 2

    told = capfd.readouterr().err
    assert f"argument --ease: no such ease: {ease!r} (use 0 to 5 seconds)" in told
    assert "usage" not in told


@pytest.mark.parametrize("flag", ["--precision=bfloat16", "--compile"])
def test_what_blender_does_not_pass_on_is_no_flag(addon: ModuleType, capfd: Any, flag: str) -> None:
    assert run("batch", "sounds", "-o", "out", flag) == 2

    assert f"unrecognized arguments: {flag}" in capfd.readouterr().err


def test_batch_makes_a_file_of_each_sound(saved: Path, sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 0

    assert keys_in(out / "line1.blend") == 13
    assert keys_in(out / "line2.blend") == 25


def test_batch_goes_on_after_a_failure(saved: Path, sounds: Path, tmp_path: Path) -> None:
    (sounds / "bad.wav").write_bytes(b"no sound")
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 3

    entries = json.loads((out / "batch_report.json").read_text())
    assert [entry["error"] is None for entry in entries] == [False, True, True]
    assert not (out / "bad.blend").exists()


def test_batch_names_the_sound_of_a_warning(
    saved: Path, sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wav(sounds / "line1.wav", babble(0.5) * 0.0)

    run("batch", sounds, "--character", "Head", "-o", tmp_path / "out")

    assert f"emotalk: {sounds / 'line1.wav'}: The sound is silent" in capsys.readouterr().err


def test_batch_resumes(saved: Path, sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("batch", sounds, "--character", "Head", "-o", out, "--resume")
    run(*arguments)
    first = (out / "line1.blend").stat().st_mtime_ns
    (out / "line2.blend").unlink()
    bpy.ops.wm.open_mainfile(filepath=str(saved))

    assert run(*arguments) == 0

    assert (out / "line1.blend").stat().st_mtime_ns == first
    assert (out / "line2.blend").is_file()


def test_a_resumed_batch_that_is_stopped_forgets_nothing(
    saved: Path, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the stop the first is made again, and one is skipped: its entry must stay."""
    write_wav(sounds / "line3.wav", babble(0.5))
    out = tmp_path / "out"
    arguments = ("batch", sounds, "--character", "Head", "-o", out, "--resume")
    run(*arguments)
    for name in ("line1", "line3"):
        (out / f"{name}.blend").unlink()
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    stop_at("line3", monkeypatch)

    assert run(*arguments) == 130

    entries = json.loads((out / "batch_report.json").read_text())
    assert "line2.wav" in [Path(entry["audio"]).name for entry in entries]


def stop_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C when the batch comes to the sound of that name."""
    from emotalk.addon.bridge.command_line import shots

    put_sound = shots._put_sound

    def stop(sound: Path) -> None:
        if sound.stem == name:
            raise KeyboardInterrupt
        put_sound(sound)

    monkeypatch.setattr(shots, "_put_sound", stop)


def test_resume_makes_again_what_the_file_would_change(
    saved: Path, sounds: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("batch", sounds, "--character", "Head", "-o", out, "--resume")
    run(*arguments)
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    bpy.context.scene.frame_start = 50
    bpy.ops.wm.save_as_mainfile(filepath=str(saved))

    run(*arguments)

    bpy.ops.wm.open_mainfile(filepath=str(out / "line1.blend"))
    assert voice_of(bpy.data.objects["Head"], "jawOpen")[0][0] == 50


def test_batch_renders_pictures(saved: Path, sounds: Path, tmp_path: Path) -> None:
    (sounds / "line2.wav").unlink()
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    out = tmp_path / "out"
    (out / "line1").mkdir(parents=True)
    for name in ("notes.txt", "0099.png", "poster.png"):
        (out / "line1" / name).write_bytes(b"earlier")

    assert (
        run("batch", sounds, "--character", "Head", "-o", out, "--render", "--format", "png") == 0
    )

    names = {path.name for path in (out / "line1").iterdir()}
    assert {"notes.txt", "poster.png"} < names
    assert len(names) == 13 + 2


@pytest.mark.parametrize("room", [100, 4096, 20_000])
def test_full_disk_while_saving_is_one_line_and_costs_nothing(saved: Path, room: int) -> None:
    from emotalk.addon.bridge.command_line import saving
    from emotalk.emotalk_core.errors import SetupError

    resource = pytest.importorskip("resource", reason="limits the size of files, as a full disk")
    old = saved.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(SetupError, match=r"cannot be saved.*Free disk space") as told:
            saving.save(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert "No such file" not in str(told.value)
    assert saved.read_bytes() == old
    assert list(saved.parent.glob(f"{saved.name}.part*")) == []


def test_an_ease_may_have_a_decimal_comma(addon: ModuleType) -> None:
    from emotalk.addon.commands import _seconds

    assert _seconds("0,5") == 0.5
