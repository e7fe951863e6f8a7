"""Files and films of shots: whole or not there, whatever the disk, the name and other runs do."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import keys_in, run

FORMS = ("mp4", "mkv", "png")
LONG_AGO_S = 200_000.0


@pytest.fixture
def stage(saved: Path) -> Any:
    """The open file, with something to film with, small and quick."""
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 64
    scene.frame_end = 10
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    bpy.ops.wm.save_as_mainfile(filepath=str(saved))
    return scene


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@contextmanager
def no_room() -> Generator[None]:
    """No file may have more than 100 bytes, as on a disk that is all but full; nor may the log that
    tells of the tests, so not for longer than what is tried.
    """
    resource = pytest.importorskip("resource", reason="limits the size of files, as a full disk")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def older_film(out: Path, form: str) -> Path:
    film = out / "line1" / "0001.png" if form == "png" else out / f"line1.{form}"
    film.parent.mkdir(exist_ok=True)
    film.write_bytes(b"of an earlier run")
    return film


@pytest.mark.parametrize("form", FORMS)
def test_a_film_that_a_full_disk_cut_short_is_none(stage: Any, out: Path, form: str) -> None:
    from emotalk.addon.bridge.command_line import films
    from emotalk.emotalk_core.errors import EmoTalkError

    old = older_film(out, form)

    with no_room(), pytest.raises(EmoTalkError, match="The film"):
        films.render(stage, films.place(out / "line1", form), form)

    assert [path for path in out.rglob("*") if path.is_file()] == [old]
    assert old.read_bytes() == b"of an earlier run"


@pytest.mark.parametrize("form", FORMS)
def test_an_older_film_that_is_in_use_is_told(
    stage: Any, out: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from emotalk.addon.bridge.command_line import films
    from emotalk.emotalk_core.errors import SetupError

    def refuse(*_: object, **__: object) -> None:
        error = PermissionError(13, "Access is denied")
        error.winerror = 5  # pyright: ignore[reportAttributeAccessIssue] - Windows alone has it
        raise error

    older_film(out, form)
    film = films.place(out / "line1", form)
    with monkeypatch.context() as windows:
        windows.setattr(Path, "replace", refuse)
        with pytest.raises(SetupError, match=r"Access is denied.*Close it in other programs"):
            films.render(stage, film, form)

    assert [*out.iterdir()] == [film]


@pytest.mark.parametrize("form", FORMS)
def test_a_film_that_a_virus_scanner_holds_for_a_moment_is_put_in_its_place(
    stage: Any, out: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from emotalk.addon.bridge.command_line import films

    held, replace, film = [True], Path.replace, films.place(out / "line1", form)

    def put(self: Path, target: Path) -> Path:
        if held and held.pop():
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(Path, "replace", put)

    films.render(stage, film, form)

    assert [*out.iterdir()] == [film]


def test_a_film_that_lost_its_end_is_told_from_a_whole_one(stage: Any, out: Path) -> None:
    from emotalk.addon.bridge.command_line import films

    for form in FORMS:
        film = films.place(out / "line1", form)
        films.render(stage, film, form)
        made = sorted(film.iterdir())[0] if form == "png" else film
        assert films._is_whole(made)
        for kept in (0.0, 0.3, 0.95):
            broken = made.with_name(f"broken{made.suffix}")
            broken.write_bytes(made.read_bytes()[: int(kept * made.stat().st_size)])
            assert not films._is_whole(broken), (form, kept)


@pytest.mark.parametrize("form", FORMS)
def test_names_may_have_what_blender_reads_as_more_than_a_name(
    stage: Any, sounds: Path, out: Path, form: str
) -> None:
    """A # is a frame's number, a brace a variable, where Blender is told where to render to."""
    (sounds / "act {2}").mkdir()
    (sounds / "line1.wav").rename(sounds / "take #3.wav")
    (sounds / "line2.wav").rename(sounds / "act {2}" / "{blend_name} ##.wav")

    flags = ("--render", "--format", form)
    assert run("batch", sounds, "--character", "Head", "-o", out, *flags) == 0

    ending = "" if form == "png" else f".{form}"
    assert (out / f"take #3{ending}").exists()
    assert (out / "act {2}" / f"{{blend_name}} ##{ending}").exists()
    assert list(out.rglob("*.part*")) == []


