"""`emotalk cast`: the dialogue of an open file on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon import scenes
from tests.addon.cast_scenes import cast_of, spoken
from tests.addon.scenes import needs_sound

pytestmark = needs_sound


def run(*arguments: object) -> int:
    """The command, as Blender calls it."""
    return scenes.run("cast", *arguments)


def saved_in(folder: Path) -> Path:
    """The open file, saved."""
    return scenes.save(folder / "dialogue.blend")


def test_the_command_animates_the_cast_of_the_file(
    ready: Any, head: Any, ben: Any, lines: Any, tmp_path: Path
) -> None:
    ada, other = cast_of(ready, head, ben)
    ada.strips, other.strips = "ada", "ben"
    saved, report = saved_in(tmp_path), tmp_path / "report.json"

    assert run("--report", report) == 0

    bpy.ops.wm.open_mainfile(filepath=str(saved))
    expected = [("ada 1", "Head"), ("ada 2", "Head"), ("ben 1", "Ben")]
    assert spoken(bpy.context.scene.emotalk) == expected
    told = json.loads(report.read_text())
    assert sorted((take["strip"], take["character"]) for take in told["takes"]) == expected
    assert told["left_out"] == []


def test_pauses_are_filled_where_the_command_asks_for_it(
    ready: Any, head: Any, ben: Any, lines: Any, tmp_path: Path
) -> None:
    bpy.context.scene.frame_end = 400
    saved_in(tmp_path)
    output = tmp_path / "out.blend"

    assert run("--role", "Head=ada", "--role", "Ben=ben", "--fill-pauses", "-o", output) == 0

    bpy.ops.wm.open_mainfile(filepath=str(output))
    who = [t.rig.character.name for t in bpy.context.scene.emotalk.takes if t.source == "PAUSE"]
    assert sorted(who) == ["Ben", "Ben", "Head", "Head"]


def test_lines_are_saved_where_nobody_pauses(
    ready: Any, head: Any, lines: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 10, 40
    saved_in(tmp_path)
    output = tmp_path / "out.blend"

    assert run("--role", "Head=ada", "--fill-pauses", "-o", output) == 0

    assert "Nobody pauses for a second" in capsys.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert spoken(bpy.context.scene.emotalk) == [("ada 1", "Head"), ("ada 2", "Head")]


def test_roles_of_the_command_line_take_the_place_of_the_files(
    ready: Any, head: Any, ben: Any, lines: Any, tmp_path: Path
) -> None:
    cast_of(ready, ben)
    saved_in(tmp_path)
    output = tmp_path / "out.blend"

    assert run("--role", "Head=ada#1", "--role", "Ben=#2@1", "-o", output) == 0

    bpy.ops.wm.open_mainfile(filepath=str(output))
    ours = bpy.context.scene.emotalk
    assert spoken(ours) == [("ada 1", "Head"), ("ada 2", "Head"), ("ben 1", "Ben")]
    assert [take.channel for take in ours.takes if take.rig.character.name == "Ben"] == [1]


def test_a_role_that_fails_is_told_and_the_others_are_made(
    ready: Any, head: Any, lines: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, report = saved_in(tmp_path), tmp_path / "report.json"

    code = run("--role", "Head=ada", "--role", "Head=ben@7", "--report", report)

    assert code == 3
    assert "ben" not in [take.strip for take in ready.takes]
    (left,) = json.loads(report.read_text())["left_out"]
    assert left in capsys.readouterr().err
    assert "channel" in left
    assert saved.is_file()


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (["Ada"], "No such role: 'Ada'. Write OBJECT=NAMES"),
        (["Nobody=ada"], "No such object: 'Nobody'"),
        (["Head=zoe"], "Nobody of the cast speaks a strip that can be heard: 'Head'"),
        ([], "Nobody of the cast speaks a strip that can be heard"),
    ],
)
def test_a_wrong_cast_is_one_line_and_nothing_is_saved(
    lines: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], roles: list[str], why: str
) -> None:
    saved = saved_in(tmp_path)
    was = saved.read_bytes()

    assert run(*(part for role in roles for part in ("--role", role))) == 2

    assert why in capsys.readouterr().err
    assert saved.read_bytes() == was


@pytest.mark.parametrize("text", ["Zo\u00eb", "*o\u00eb*", "zoe\u0308"])
def test_a_name_that_macos_spells_otherwise_is_the_same(
    ready: Any, head: Any, lines: Any, text: str
) -> None:
    from emotalk.addon.bridge.asked import cast

    role = ready.cast.add()
    role.strips, lines[1].name = text, "Zoe\u0308 1"

    assert [cast.speaks(role, line) for line in lines] == [False, True, False]
