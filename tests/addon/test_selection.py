"""Keys and curves that we write are not selected: X and G in the Dope Sheet are the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import babble, fcurves, put_bones_under, write_in_slices, write_wav

JAW = ('key_blocks["jawOpen"].value', 0)
PARTS = ("select_control_point", "select_left_handle", "select_right_handle")


def selected(*blocks: Any) -> int:
    """How many keys, or handles of them, are selected."""
    curves = [curve for block in blocks for curve in fcurves(block).values()]
    points = [point for curve in curves for point in curve.keyframe_points]
    assert points
    return sum(any(getattr(point, part) for part in PARTS) for point in points)


def select_all(block: Any) -> None:
    """As with A in the Dope Sheet."""
    for curve in fcurves(block).values():
        for point in curve.keyframe_points:
            for part in PARTS:
                setattr(point, part, True)


def test_keys_of_a_phrase_are_not_selected_and_others_stay_so(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    scene, take = bpy.context.scene, ready.takes[0]
    take.controls.happy = 1.0
    take.controls.keyframe_insert("happy", frame=-20)  # selected, as Blender inserts it
    scene.frame_set(round(take.phrases[0].start) + 1)

    bpy.ops.emotalk.feel_phrase()

    assert selected(scene) == 1


def test_keys_and_curves_of_a_new_take_are_not_selected(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)

    bpy.ops.emotalk.animate()

    key = head.data.shape_keys
    assert selected(key, armature) == 0
    curves = [*fcurves(key).values(), *fcurves(armature).values()]
    assert not [curve.data_path for curve in curves if curve.select or curve.group.select]


@pytest.mark.parametrize("step", [1, 2])
def test_keys_written_anew_are_not_selected(ready: Any, head: Any, step: int) -> None:
    bpy.ops.emotalk.animate()
    select_all(head.data.shape_keys)
    ready.key_step = step

    bpy.ops.emotalk.refresh()

    assert selected(head.data.shape_keys) == 0


def test_a_take_made_in_slices_is_not_selected(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge.take import takes

    prepared = takes.prepare(bpy.context)
    write_in_slices(prepared, takes.remake(prepared))

    assert selected(head.data.shape_keys) == 0


def test_a_neighbours_ease_is_not_selected(ready: Any, head: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame = round(ready.takes[0].last_frame) + 20  # in the first one's ease

    bpy.ops.emotalk.animate()

    assert selected(head.data.shape_keys) == 0


def test_what_a_removed_take_leaves_is_not_selected(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    ready.start_frame = 300
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()

    assert len(ready.takes) == 1
    assert selected(head.data.shape_keys) == 0


def test_what_somebody_has_selected_stays_so_while_sliders_move_values(
    ready: Any, head: Any
) -> None:
    bpy.ops.emotalk.animate()
    curve = fcurves(head.data.shape_keys)[JAW]
    curve.keyframe_points[20].select_control_point = True
    curve.select = True
    take = ready.takes[0]
    take.controls.happy = 0.5

    bpy.ops.emotalk.refresh()

    curve = fcurves(head.data.shape_keys)[JAW]
    assert [n for n, p in enumerate(curve.keyframe_points) if p.select_control_point] == [20]
    assert curve.select