def test_a_film_has_every_frame_of_a_scene_that_steps_over_some(stage: Any, out: Path) -> None:
    from emotalk.addon.bridge.command_line import films

    stage.frame_step = 3
    for form in ("mp4", "png"):
        films.render(stage, films.place(out / "line1", form), form)
        stage.frame_step = 3

    assert films._n_frames(out / "line1.mp4") == 10
    assert len(list((out / "line1").iterdir())) == 4


def test_a_temporary_folder_without_room_is_told_in_words(
    saved: Path, sounds: Path, out: Path, capfd: Any
) -> None:
    with no_room():
        assert run("batch", sounds, "--character", "Head", "-o", out) == 2

    # The file that takes what is told has no more room either.
    assert capfd.readouterr().err.startswith("emotalk: The file cannot be saved")


def test_two_runs_that_save_one_file_do_not_disturb_each_other(
    saved: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.command_line import saving

    names_in, place = compat.names_in, out / "shot.blend"

    def save_meanwhile(path: Path) -> object:
        monkeypatch.setattr(compat, "names_in", names_in)
        saving.save(place)
        return names_in(path)

    monkeypatch.setattr(compat, "names_in", save_meanwhile)
    saving.save(place)

    assert list(out.iterdir()) == [place]
    assert names_in(place)["objects"] == ["Head"]


@pytest.mark.parametrize("form", FORMS)
def test_two_runs_that_make_one_film_do_not_disturb_each_other(
    stage: Any, out: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from emotalk.addon.bridge.command_line import films

    render, film = films._render, films.place(out / "line1", form)

    def film_meanwhile(scene: Any, asked: Path) -> None:
        path = scene.render.filepath
        monkeypatch.setattr(films, "_render", render)
        films.render(scene, film, form)
        scene.render.filepath = path
        render(scene, asked)

    monkeypatch.setattr(films, "_render", film_meanwhile)
    films.render(stage, film, form)

    assert list(out.iterdir()) == [film]
    assert len(list(film.iterdir())) == 10 if form == "png" else films._is_whole(film)


def test_a_save_that_is_interrupted_leaves_nothing(
    saved: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.command_line import saving

    def stop(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compat, "names_in", stop)

    with pytest.raises(KeyboardInterrupt):
        saving.save(out / "shot.blend")

    assert list(out.iterdir()) == []


def test_what_a_killed_run_left_goes_and_what_another_is_making_stays(
    stage: Any, sounds: Path, out: Path
) -> None:
    left = [out / f"line1.{name}.part" for name in ("blend.0123abcd", "mp4.0123abcd")]
    left.append(out / "line1.blend.4567cdef.part@")
    left[1].mkdir()
    (left[1] / "film").write_bytes(b"half")
    for path in (left[0], left[2]):
        path.write_bytes(b"half")
    for path in left:
        os.utime(path, (time.time() - LONG_AGO_S,) * 2)
    young = out / "line1.mp4.89abcdef.part"
    young.mkdir()

    run("batch", sounds, "--character", "Head", "-o", out, "--render")

    assert [path.name for path in out.glob("*.part*")] == [young.name]


def test_what_a_run_left_that_was_killed_shortly_before_goes_in_the_end(
    stage: Any, sounds: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.command_line import shots

    part = out / "line1.blend.0123abcd.part"
    part.write_bytes(b"half")
    make_shot = shots._make_shot

    def slowly(*arguments: Any) -> dict[str, Any]:
        os.utime(part, (time.time() - LONG_AGO_S,) * 2)
        return make_shot(*arguments)

    monkeypatch.setattr(shots, "_make_shot", slowly)

    assert run("batch", sounds, "--character", "Head", "-o", out, "--resume") == 0

    assert not part.exists()


@pytest.mark.parametrize(
    ("told", "why"),
    [("No such file or directory", ""), ("Permission denied", " (Permission denied)")],
)
def test_blender_is_not_believed_that_a_new_file_is_not_there(
    saved: Path, out: Path, monkeypatch: pytest.MonkeyPatch, told: str, why: str
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.command_line import saving
    from emotalk.emotalk_core.errors import SetupError

    def fail(_path: Path) -> None:
        raise RuntimeError(f"Error: {told}\n")

    monkeypatch.setattr(compat, "names_in", fail)

    with pytest.raises(SetupError) as error:
        saving.save(out / "shot.blend")

    start = f"The file cannot be saved{why}: '{out}"
    assert str(error.value).startswith(start)


def test_a_shot_that_fails_as_nobody_foresaw_fails_alone(
    saved: Path, sounds: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    from emotalk.addon.bridge.command_line import shots

    put_sound = shots._put_sound

    def fail_once(sound: Path) -> None:
        if sound.stem == "line1":
            raise RuntimeError("Error: something of Blender's own")
        put_sound(sound)

    monkeypatch.setattr(shots, "_put_sound", fail_once)

    assert run("batch", sounds, "--character", "Head", "-o", out) == 3

    assert "line1.wav: Unexpected RuntimeError" in capfd.readouterr().err
    assert keys_in(out / "line2.blend") == 25


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_log_that_cannot_be_written_costs_no_shot(
    saved: Path, sounds: Path, out: Path, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    (sounds / "bad.wav").write_bytes(b"no sound")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr(f"sys.{stream}", nobody)

        code = run("batch", sounds, "--character", "Head", "-o", out, "--progress", "json")

    assert code == 3
    assert {path.name for path in out.glob("*.blend")} == {"line1.blend", "line2.blend"}


def test_resume_makes_again_what_another_engine_heard(
    saved: Path, sounds: Path, out: Path, fake_engine: Any
) -> None:
    """After an upgrade of EmoTalk half of a show would have other faces than the rest."""
    arguments = ("batch", sounds, "--character", "Head", "-o", out, "--resume")
    run(*arguments)
    first = (out / "line1.blend").stat().st_mtime_ns
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    fake_engine.key = "fake-2"

    assert run(*arguments) == 0

    assert (out / "line1.blend").stat().st_mtime_ns > first


def test_a_shot_that_is_stopped_while_it_is_made_anew_has_no_entry(
    stage: Any, sounds: Path, out: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its .blend file may be the new one already, which the entry of the old one vouched for."""
    from emotalk.addon.bridge.command_line import films

    arguments = ("batch", sounds, "--character", "Head", "-o", out, "--resume", "--render")
    run(*arguments)
    render = films.render

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(films, "render", stop)
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    assert run(*arguments, "--emotion", "happy=1") == 130
    happy = (out / "line1.blend").read_bytes()
    monkeypatch.setattr(films, "render", render)
    bpy.ops.wm.open_mainfile(filepath=str(saved))

    assert run(*arguments) == 0

    assert (out / "line1.blend").read_bytes() != happy


def test_a_folder_that_is_moved_while_a_sound_is_heard_is_told_and_not_made_again(
    saved: Path, sounds: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    from emotalk.addon.bridge.command_line import shots

    put = shots._put_sound

    def move_at_the_second(sound: Path) -> None:
        if sound.stem == "line2":
            out.rename(out.with_name("moved"))
        put(sound)

    monkeypatch.setattr(shots, "_put_sound", move_at_the_second)

    assert run("batch", sounds, "--character", "Head", "-o", out) == 2

    told = capfd.readouterr()
    line = (
        f"The folder for the results was moved or removed meanwhile: '{out}'. "
        "Put it back, and run this again with --resume."
    )
    assert f"emotalk: {sounds / 'line2.wav'}: {line}\n" in told.err
    assert told.err.endswith(f"emotalk: {line}\n")
    assert "1 of 2 done; the others were not made" in told.out
    assert not out.exists()
