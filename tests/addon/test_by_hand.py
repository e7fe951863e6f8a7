"""Keys that an animator changed are not lost to a slider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import changed
from tests.addon.scenes import (
    babble,
    fcurves,
    follow_to_the_end,
    happy_take,
    keys_of,
    linked_duplicate,
    make_head,
    tick,
    write_wav,
)

JAW = ('key_blocks["jawOpen"].value', 0)


def correct(head: Any, frame: float = 30.0, value: float = 0.9) -> None:
    """Move one key of the jaw, as an animator does in the graph editor."""
    curve = fcurves(head.data.shape_keys)[JAW]
    point = next(p for p in curve.keyframe_points if p.co.x == frame)
    point.co.y = value
    curve.update()


def jaw_at(head: Any, frame: float) -> float:
    frames, values = keys_of(head, "jawOpen")
    return float(values[frames == frame][0])


def test_slider_leaves_a_corrected_take_alone_and_says_so(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    correct(head)
    before = keys_of(head, "mouthSmileLeft")[1]

    tick()

    assert jaw_at(head, 30) == pytest.approx(0.9)
    np.testing.assert_array_equal(keys_of(head, "mouthSmileLeft")[1], before)
    assert take.is_held


def test_slider_moves_a_take_that_nobody_touched(ready: Any, head: Any) -> None:
    take = happy_take(ready)

    tick()
    take.controls.happy = 0.25
    tick()

    assert keys_of(head, "mouthSmileLeft")[1].mean() == pytest.approx(0.25, abs=0.05)
    assert not take.is_held


@pytest.mark.parametrize("change", ["moved", "removed", "added", "curve removed", "held", "eased"])
def test_every_change_of_keys_is_seen(ready: Any, head: Any, change: str) -> None:
    from emotalk.addon.bridge import compat

    happy_take(ready)
    curve = fcurves(head.data.shape_keys)[JAW]
    points = curve.keyframe_points
    if change == "moved":
        correct(head)
    elif change == "removed":
        points.remove(points[20])
    elif change == "added":
        points.insert(30.5, 0.5)
    elif change == "held":
        points[20].interpolation = "CONSTANT"
    elif change == "eased":
        points[20].interpolation = "BEZIER"
        points[20].handle_right_type = "FREE"
        points[20].handle_right = (points[20].co.x + 0.9, 0.9)
    else:
        compat.fcurves_of(head.data.shape_keys).remove(curve)

    assert changed(ready.takes[0]) == 1


def test_keys_outside_of_the_take_and_of_others_are_none_of_its_business(
    ready: Any, head: Any
) -> None:
    take = happy_take(ready)
    fcurves(head.data.shape_keys)[JAW].keyframe_points.insert(300, 0.5)
    head.data.shape_keys.keyframe_insert("eval_time", frame=20)

    assert changed(take) == 0


def test_renamed_object_is_still_known(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    head.name = "Wren"
    make_head("Head")
    assert changed(take) == 0
    correct(head)

    tick()

    assert jaw_at(head, 30) == pytest.approx(0.9)
    assert take.is_held


def test_update_writes_a_corrected_take_anew_and_undo_brings_it_back(ready: Any, head: Any) -> None:
    happy_take(ready)
    correct(head)
    tick()
    assert ready.takes[0].is_held
    bpy.ops.ed.undo_push(message="corrected")

    bpy.ops.emotalk.refresh("EXEC_DEFAULT", True)  # noqa: FBT003 - Blender's own: with undo

    take = bpy.context.scene.emotalk.takes[0]
    assert jaw_at(head, 30) < 0.8
    assert "1 curve changed by hand" in take.warnings
    assert not take.is_held
    bpy.ops.ed.undo()
    assert jaw_at(bpy.data.objects["Head"], 30) == pytest.approx(0.9)


def test_a_correction_is_known_in_the_opened_file(ready: Any, head: Any, tmp_path: Path) -> None:
    happy_take(ready)
    correct(head)
    saved = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(saved))
    bpy.ops.wm.open_mainfile(filepath=str(saved))

    tick()

    assert jaw_at(bpy.data.objects["Head"], 30) == pytest.approx(0.9)


def test_correction_made_while_a_long_take_is_followed_stays(
    ready: Any, head: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    monkeypatch.setattr(live, "_SHORT_FRAMES", 10)
    take = happy_take(ready)
    tick()
    follower = SESSION.job
    correct(head)

    follow_to_the_end(follower)

    assert jaw_at(head, 30) == pytest.approx(0.9)
    assert take.is_held
    assert len(bpy.data.actions) == 1


def test_correction_outside_of_a_range_outlives_the_range(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    correct(head, frame=20)
    ready.use_range, ready.range_start, ready.range_end = True, 40, 60

    tick()
    assert "by hand" not in take.warnings
    take.controls.happy = 0.6
    tick()
    assert changed(take) == 1
    ready.use_range = False
    take.controls.happy = 0.5
    tick()

    assert jaw_at(head, 20) == pytest.approx(0.9)
    assert keys_of(head, "mouthSmileLeft")[1][45] == pytest.approx(0.6, abs=0.1)
    assert take.is_held


@pytest.mark.parametrize("start", [40, 200])
def test_another_take_is_no_hand_and_hides_none(
    ready: Any, head: Any, tmp_path: Path, start: int
) -> None:
    happy_take(ready)
    correct(head, frame=20)
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame = start

    bpy.ops.emotalk.animate()

    assert [changed(take) for take in ready.takes] == [1, 0]
    ready.take_index = 0
    ready.takes[0].controls.happy = 0.2
    tick()
    assert jaw_at(head, 20) == pytest.approx(0.9)


def test_a_take_of_a_linked_duplicate_is_no_hand_and_hides_none(ready: Any, head: Any) -> None:
    """Alt-D: two objects, one Key."""
    happy_take(ready)
    tick()
    twin = linked_duplicate(head)
    correct(head, frame=20)
    ready.rig.character, ready.start_frame = twin, 40

    bpy.ops.emotalk.animate()

    assert [changed(one) for one in ready.takes] == [1, 0]
    bpy.ops.emotalk.clear()
    ready.take_index = 0
    bpy.ops.emotalk.refresh()
    bpy.ops.emotalk.animate()
    assert [changed(one) for one in ready.takes] == [0, 0]
    ready.take_index, ready.takes[0].controls.happy = 0, 0.2
    tick()
    assert not ready.takes[0].is_held


def test_a_correction_that_a_linked_duplicates_take_writes_over_is_told(
    ready: Any, head: Any
) -> None:
    take = happy_take(ready)
    tick()
    ease = take.last_frame + 5
    correct(head, frame=round(ease))
    ready.rig.character, ready.start_frame = linked_duplicate(head), round(ease) - 2

    bpy.ops.emotalk.animate()

    assert "1 curve changed by hand beside another take" in ready.takes[1].warnings


def test_imported_curves_are_no_hand(ready: Any, head: Any, tmp_path: Path) -> None:
    take = happy_take(ready)
    saved = tmp_path / "curves.npz"
    bpy.ops.emotalk.export_clip(filepath=str(saved))
    bpy.context.scene.frame_set(40)

    bpy.ops.emotalk.import_clip(filepath=str(saved))

    assert changed(take) == 0


def test_keys_that_stay_keep_their_easing(ready: Any, head: Any) -> None:
    happy_take(ready)
    curve = fcurves(head.data.shape_keys)[JAW]
    point = curve.keyframe_points.insert(300, 0.5)
    point.interpolation, point.handle_right_type = "BEZIER", "FREE"
    point.handle_right = (310.0, 0.7)
    curve.update()
    ready.key_step = 2

    bpy.ops.emotalk.refresh()

    points = fcurves(head.data.shape_keys)[JAW].keyframe_points
    kept = points[len(points) - 1]
    assert (kept.co.x, kept.interpolation, kept.handle_right_type) == (300.0, "BEZIER", "FREE")
    assert tuple(kept.handle_right) == pytest.approx((310.0, 0.7))
    assert {p.interpolation for p in points[:-1]} == {"LINEAR"}


def test_keys_made_stepped_by_hand_are_lines_again_when_written_anew(ready: Any, head: Any) -> None:
    happy_take(ready)
    for point in fcurves(head.data.shape_keys)[JAW].keyframe_points:
        point.interpolation = "CONSTANT"

    bpy.ops.emotalk.refresh()

    points = fcurves(head.data.shape_keys)[JAW].keyframe_points
    assert {point.interpolation for point in points} == {"LINEAR"}


def test_keys_beside_the_take_say_nothing_of_it(ready: Any, head: Any, tmp_path: Path) -> None:
    happy_take(ready)
    point = fcurves(head.data.shape_keys)[JAW].keyframe_points.insert(300, 0.5)
    point.interpolation = "BEZIER"
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame, ready.key_step, ready.hold_keys = 200, 2, True

    bpy.ops.emotalk.animate()

    assert [changed(take) for take in ready.takes] == [0, 0]


def test_range_does_not_open_a_take_whose_sound_has_moved(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    correct(head, frame=20)
    take.start_frame = 7
    ready.use_range, ready.range_start, ready.range_end = True, 40, 60

    tick()

    assert jaw_at(head, 20) == pytest.approx(0.9)
    assert take.is_held


def test_manner_of_keys_that_stay_is_kept(ready: Any, head: Any) -> None:
    happy_take(ready)
    curve = fcurves(head.data.shape_keys)[JAW]
    point = curve.keyframe_points.insert(300, 0.5)
    point.interpolation, point.easing, point.type = "BOUNCE", "EASE_IN", "EXTREME"
    ready.key_step = 2

    bpy.ops.emotalk.refresh()

    points = fcurves(head.data.shape_keys)[JAW].keyframe_points
    kept = points[len(points) - 1]
    assert (kept.interpolation, kept.easing, kept.type) == ("BOUNCE", "EASE_IN", "EXTREME")


def test_export_tells_that_it_has_no_corrections(
    ready: Any, head: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    happy_take(ready)
    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "a.csv"))
    assert "changed by hand" not in "".join(capfd.readouterr())
    correct(head)

    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "b.csv"))

    assert "1 curve changed by hand" in "".join(capfd.readouterr())
