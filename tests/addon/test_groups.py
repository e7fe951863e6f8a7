"""In the Dope Sheet our curves stand in groups by part of the face; nobody else's are moved."""

from __future__ import annotations

from typing import Any

import bpy

from tests.addon.scenes import fcurves, put_bones_under

JAW = ('key_blocks["jawOpen"].value', 0)


def groups_of(block: Any) -> Any:
    """The groups of its Action, of its slot where slots exist."""
    from emotalk.addon.bridge import compat

    return compat.fcurves_of(block).data.groups


def sizes(block: Any) -> dict[str, int]:
    """How many curves each group has."""
    return {group.name: len(group.channels) for group in groups_of(block)}


def test_a_face_has_its_groups(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()

    assert sizes(head.data.shape_keys) == {
        "EmoTalk Eyes": 14,
        "EmoTalk Jaw": 4,
        "EmoTalk Mouth": 24,
        "EmoTalk Brows": 5,
        "EmoTalk Cheeks and Nose": 5,
    }


def test_bones_have_theirs(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)

    bpy.ops.emotalk.animate()

    assert sizes(armature) == {"EmoTalk Head": 4}


def test_a_second_take_is_in_the_same_groups(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    before = sizes(head.data.shape_keys)
    ready.start_frame = 200

    bpy.ops.emotalk.animate()

    assert sizes(head.data.shape_keys) == before


def test_a_curve_stays_in_another_group(ready: Any, head: Any) -> None:
    """Where somebody has put it, or a version that had one group for all."""
    bpy.ops.emotalk.animate()
    curve = fcurves(head.data.shape_keys)[JAW]
    curve.group = groups_of(head.data.shape_keys).new("EmoTalk")

    bpy.ops.emotalk.refresh()

    assert fcurves(head.data.shape_keys)[JAW].group.name == "EmoTalk"


def test_curves_that_others_have_added_stay_out_of_our_groups(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    key = head.data.shape_keys
    key.keyframe_insert("eval_time", frame=20)
    before = fcurves(key)["eval_time", 0].group

    bpy.ops.emotalk.refresh()

    now = fcurves(key)["eval_time", 0].group
    assert (now and now.name) == (before and before.name)


def test_removing_a_take_leaves_no_empty_group(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    key = head.data.shape_keys
    key.keyframe_insert("eval_time", frame=20)

    bpy.ops.emotalk.clear()

    assert list(fcurves(key)) == [("eval_time", 0)]
    assert not [name for name in sizes(key) if name.startswith("EmoTalk")]


def test_switching_the_head_off_leaves_no_empty_group(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    armature.keyframe_insert("location", frame=20)
    ready.rig.use_head = False

    bpy.ops.emotalk.animate()

    assert not [name for name in sizes(armature) if name.startswith("EmoTalk")]
