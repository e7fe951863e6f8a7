"""Remove gives the face back as it was before the first Animate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import (
    EASE_IN,
    EASE_OUT,
    babble,
    fcurves,
    keys_of,
    make_head,
    put_bones_under,
    voice_of,
    write_wav,
)

MIDDLE = 40  # a frame inside the take, mouth open


def values_of(head: Any) -> dict[str, float]:
    """What is not at rest; the Basis stands at 1 from Blender 5.0 on."""
    return {b.name: b.value for b in head.data.shape_keys.key_blocks[1:] if b.value != 0.0}


def animate_and_remove() -> None:
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)
    bpy.ops.emotalk.clear()
    bpy.context.view_layer.update()


def test_the_face_is_not_left_in_the_middle_of_a_word(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)
    assert values_of(head)

    bpy.ops.emotalk.clear()
    bpy.context.view_layer.update()

    assert not values_of(head)


def test_a_value_set_by_hand_before_is_back(ready: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)

    animate_and_remove()  # the same take again: what it was before the first one counts

    assert values_of(head) == {"mouthSmileLeft": 0.25}


def test_values_set_between_two_takes_count_for_the_second(ready: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    animate_and_remove()
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.5

    animate_and_remove()

    assert values_of(head) == {"mouthSmileLeft": 0.5}


def test_an_action_that_was_unlinked_is_not_taken_for_the_users_own_pose(
    ready: Any, head: Any
) -> None:
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)
    head.data.shape_keys.animation_data.action = None
    assert values_of(head)

    animate_and_remove()

    assert not values_of(head)


def test_bones_go_back_to_where_they_were(ready: Any, head: Any) -> None:
    pose = put_bones_under(head).pose.bones["head"]
    pose.rotation_quaternion = (0.8, 0.6, 0.0, 0.0)

    animate_and_remove()

    assert tuple(pose.rotation_quaternion) == pytest.approx((0.8, 0.6, 0.0, 0.0))


def test_a_saved_file_still_knows(ready: Any, head: Any, tmp_path: Path) -> None:
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))

    bpy.ops.emotalk.clear()
    bpy.context.view_layer.update()

    assert values_of(bpy.data.objects["Head"]) == {"mouthSmileLeft": 0.25}


@pytest.mark.parametrize("kept", [None, "no JSON"])
def test_where_nothing_was_kept_the_face_goes_to_rest(ready: Any, head: Any, kept: Any) -> None:
    """Takes of an older version, and a property that somebody else wrote."""
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)
    for block in (head.data.shape_keys, armature):
        assert block.pop("emotalk_before")
        if kept is not None:
            block["emotalk_before"] = kept

    bpy.ops.emotalk.animate()  # it cannot know any more, and must not take these for the user's
    bpy.ops.emotalk.clear()
    bpy.context.view_layer.update()

    assert not values_of(head)
    assert tuple(armature.pose.bones["head"].rotation_quaternion) == (1.0, 0.0, 0.0, 0.0)


def test_what_the_user_keyed_into_our_action_is_left_as_it_stands(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    armature.location.x = 2.0
    armature.keyframe_insert("location", frame=MIDDLE)
    assert ("location", 0) in fcurves(armature)

    animate_and_remove()

    assert armature.location.x == 2.0


def test_undo_brings_the_take_back(ready: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.25
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(MIDDLE)
    bpy.ops.ed.undo_push(message="animated")
    bpy.ops.emotalk.clear("EXEC_DEFAULT", True)  # noqa: FBT003 - Blender's own: with undo
    assert not bpy.data.actions

    bpy.ops.ed.undo()
    assert bpy.data.actions
    bpy.ops.emotalk.clear()
    bpy.context.view_layer.update()

    assert values_of(bpy.data.objects["Head"]) == {"mouthSmileLeft": 0.25}


def second_take(ours: Any, tmp_path: Path, start: int) -> None:
    """Another sound on the same face."""
    ours.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ours.start_frame = start
    bpy.ops.emotalk.animate()


@pytest.mark.parametrize("start", [40, 200])
def test_one_of_two_takes_goes_and_the_other_stays_whole(
    ready: Any, head: Any, tmp_path: Path, start: int
) -> None:
    bpy.ops.emotalk.animate()
    second_take(ready, tmp_path, start)
    frames, values = voice_of(head, "jawOpen")
    ready.take_index = 0

    bpy.ops.emotalk.clear()

    left, now = voice_of(head, "jawOpen")
    assert [take.first_frame for take in ready.takes] == [start]
    assert keys_of(head, "jawOpen")[0][0] == start - EASE_IN
    np.testing.assert_array_equal(left, frames)
    np.testing.assert_array_equal(now, values)
    ready.take_index = 0
    bpy.ops.emotalk.clear()
    assert not bpy.data.actions


def test_a_mesh_that_the_other_take_leaves_alone_keeps_no_keys(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    teeth = make_head("Teeth")
    teeth.parent = head
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    next(item for item in ready.rig.targets if item.object == teeth).use = False
    second_take(ready, tmp_path, 60)
    ready.take_index = 0

    bpy.ops.emotalk.clear()

    assert teeth.data.shape_keys.animation_data.action is None
    assert keys_of(head, "jawOpen")[0][0] == 60 - EASE_IN


def test_take_of_another_scene_keeps_its_keys(ready: Any, head: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    scene = bpy.data.scenes.new("Other")
    scene.collection.objects.link(head)
    bpy.context.window.scene = scene
    theirs = scene.emotalk
    theirs.source, theirs.rig.character = "FILE", head
    second_take(theirs, tmp_path, 200)

    bpy.ops.emotalk.clear()

    frames, _ = keys_of(head, "jawOpen")
    assert (len(theirs.takes), frames.max()) == (0, 77 + EASE_OUT)


def test_keyed_sliders_stay_with_their_takes(ready: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    second_take(ready, tmp_path, 200)
    scene = bpy.context.scene
    for place, slider in ((0, "happy"), (1, "sad")):
        group = ready.takes[place].controls
        scene.keyframe_insert(group.path_from_id(slider), frame=1)
    ready.take_index = 0

    bpy.ops.emotalk.clear()

    paths = [path for path, _ in fcurves(scene)]
    assert paths == ["emotalk.takes[0].controls.sad"]


def test_face_chosen_by_another_part_is_the_same_take(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    ready.rig.character = armature
    bpy.ops.emotalk.animate()
    ready.rig.character = head

    bpy.ops.emotalk.animate()

    assert len(ready.takes) == 1


def test_users_own_curves_in_our_action_stay(ready: Any, head: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    second_take(ready, tmp_path, 200)
    head.data.shape_keys.keyframe_insert("eval_time", frame=20)
    ready.take_index = 0

    bpy.ops.emotalk.clear()

    assert ("eval_time", 0) in fcurves(head.data.shape_keys)


def test_a_mesh_of_the_removed_take_alone_is_given_back(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    teeth = make_head("Teeth")
    teeth.parent = head
    bpy.ops.emotalk.animate()
    assert values_at(teeth, MIDDLE)
    ready.rig.targets.clear()
    target = ready.rig.targets.add()
    target.object, target.use = head, True
    target = ready.rig.targets.add()
    target.object, target.use = teeth, False
    second_take(ready, tmp_path, 200)
    ready.take_index = 0

    bpy.ops.emotalk.clear()
    bpy.context.view_layer.update()

    assert not values_of(teeth)
    assert teeth.data.shape_keys.animation_data.action is None
    assert keys_of(head, "jawOpen")[0].min() == 200 - EASE_IN


def test_action_that_another_head_shares_is_left_to_it(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()
    second_take(ready, tmp_path, 200)
    twin = make_head("Twin")
    data = twin.data.shape_keys.animation_data_create()
    ours = head.data.shape_keys.animation_data
    data.action = ours.action
    if hasattr(data, "action_slot"):
        data.action_slot = ours.action_slot
    n_keys = len(keys_of(twin, "jawOpen")[0])
    ready.take_index = 0

    bpy.ops.emotalk.clear()

    assert len(keys_of(twin, "jawOpen")[0]) == n_keys
    assert len(keys_of(head, "jawOpen")[0]) < n_keys


def values_at(head: Any, frame: int) -> dict[str, float]:
    bpy.context.scene.frame_set(frame)
    return values_of(head)


def test_own_keys_in_our_action_stay_and_the_action_is_the_users_then(
    ready: Any, head: Any
) -> None:
    head.shape_key_add(name="Wound").value = 0.0
    bpy.ops.emotalk.animate()
    keys = head.data.shape_keys
    keys.key_blocks["Wound"].value = 0.7
    keys.key_blocks["Wound"].keyframe_insert("value", frame=30)
    keys.key_blocks["jawOpen"].value = 0.4
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=400)

    bpy.ops.emotalk.clear()

    left = {path: [*curve.keyframe_points] for (path, _), curve in fcurves(keys).items()}
    assert {path: [point.co.x for point in points] for path, points in left.items()} == {
        'key_blocks["Wound"].value': [30.0],
        'key_blocks["jawOpen"].value': [400.0],
    }
    assert "emotalk_owner" not in keys.animation_data.action
    assert not [*keys.keys()]


def test_an_imported_clip_is_a_take_of_its_own_and_goes(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()
    clip = str(tmp_path / "clip.npz")
    bpy.ops.emotalk.export_clip(filepath=clip)
    bpy.context.scene.frame_current = 200
    bpy.ops.emotalk.import_clip(filepath=clip)

    ready.take_index = 0

    bpy.ops.emotalk.clear()

    assert keys_of(head, "jawOpen")[0][0] == 200.0
    bpy.ops.emotalk.clear()
    assert not fcurves(head.data.shape_keys)


def test_own_keys_on_the_armature_stay(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    armature.location.x = 2.0
    armature.keyframe_insert("location", frame=1)

    bpy.ops.emotalk.clear()

    assert {path for path, _ in fcurves(armature)} == {"location"}


def test_own_keys_on_a_part_that_was_switched_off_stay(ready: Any, head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen", "jawLeft"))
    teeth.parent = head
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    next(item for item in ready.rig.targets if item.object == teeth).use = False
    bpy.ops.emotalk.animate()
    mine = teeth.data.shape_keys.key_blocks["jawLeft"]
    mine.keyframe_insert("value", frame=10)

    bpy.ops.emotalk.clear()

    assert keys_of(teeth, "jawLeft")[0].tolist() == [10.0]


def test_a_locked_curve_outlives_remove(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    fcurves(head.data.shape_keys)['key_blocks["jawOpen"].value', 0].lock = True
    before = keys_of(head, "jawOpen")[1].tolist()

    bpy.ops.emotalk.clear()

    assert keys_of(head, "jawOpen")[1].tolist() == before
    assert len(fcurves(head.data.shape_keys)) == 1
