"""A user's own Action that ours replaces whole comes back with Remove."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from tests.addon.scenes import make_head, users_action

JAW = 'key_blocks["jawOpen"].value'
NONE = 'key_blocks["!none"].value'


@pytest.mark.parametrize("name", ["Renamed", "Character_Expression_Clip_2026_11_27_" + "x" * 42])
def test_the_users_action_comes_back_whatever_it_is_called(
    ready: Any, head: Any, name: str
) -> None:
    mine = users_action(head.data.shape_keys, JAW)
    mine.name = name if len(name) > 49 else mine.name
    bpy.ops.emotalk.animate()
    mine.name = name

    bpy.ops.emotalk.clear()

    assert head.data.shape_keys.animation_data.action == mine
    assert not head.data.shape_keys.animation_data.nla_tracks
    assert [*head.data.shape_keys.keys()] == []


@pytest.mark.skipif(bpy.app.version < (4, 4), reason="Actions have slots from Blender 4.4 on")
def test_of_a_users_action_the_slot_comes_back_too(ready: Any, head: Any) -> None:
    keys = head.data.shape_keys
    mine = users_action(keys, JAW)
    slot = mine.slots.new("KEY", "Other")
    curves = mine.layers[0].strips[0].channelbag(slot, ensure=True).fcurves
    curves.new(JAW).keyframe_points.insert(1, 0.5)
    keys.animation_data.action_slot = slot
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()

    assert keys.animation_data.action_slot == slot


def test_a_users_action_deleted_meanwhile_is_missed_without_an_error(ready: Any, head: Any) -> None:
    mine = users_action(head.data.shape_keys, JAW)
    bpy.ops.emotalk.animate()
    bpy.data.actions.remove(mine)

    bpy.ops.emotalk.clear()

    assert head.data.shape_keys.animation_data.action is None


@pytest.mark.parametrize("other", ["!none", "!wound"])
def test_of_a_face_that_somebody_took_our_action_off_remove_gives_all_back(
    ready: Any, head: Any, other: str
) -> None:
    keys = head.data.shape_keys
    head.shape_key_add(name="!wound").value = 0.0
    paths = [path for path in (JAW, f'key_blocks["{other}"].value') if path != NONE]
    mine = users_action(keys, *paths)
    keys.key_blocks["mouthSmileLeft"].value = 0.25
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(30)
    keys.animation_data.action = None

    bpy.ops.emotalk.clear()

    assert keys.animation_data.action == mine
    assert keys.key_blocks["mouthSmileLeft"].value == 0.25
    assert [*keys.keys()] == []


def test_a_face_whose_animation_was_cleared_is_not_left_in_a_word(ready: Any, head: Any) -> None:
    keys = head.data.shape_keys
    bpy.ops.emotalk.animate()
    keys.key_blocks["jawOpen"].value = 0.5
    keys.animation_data_clear()

    bpy.ops.emotalk.clear()

    assert keys.key_blocks["jawOpen"].value == 0.0


def test_a_take_that_was_pushed_down_speaks_on(ready: Any, head: Any) -> None:
    users_action(head.data.shape_keys, JAW)
    bpy.ops.emotalk.animate()
    data = head.data.shape_keys.animation_data
    strip = data.nla_tracks.new().strips.new("Take", 1, data.action)
    data.action = None

    bpy.ops.emotalk.clear()

    assert data.action is None
    assert strip.action.name == "Head.emotalk"


def test_an_action_kept_by_an_earlier_version_comes_back(ready: Any, head: Any) -> None:
    mine = users_action(head.data.shape_keys, JAW)
    bpy.ops.emotalk.animate()
    keys = head.data.shape_keys
    del keys["emotalk_replaced"]  # it had an empty track instead, with the name
    keys.animation_data.nla_tracks.new().name = "EmoTalk kept: Mine"

    bpy.ops.emotalk.clear()

    assert keys.animation_data.action == mine
    assert not keys.animation_data.nla_tracks


def test_an_action_comes_back_when_its_mesh_is_switched_off(ready: Any, head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head
    mine = users_action(teeth.data.shape_keys, JAW)
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    next(item for item in ready.rig.targets if item.object == teeth).use = False

    bpy.ops.emotalk.animate()

    assert teeth.data.shape_keys.animation_data.action == mine


@pytest.mark.skipif(bpy.app.version < (4, 4), reason="Actions have slots from Blender 4.4 on")
def test_an_action_whose_slot_was_renamed_comes_back(ready: Any, head: Any) -> None:
    mine = users_action(head.data.shape_keys, JAW)
    bpy.ops.emotalk.animate()
    mine.slots[0].name_display = "Anna"

    bpy.ops.emotalk.clear()

    data = head.data.shape_keys.animation_data
    assert (data.action, data.action_slot) == (mine, mine.slots[0])
