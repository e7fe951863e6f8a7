"""What becomes of a character after Animate: keys and bones renamed, another parent."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from tests.addon.scenes import fcurves, keys_of, put_bones_under, voice_of


@pytest.fixture
def armature(ready: Any, head: Any) -> Any:
    """What the head hangs on, its bone turned a little by its user; all of it animated."""
    made = put_bones_under(head)
    bpy.ops.emotalk.animate()
    return made


def action_of(block: Any) -> Any:
    return block.animation_data.action if block.animation_data else None


def test_a_renamed_key_goes_with_its_take(ready: Any, head: Any) -> None:
    block = head.data.shape_keys.key_blocks["jawOpen"]
    block.value = 0.25
    bpy.ops.emotalk.animate()
    block.name = "Klappe"
    bpy.context.scene.frame_set(40)

    bpy.ops.emotalk.clear()

    assert action_of(head.data.shape_keys) is None
    assert block.value == 0.25


def test_a_key_renamed_so_that_nobody_knows_it_loses_its_keys(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    head.data.shape_keys.key_blocks["jawOpen"].name = "Klappe"

    bpy.ops.emotalk.refresh()

    assert not [path for path, _ in fcurves(head.data.shape_keys) if "Klappe" in path]
    assert ready.takes[0].warnings == "Head: 1 shape key not driven any more, Klappe first"
    bpy.ops.emotalk.refresh()
    assert ready.takes[0].warnings == ""


def test_a_key_renamed_to_another_spelling_is_no_work_of_a_hand(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge.faces import by_hand

    bpy.ops.emotalk.animate()
    head.data.shape_keys.key_blocks["jawOpen"].name = "JawOpen"

    assert not by_hand.changed_curves(ready.takes[0])
    bpy.ops.emotalk.refresh()

    assert len(voice_of(head, "JawOpen")[0]) == 73
    assert "by hand" not in ready.takes[0].warnings


def test_two_equal_keys_that_are_renamed_go_with_their_take(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    for side in ("Left", "Right"):
        head.data.shape_keys.key_blocks[f"eyeBlink{side}"].name = f"Lid {side}"

    bpy.ops.emotalk.clear()

    assert action_of(head.data.shape_keys) is None


def test_a_renamed_bone_goes_with_its_take(ready: Any, armature: Any) -> None:
    armature.data.bones[0].name = "kopf_xx"

    bpy.ops.emotalk.clear()

    assert action_of(armature) is None


@pytest.mark.parametrize("button", ["refresh", "clear"])
def test_an_armature_that_the_head_was_taken_off_is_let_go(
    ready: Any, head: Any, armature: Any, button: str
) -> None:
    head.parent = None

    getattr(bpy.ops.emotalk, button)()

    assert action_of(armature) is None


def test_a_users_own_key_is_not_taken_for_a_renamed_one(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    block = head.shape_key_add(name="Extra")
    block.keyframe_insert("value", frame=20)
    head.shape_key_remove(head.data.shape_keys.key_blocks["jawOpen"])

    bpy.ops.emotalk.clear()

    assert len(keys_of(head, "Extra")[0]) == 1
