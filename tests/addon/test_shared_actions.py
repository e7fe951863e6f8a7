"""Actions of ours that hold more than a face's keys, or belong to somebody else too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import EASE_IN, EASE_OUT, fcurves, keys_of, make_head

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


@pytest.fixture
def linked(ready: Any, head: Any, tmp_path: Path) -> Any:
    """A head in a new file, with the Action of a take that is linked from another file."""
    bpy.ops.emotalk.animate()
    library, sound = tmp_path / "library.blend", ready.filepath
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.actions = ["Head.emotalk"]
    thing, ours = make_head(), bpy.context.scene.emotalk
    data = thing.data.shape_keys.animation_data_create()
    data.action = wanted.actions[0]
    if hasattr(data, "action_slot"):
        data.action_slot = data.action.slots[0]
    ours.source, ours.filepath, ours.start_frame, ours.rig.character = "FILE", sound, 200, thing
    return data


def n_keys(action: Any, head: Any) -> int:
    """Keys of the jaw in an Action, whoever uses it."""
    data = head.data.shape_keys.animation_data
    was, data.action = data.action, action
    if hasattr(data, "action_slot"):
        data.action_slot = action.slots[0]
    n = len(keys_of(head, "jawOpen")[0])
    data.action = was
    return n


def test_a_linked_action_gets_a_copy_that_is_saved(linked: Any, tmp_path: Path) -> None:
    theirs, ours = linked.action, bpy.context.scene.emotalk
    before = n_keys(theirs, bpy.data.objects["Head"])

    bpy.ops.emotalk.animate()

    assert linked.action.library is None
    assert "its Action Head.emotalk is linked, so it got a copy" in ours.takes[0].warnings
    frames, _ = keys_of(bpy.data.objects["Head"], "jawOpen")
    assert len(frames) > before
    assert (frames.min(), frames.max()) == (5 - EASE_IN, ours.takes[0].last_frame + EASE_OUT)
    assert n_keys(theirs, bpy.data.objects["Head"]) == before
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    np.testing.assert_array_equal(keys_of(bpy.data.objects["Head"], "jawOpen")[0], frames)


@pytest.mark.parametrize("change", ["ease", "remove", "sliders"])
def test_a_take_whose_action_is_linked_by_now_is_not_written_into(linked: Any, change: str) -> None:
    head, theirs = bpy.data.objects["Head"], linked.action
    before = n_keys(theirs, head)
    bpy.ops.emotalk.animate()
    linked.action = theirs
    if hasattr(linked, "action_slot"):
        linked.action_slot = theirs.slots[0]
    ours = bpy.context.scene.emotalk

    if change == "remove":
        bpy.ops.emotalk.clear()
    else:
        setattr(ours.takes[0].controls, *(("ease_s", 0.0) if change == "ease" else ("happy", 1.0)))
        bpy.ops.emotalk.refresh()

    assert theirs.library is not None
    assert n_keys(theirs, head) == before
