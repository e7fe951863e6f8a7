"""A take that is made again: what the panel says now, and what is known of its sound."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.ui.takes import EMOTALK_UL_takes

from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import (
    babble,
    fcurves,
    keys_of,
    make_head,
    needs_sound,
    put_bones_under,
    voice_of,
    write_wav,
)


def test_a_mesh_switched_off_later_loses_the_takes_keys(ready: Any, head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    mine = teeth.data.shape_keys.key_blocks["jawOpen"]
    mine.value = 0.5
    mine.keyframe_insert("value", frame=300)
    next(item for item in ready.rig.targets if item.object == teeth).use = False

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(keys_of(teeth, "jawOpen")[0], [300.0])
    assert len(voice_of(head, "jawOpen")[0]) == 73


def test_the_head_switched_off_later_stands_still(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    assert fcurves(armature)
    ready.rig.use_head = False

    bpy.ops.emotalk.animate()
    ready.takes[0].controls.happy = 0.5
    bpy.ops.emotalk.refresh()

    assert not fcurves(armature)


def test_warnings_of_the_sound_outlive_a_slider(ready: Any, tmp_path: Path) -> None:
    ready.filepath = str(write_wav(tmp_path / "far.wav", babble(2.0) * 1e-3))
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    assert "quiet" in take.warnings

    take.controls.happy = 0.5
    bpy.ops.emotalk.refresh()

    assert "quiet" in take.warnings


def test_head_keys_changed_by_hand_that_go_with_the_head_are_told(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    curve = next(iter(fcurves(armature).values()))
    curve.keyframe_points[9].co.y = 0.4
    smile = fcurves(head.data.shape_keys)['key_blocks["mouthSmileLeft"].value', 0]
    smile.keyframe_points[9].co.y = 0.4
    ready.rig.use_head = False

    bpy.ops.emotalk.animate()

    told = ready.takes[0].warnings.splitlines()
    assert "1 curve changed by hand, written anew: undo brings back what was there" in told
    assert "1 curve changed by hand removed with what was switched off: undo brings it back" in told


def test_preset_tells_of_sliders_that_follow_their_keyframes(
    ready: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.preset(name="Happy")
    assert "Warning" not in capfd.readouterr().out

    ready.takes[0].controls.keyframe_insert("happy", frame=10)
    bpy.ops.emotalk.preset(name="Sad")

    assert "Warning: Keyframed sliders keep to their keys: happy." in capfd.readouterr().out


@needs_sound
def test_the_list_shows_takes_in_the_order_in_which_they_are_said(
    ready: Any, lines: list[Any]
) -> None:
    lines[0].select = lines[1].select = False
    bpy.ops.emotalk.animate()
    lines[0].select = lines[1].select = True
    bpy.ops.emotalk.animate()
    panel = SimpleNamespace(filter_name="", use_filter_sort_alpha=False, bitflag_filter_item=1)

    shown, places = EMOTALK_UL_takes.filter_items(panel, bpy.context, ready, "takes")

    assert [take.strip for take in ready.takes] == ["ada 2", "ada 1", "ben 1"]
    assert (shown, places) == ([], [2, 0, 1])
    panel.filter_name, panel.use_filter_sort_alpha = "ben", True
    shown, places = EMOTALK_UL_takes.filter_items(panel, bpy.context, ready, "takes")
    assert (shown, places) == ([0, 0, 1], [1, 0, 2])


@needs_sound
@pytest.mark.parametrize(("frame", "chosen"), [(10, "ada 1"), (120, "ben 1"), (500, "ada 2")])
def test_of_several_the_take_at_the_current_frame_is_chosen(
    ready: Any, lines: list[Any], frame: int, chosen: str
) -> None:
    bpy.context.scene.frame_set(frame)

    bpy.ops.emotalk.animate()

    assert [take.strip for take in ready.takes] == ["ada 1", "ben 1", "ada 2"]
    assert ready.takes[ready.take_index].strip == chosen


@pytest.mark.parametrize("name", ["Head: speech.wav", "Line 1: angry"])
def test_a_take_of_a_copied_scene_is_called_after_its_own_character(ready: Any, name: str) -> None:
    bpy.ops.emotalk.animate()
    ready.takes[0].name = name
    bpy.ops.scene.new(type="FULL_COPY")
    (take,) = bpy.context.scene.emotalk.takes
    assert take.rig.character.name == "Head.001"

    bpy.ops.emotalk.refresh()

    own = name.replace("Head:", "Head.001:")
    assert (take.name, take.controls.name) == (own, own)
    assert ready.takes[0].name == name


def test_a_scene_that_ends_too_soon_is_extended_to_its_last_take(ready: Any) -> None:
    scene = bpy.context.scene
    bpy.ops.emotalk.animate()
    ready.start_frame = 300
    bpy.ops.emotalk.animate()
    ready.take_index = 0
    scene.frame_end = 20
    layout = Layout()
    own = SimpleNamespace(layout=layout, _draw_notes=lambda *_: None)

    bpy.types.EMOTALK_PT_result.draw(own, context_of(300))
    assert bpy.ops.emotalk.extend_scene() == {"FINISHED"}

    assert layout.buttons == ["emotalk.extend_scene"]
    assert scene.frame_end >= ready.takes[1].last_frame > scene.frame_end - 1
    assert not bpy.ops.emotalk.extend_scene.poll()


@needs_sound
def test_updating_all_takes_leaves_the_chosen_one_chosen(ready: Any, lines: list[Any]) -> None:
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(10)
    ready.take_index = 1

    bpy.ops.emotalk.refresh_all()

    assert ready.take_index == 1
