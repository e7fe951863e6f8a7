"""Characters without shape keys among others: each is itself, whatever it has of meshes."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from tests.addon.cast_scenes import cast_of
from tests.addon.pose_scenes import add_pose, make_rig
from tests.addon.scenes import add_strip, fcurves, make_head, needs_sound


@pytest.fixture
def pair(ready: Any) -> list[Any]:
    """Two faces of bones that share their poses."""
    pair = [make_rig("jaw", "lip"), make_rig("jaw", "lip")]
    add_pose(pair[0], "jawOpen", {"jaw": {"rotation_euler": (0.4, 0.0, 0.0)}})
    ready.rig.character = pair[0]
    return pair


def jaw_of(rig: Any) -> dict[float, float]:
    """The jaw's turn by frame."""
    curve = fcurves(rig)['pose.bones["jaw"].rotation_euler', 0]
    return {key.co[0]: key.co[1] for key in curve.keyframe_points}


@needs_sound
def test_pauses_leave_what_faces_of_bones_say(ready: Any, pair: list[Any], speech: Any) -> None:
    ready.source = "STRIP"
    bpy.context.scene.frame_end = 300
    for role, frame in zip(cast_of(ready, *pair), (1, 101), strict=True):
        add_strip(speech, frame, frame)
        role.strip_channel = frame
    bpy.ops.emotalk.animate_cast()
    take = ready.takes[0]
    said = {at: turn for at, turn in jaw_of(pair[0]).items() if at <= take.last_frame}

    bpy.ops.emotalk.fill_pauses()

    now = jaw_of(pair[0])
    assert max(said.values()) > 0.02
    inside = [at for at in said if take.first_frame <= at]
    assert [now[at] for at in inside] == pytest.approx([said[at] for at in inside], abs=1e-6)
    pauses = [other for other in ready.takes if other.source == "PAUSE"]
    assert not any(
        other.start_frame <= take.last_frame < other.pause_end
        for other in pauses
        if other.rig.character == pair[0]
    )


def test_a_face_of_bones_may_look_at_another_and_at_things(ready: Any, pair: list[Any]) -> None:
    from emotalk.addon.bridge.asked.looking import is_own

    cube = make_head("Cube")
    cube.shape_key_clear()

    assert is_own(pair[0], pair[0])
    assert not is_own(pair[0], pair[1])
    assert not is_own(pair[0], cube)


def test_a_bent_mesh_and_its_bones_have_one_take(ready: Any, pair: list[Any]) -> None:
    face = make_head("Face")
    face.shape_key_clear()
    face.modifiers.new("Armature", "ARMATURE").object = pair[0]
    bpy.ops.emotalk.animate()

    ready.rig.character = face
    bpy.ops.emotalk.animate()

    assert len(ready.takes) == 1
