"""Actions of ours that hold more than a face's keys, or belong to somebody else too."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from tests.addon.scenes import fcurves, keys_of, make_head

needs_slots = pytest.mark.skipif(
    bpy.app.version < (4, 4), reason="Actions have slots from Blender 4.4 on"
)


def move(thing: Any) -> None:
    """Key where an object is; Blender puts that into the Action of its shape keys."""
    for frame, x in ((1, 0.0), (100, 5.0)):
        thing.location.x = x
        thing.keyframe_insert("location", frame=frame)


def way_of(thing: Any) -> list[float]:
    """Where an object's own keys are on x."""
    curve = fcurves(thing)["location", 0]
    return [point.co.y for point in curve.keyframe_points]


@needs_slots
@pytest.mark.parametrize("n_more", [0, 1, 2])
def test_keys_of_the_object_outlive_remove(ready: Any, head: Any, n_more: int) -> None:
    bpy.ops.emotalk.animate()
    move(head)
    for _ in range(n_more):
        bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()

    assert way_of(head) == [0.0, 5.0]
    action = head.animation_data.action
    assert [slot.identifier for slot in action.slots] == ["OBHead"]
    assert "emotalk_owner" not in action
    assert head.data.shape_keys.animation_data.action is None
    assert [*bpy.data.actions] == [action]


@needs_slots
def test_keys_of_the_object_get_an_action_of_their_own(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    move(head)

    bpy.ops.emotalk.animate()

    ours = head.data.shape_keys.animation_data.action
    assert (ours.name, head.animation_data.action.name) == ("Head.emotalk", "HeadAction")
    assert [slot.identifier[:2] for slot in ours.slots] == ["KE"]
    assert "HeadAction" in ready.takes[0].warnings


@needs_slots
def test_keys_of_a_mesh_that_is_switched_off_stay(ready: Any, head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    move(teeth)
    next(item for item in ready.takes[0].rig.targets if item.object == teeth).use = False

    bpy.ops.emotalk.refresh()

    assert way_of(teeth) == [0.0, 5.0]
    assert teeth.data.shape_keys.animation_data.action is None


@needs_slots
def test_keys_that_nothing_uses_just_now_stay_in_the_file(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    move(head)
    action = head.animation_data.action
    head.animation_data.action = None

    bpy.ops.emotalk.clear()

    assert action.use_fake_user
    assert [slot.identifier for slot in action.slots] == ["OBHead"]


@needs_slots
def test_keys_by_hand_in_the_face_stay_beside_those_of_the_object(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    move(head)
    head.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=400)

    bpy.ops.emotalk.clear()

    assert keys_of(head, "jawOpen")[0].tolist() == [400.0]
    assert way_of(head) == [0.0, 5.0]
