"""A take that is made again: what the panel says now, and what is known of its sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import (
    babble,
    fcurves,
    keys_of,
    make_head,
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
