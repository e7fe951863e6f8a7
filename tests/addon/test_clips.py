"""Curves out of a file onto a character."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import fcurves, users_action

JAW = 'key_blocks["jawOpen"].value'


@pytest.fixture
def clip(ready: Any, tmp_path: Path) -> str:
    """A file of curves; nothing is animated any more."""
    path = str(tmp_path / "clip.npz")
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.export_clip(filepath=path)
    bpy.ops.emotalk.clear()
    return path


def test_import_tells_what_became_of_the_users_action_and_what_it_left_alone(
    clip: str, head: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    key = head.data.shape_keys
    users_action(key, JAW)
    key.key_blocks["browInnerUp"].driver_add("value")

    bpy.ops.emotalk.import_clip(filepath=clip)

    told = capfd.readouterr().out
    assert "Head: 1 driven value left to the drivers" in told
    assert "Head: its Action Mine is kept in the file" in told


def test_imported_curves_are_held_on_twos_as_a_take_is(clip: str, ready: Any, head: Any) -> None:
    ready.key_step, ready.hold_keys = 2, True

    bpy.ops.emotalk.import_clip(filepath=clip)

    points = fcurves(head.data.shape_keys)[JAW, 0].keyframe_points
    assert {point.interpolation for point in points} == {"CONSTANT"}


def test_import_into_a_takes_frames_tells_that_its_sliders_go_over_it(
    clip: str, ready: Any, head: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.context.scene.frame_set(200)
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.import_clip(filepath=clip)
    assert "Lies in frames" not in capfd.readouterr().out

    bpy.context.scene.frame_set(20)
    bpy.ops.emotalk.import_clip(filepath=clip)

    told = "Lies in frames of Head: speech.wav: its sliders write over it"
    assert told in capfd.readouterr().out


def test_import_tells_of_values_that_are_percents(
    clip: str, head: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    from emotalk.emotalk_core.clip_files import read_clip, write_clip

    whole = read_clip(clip)
    write_clip(replace(whole, values=whole.values * 100), clip)

    bpy.ops.emotalk.import_clip(filepath=clip)

    assert "they are cut off at 1" in capfd.readouterr().out


def test_drawn_mouths_are_written_and_those_of_another_rate_refused(
    ready: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "talk.tsv"))
    with pytest.raises(RuntimeError, match="Moho counts frames of its own rate"):
        bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "talk.dat"))

    assert [path.name for path in tmp_path.glob("talk.*")] == ["talk.tsv"]
    assert (tmp_path / "talk.tsv").read_text().endswith("3.00\tX\n")
