"""Curves out of a file onto a character."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import fcurves, keys_of, state, users_action

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
    assert "Head: its Action Mine is kept: Remove brings it back" in told


def test_imported_curves_are_held_on_twos_as_a_take_is(clip: str, ready: Any, head: Any) -> None:
    ready.key_step, ready.hold_keys = 2, True

    bpy.ops.emotalk.import_clip(filepath=clip)

    points = fcurves(head.data.shape_keys)[JAW, 0].keyframe_points
    assert {point.interpolation for point in points} == {"CONSTANT"}


def test_import_into_a_takes_frames_tells_of_it(
    clip: str, ready: Any, head: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.context.scene.frame_set(200)
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.import_clip(filepath=clip)
    assert "Shares frames" not in capfd.readouterr().out

    bpy.context.scene.frame_set(20)
    bpy.ops.emotalk.import_clip(filepath=clip)

    told = "Shares frames with Head: speech.wav: the take that is made last has them"
    assert told in capfd.readouterr().out


def test_an_imported_clip_is_a_take_that_plays_the_file_as_it_is(
    clip: str, ready: Any, head: Any
) -> None:
    bpy.context.scene.frame_set(200)

    bpy.ops.emotalk.import_clip(filepath=clip)

    from emotalk.emotalk_core.clip_files import read_clip

    (take,) = ready.takes
    assert (take.source, take.name, take.filepath) == ("CLIP", "Head: clip.npz", clip)
    frames, values = keys_of(head, "jawOpen")
    assert (take.first_frame, take.last_frame) == (frames[0], frames[-1]) == (200.0, 272.0)
    faces = read_clip(clip)
    column = faces.channels.index("jawOpen")
    np.testing.assert_allclose(values[0], faces.values[0, column], atol=1e-6)
    assert values.max() == pytest.approx(faces.values[:, column].max(), abs=0.02)


def test_shaping_works_on_an_imported_clip_and_back(clip: str, ready: Any, head: Any) -> None:
    bpy.ops.emotalk.import_clip(filepath=clip)
    controls, before = ready.takes[0].controls, keys_of(head, "jawOpen")[1]

    controls.jaw = 0.5
    bpy.ops.emotalk.refresh()
    halved = keys_of(head, "jawOpen")[1]
    controls.jaw, controls.sync_offset_ms = 1.0, 500.0
    bpy.ops.emotalk.refresh()
    later = ready.takes[0].first_frame
    controls.sync_offset_ms = 0.0
    bpy.ops.emotalk.refresh()

    np.testing.assert_allclose(halved, 0.5 * before, atol=1e-6)
    assert later == ready.takes[0].first_frame + 12
    np.testing.assert_array_equal(keys_of(head, "jawOpen")[1], before)


def test_the_same_file_at_the_same_frame_is_the_same_take(clip: str, ready: Any) -> None:
    for frame in (200, 200, 400):
        bpy.context.scene.frame_set(frame)
        bpy.ops.emotalk.import_clip(filepath=clip)

    assert [take.first_frame for take in ready.takes] == [200.0, 400.0]


def test_what_is_animated_after_an_import_blinks_as_before_it(clip: str, ready: Any) -> None:
    bpy.ops.emotalk.animate()
    ready.takes[0].controls.blink = 0.75
    bpy.context.scene.frame_set(200)
    bpy.ops.emotalk.import_clip(filepath=clip)
    ready.start_frame = 400

    bpy.ops.emotalk.animate()

    blinks = [take.controls.blink for take in ready.takes]
    assert blinks == pytest.approx([0.75, 0.0, 0.75])


def test_a_clip_whose_file_is_gone_says_so_and_stays(clip: str, ready: Any, head: Any) -> None:
    bpy.ops.emotalk.import_clip(filepath=clip)
    before = state()
    Path(clip).unlink()

    with pytest.raises(RuntimeError, match="No such file of curves"):
        bpy.ops.emotalk.refresh()

    assert state() == before


def test_presets_are_not_for_imported_curves(clip: str, ready: Any) -> None:
    bpy.ops.emotalk.import_clip(filepath=clip)

    assert not bpy.ops.emotalk.preset.poll()


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
