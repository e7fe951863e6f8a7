"""Paths that begin at the .blend file ("//") are right everywhere, wherever it is saved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.addon.scenes import keys_of, run


@pytest.fixture
def shot(saved: Path, speech: Path) -> Path:
    """A file whose sound and names file, beside it, are told from it on; mouthPucker is the jaw."""
    ours = bpy.context.scene.emotalk
    ours.rig.character = bpy.data.objects["Head"]
    bpy.ops.emotalk.save_names(filepath=str(saved.with_name("names.json")))
    names = saved.with_name("names.json")
    document = json.loads(names.read_text(encoding="utf-8"))
    for row in document["driven"]:
        row["sources"] = {"mouthPucker": {"jawOpen": 1.0}}.get(row["key"], {})
    names.write_text(json.dumps(document), encoding="utf-8")
    ours.source, ours.filepath = "FILE", f"//{speech.name}"
    ours.rig.names_path = "//names.json"
    bpy.ops.wm.save_mainfile()
    return saved


def moves() -> bool:
    """Whether the names file was obeyed."""
    return bool(np.ptp(keys_of(bpy.data.objects["Head"], "mouthPucker")[1]) > 0.1)


def test_files_beside_the_blend_file_are_found(shot: Path) -> None:
    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert moves()


def test_a_sound_is_the_same_however_its_path_is_written(shot: Path, speech: Path) -> None:
    bpy.ops.emotalk.animate()
    ours = bpy.context.scene.emotalk

    ours.filepath = str(speech)
    bpy.ops.emotalk.animate()

    assert len(ours.takes) == 1


@pytest.mark.parametrize("button", ["save_names", "export_clip"])
def test_what_is_written_beside_the_blend_file_lies_there(shot: Path, button: str) -> None:
    bpy.ops.emotalk.animate()

    getattr(bpy.ops.emotalk, button)(filepath="//written.json")

    assert shot.with_name("written.json").is_file()


def test_curves_beside_the_blend_file_are_imported(shot: Path) -> None:
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.export_clip(filepath=str(shot.with_name("curves.csv")))
    bpy.context.scene.frame_set(300)

    assert bpy.ops.emotalk.import_clip(filepath="//curves.csv") == {"FINISHED"}


def test_saved_elsewhere_it_finds_them_still(shot: Path) -> None:
    bpy.ops.emotalk.animate()
    folder = shot.parent / "versions"
    folder.mkdir()

    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "v2.blend"))

    ours = bpy.context.scene.emotalk
    paths = [ours.filepath, ours.rig.names_path, ours.takes[0].filepath]
    assert {path.replace("\\", "/")[:5] for path in paths} == {"//../"}
    assert bpy.ops.emotalk.animate() == {"FINISHED"}
    assert len(ours.takes) == 1


def test_a_copy_elsewhere_finds_them_and_the_open_file_is_as_it_was(shot: Path) -> None:
    folder = shot.parent / "copies"
    folder.mkdir()

    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "copy.blend"), copy=True)

    assert bpy.context.scene.emotalk.rig.names_path == "//names.json"
    bpy.ops.wm.open_mainfile(filepath=str(folder / "copy.blend"))
    assert bpy.ops.emotalk.animate() == {"FINISHED"}


def test_a_file_that_cannot_be_saved_keeps_its_paths(shot: Path) -> None:
    with pytest.raises(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(shot.parent / "nowhere" / "v2.blend"))

    assert bpy.context.scene.emotalk.rig.names_path == "//names.json"


def test_moved_with_its_files_it_finds_them(shot: Path) -> None:
    folder = shot.parent / "moved"
    folder.mkdir()
    for file in ("names.json", "speech.wav", shot.name):
        shutil.move(shot.with_name(file), folder)
    bpy.ops.wm.open_mainfile(filepath=str(folder / shot.name))

    assert bpy.ops.emotalk.animate() == {"FINISHED"}


def test_batch_finds_a_names_file_beside_the_open_file(
    shot: Path, sounds: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    assert run("batch", sounds, "--character", "Head", "-o", out) == 0

    bpy.ops.wm.open_mainfile(filepath=str(out / "line1.blend"))
    assert moves()
    assert Path(bpy.path.abspath(bpy.context.scene.emotalk.rig.names_path)).samefile(
        shot.with_name("names.json")
    )


@pytest.mark.parametrize("change", ["add", "remove"])
def test_takes_that_another_add_on_adds_or_removes_while_saving_do_not_mix_up_the_paths(
    shot: Path, second: str, change: str
) -> None:
    ours = bpy.context.scene.emotalk
    bpy.ops.emotalk.animate()
    shutil.copy(second, shot.parent / "other.wav")
    ours.filepath = "//other.wav"
    bpy.ops.emotalk.animate()
    (shot.parent / "copies").mkdir()

    def add(*_path: object) -> None:
        for length in range(1, 2000):  # what was there before moves, and its room is used again
            ours.takes.add().name = "x" * length

    def remove(*_path: object) -> None:
        ours.takes.remove(0)

    handler = {"add": add, "remove": remove}[change]
    bpy.app.handlers.save_pre.append(handler)
    bpy.ops.wm.save_as_mainfile(filepath=str(shot.parent / "copies" / "copy.blend"), copy=True)
    bpy.app.handlers.save_pre.remove(handler)

    paths = [take.filepath for take in ours.takes if take.filepath]
    assert paths == ["//speech.wav", "//other.wav"][change == "remove" :]
    assert {take.rig.names_path for take in ours.takes if take.filepath} == {"//names.json"}
    assert [ours.filepath, ours.rig.names_path] == ["//other.wav", "//names.json"]
