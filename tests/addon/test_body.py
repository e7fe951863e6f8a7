"""A body's own animation goes on around what EmoTalk keys on its bones."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from mathutils import Quaternion

from tests.addon.scenes import fcurves, put_bones_under

TURNED = Quaternion((0.0, 1.0, 0.0), 1.0)


@pytest.fixture
def body(ready: Any, head: Any) -> Any:
    """An armature that turns its head before the take and walks in circles for ever."""
    armature = put_bones_under(head)
    bone = armature.pose.bones["head"]
    for frame, turn in ((1, Quaternion()), (20, TURNED), (40, Quaternion())):
        bone.rotation_quaternion = turn
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    for frame, x in ((1, 0.0), (24, 1.0)):
        armature.location.x = x
        armature.keyframe_insert("location", frame=frame)
    for (path, _), curve in fcurves(armature).items():
        if path == "location":
            curve.modifiers.new("CYCLES")
    ready.start_frame, ready.rig.character = 100, armature
    bpy.context.scene.frame_end = 300
    return armature


def at(body: Any, frame: int) -> tuple[float, Quaternion]:
    """Where the body stands and how its head is turned."""
    bpy.context.scene.frame_set(frame)
    there = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return there.location.x, there.pose.bones["head"].rotation_quaternion.copy()


def angle(a: Quaternion, b: Quaternion) -> float:
    return float(a.rotation_difference(b).angle)


def test_body_plays_before_during_and_after_the_take(body: Any) -> None:
    before = {frame: at(body, frame) for frame in (10, 20, 110, 130, 250, 900)}

    bpy.ops.emotalk.animate()

    for frame, (x, turn) in before.items():
        now_x, now_turn = at(body, frame)
        assert now_x == pytest.approx(x, abs=1e-4)
        if frame < 100 or frame > 180:
            assert angle(now_turn, turn) == pytest.approx(0.0, abs=1e-3)
    assert any(angle(at(body, frame)[1], Quaternion()) > 1e-3 for frame in range(105, 170, 5))


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
def test_a_head_that_the_body_turns_nods_where_it_is_turned_to(
    ready: Any, head: Any, mode: str
) -> None:
    armature = put_bones_under(head)
    bone = armature.pose.bones["head"]
    bone.rotation_mode = mode
    for frame in (1, 300):
        bone.rotation_quaternion, bone.rotation_euler = TURNED, TURNED.to_euler()
        bone.keyframe_insert(
            "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler", frame=frame
        )
    ready.start_frame, ready.rig.character = 100, armature

    bpy.ops.emotalk.animate()

    turns = [turned(armature, frame) for frame in range(80, 200)]
    assert max(angle(turn, TURNED) for turn in turns) < 0.3
    assert max(map(angle, turns, turns[1:])) < 0.06
    assert max(angle(turn, TURNED) for turn in turns[25:75]) > 1e-3


@pytest.mark.parametrize("mode", ["QUATERNION", "ZXY", "AXIS_ANGLE"])
def test_a_head_that_somebody_posed_nods_from_there_and_comes_back(
    ready: Any, head: Any, mode: str
) -> None:
    armature = put_bones_under(head)
    bone = armature.pose.bones["head"]
    bone.rotation_mode = mode
    bone.matrix_basis = TURNED.to_matrix().to_4x4()
    ready.start_frame, ready.rig.character = 100, armature

    for _again in range(2):
        bpy.ops.emotalk.animate()
        turns = [turned(armature, frame) for frame in range(60, 240)]

        assert max(angle(turn, TURNED) for turn in turns) < 0.3
        assert max(angle(turn, TURNED) for turn in turns[45:95]) > 1e-3
        assert angle(turns[0], TURNED) == pytest.approx(0.0, abs=1e-3)
        assert angle(turns[-1], TURNED) == pytest.approx(0.0, abs=1e-3)
    bpy.ops.emotalk.clear()

    assert angle(turned(armature, 120), TURNED) == pytest.approx(0.0, abs=1e-3)


def turned(armature: Any, frame: int) -> Quaternion:
    """How the head is turned, whatever its rotation mode."""
    bpy.context.scene.frame_set(frame)
    there = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return there.pose.bones["head"].matrix_basis.to_quaternion()


def test_removing_gives_the_body_back_as_it_was(body: Any) -> None:
    before = {frame: at(body, frame) for frame in (10, 20, 110, 250)}
    body.animation_data.action_extrapolation = "HOLD_FORWARD"
    body.animation_data.action_blend_type = "ADD"
    mine = body.animation_data.action.name
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()

    data = body.animation_data
    assert (data.action.name, data.action_extrapolation) == (mine, "HOLD_FORWARD")
    assert data.action_blend_type == "ADD"
    for frame, (x, turn) in before.items():
        assert at(body, frame)[0] == pytest.approx(x, abs=1e-4)
        assert angle(at(body, frame)[1], turn) == pytest.approx(0.0, abs=1e-3)


def test_a_head_that_is_left_alone_gets_no_keys(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    ready.rig.character, ready.rig.use_head = armature, False

    bpy.ops.emotalk.animate()

    assert fcurves(head.data.shape_keys)
    assert not fcurves(armature)
