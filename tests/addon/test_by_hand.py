"""Keys that an animator changed are not lost to a slider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import babble, fcurves, happy_take, keys_of, write_wav

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


def tick() -> None:
    """What happens a moment after a slider was moved."""
    from emotalk.addon.bridge import live

    assert live._tick() is None


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


@pytest.mark.parametrize("change", ["moved", "removed", "added", "curve removed"])
def test_every_change_of_keys_is_seen(ready: Any, head: Any, change: str) -> None:
    from emotalk.addon.bridge import compat, takes

    happy_take(ready)
    curve = fcurves(head.data.shape_keys)[JAW]
    points = curve.keyframe_points
    if change == "moved":
        correct(head)
    elif change == "removed":
        points.remove(points[20])
    elif change == "added":
        points.insert(30.5, 0.5)
    else:
        compat.fcurves_of(head.data.shape_keys).remove(curve)

    assert takes.changed_by_hand(ready.takes[0]) == 1


def test_keys_outside_of_the_take_and_of_others_are_none_of_its_business(
    ready: Any, head: Any
) -> None:
    from emotalk.addon.bridge import takes

    take = happy_take(ready)
    fcurves(head.data.shape_keys)[JAW].keyframe_points.insert(300, 0.5)
    head.data.shape_keys.keyframe_insert("eval_time", frame=20)

    assert takes.changed_by_hand(take) == 0


def test_update_writes_a_corrected_take_anew_and_undo_brings_it_back(ready: Any, head: Any) -> None:
    happy_take(ready)
    correct(head)
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


def test_correction_outside_of_a_range_outlives_the_range(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    correct(head, frame=20)
    ready.use_range, ready.range_start, ready.range_end = True, 40, 60

    tick()
    ready.use_range = False
    take.controls.happy = 0.5
    tick()

    assert jaw_at(head, 20) == pytest.approx(0.9)
    assert keys_of(head, "mouthSmileLeft")[1][45] == pytest.approx(0.75, abs=0.1)
    assert take.is_held


def test_a_take_written_over_another_is_no_hand(ready: Any, head: Any, tmp_path: Path) -> None:
    from emotalk.addon.bridge import takes

    first = happy_take(ready)
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame = 40
    bpy.ops.emotalk.animate()

    assert takes.changed_by_hand(ready.takes[0]) == 0
    assert first.name
