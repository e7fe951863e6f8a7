"""Which keys are known as those of a copy, and whose."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.addon.copy_scenes import adopt, all_keys, duplicate, of
from tests.addon.ease_scenes import changed
from tests.addon.layouts import Layout, context_of
from tests.addon.passage_scenes import feel, remove
from tests.addon.scenes import fcurves, linked_duplicate, make_head, put_bones_under


def test_there_is_nothing_to_adopt_without_a_copy(two: Any, head: Any) -> None:
    make_head("Ben")

    assert not bpy.ops.emotalk.adopt_keys.poll()


def test_what_has_its_takes_is_asked_for_no_more(two: Any, twin: Any) -> None:
    assert bpy.ops.emotalk.adopt_keys.poll()

    adopt()

    assert not bpy.ops.emotalk.adopt_keys.poll()


def test_keys_by_hand_on_a_copy_count_as_such(two: Any, head: Any, twin: Any) -> None:
    curve = fcurves(twin.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    curve.keyframe_points[20].co.y += 0.3
    curve.update()

    adopt()

    assert [changed(take) for take in two.takes] == [0, 0, 1, 0]


def test_keys_that_are_no_takes_are_left_to_the_user(two: Any, head: Any, twin: Any) -> None:
    """Most of the animation moved: little is as any take has written it."""
    for curve in [*fcurves(twin.data.shape_keys).values()][10:]:
        for point in curve.keyframe_points:
            point.co.x += 500
        curve.update()
    was = all_keys(twin)

    adopt()

    assert len(two.takes) == 2
    assert "emotalk_owner" not in twin.data.shape_keys.animation_data.action
    assert all_keys(twin) == was
    assert not bpy.ops.emotalk.adopt_keys.poll()


def test_keys_that_an_appended_character_brings_are_told(
    two: Any, head: Any, tmp_path: Any
) -> None:
    path, sound = str(tmp_path / "other shot.blend"), two.filepath
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.append(directory=f"{path}/Object/", filename="Head")
    ours = bpy.context.scene.emotalk
    ours.source, ours.filepath, ours.start_frame = "FILE", sound, 5
    ours.rig.character = bpy.data.objects["Head"]

    bpy.ops.emotalk.animate()

    told = "Head had EmoTalk's keys of no take in this file"
    assert told in ours.takes[0].warnings
    bpy.ops.emotalk.animate()
    assert told not in ours.takes[0].warnings


def delete_with_x(head: Any) -> None:
    """Takes hold it still, but no scene."""
    with bpy.context.temp_override(selected_objects=[head]):
        bpy.ops.object.delete()


@pytest.mark.parametrize("delete", [delete_with_x, lambda head: bpy.data.objects.remove(head)])
def test_a_copy_outlives_its_deleted_original(
    two: Any, head: Any, twin: Any, delete: Callable[[Any], None]
) -> None:
    delete(head)

    adopt()

    assert [take.name for take in of(two, twin)] == ["Head.001: speech.wav", "Head.001: second.wav"]
    assert [changed(take) for take in of(two, twin)] == [0, 0]


def test_copies_are_known_in_a_saved_file(two: Any, twin: Any, tmp_path: Any) -> None:
    path = str(tmp_path / "copy.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)

    adopt()

    ours, twin = bpy.context.scene.emotalk, bpy.data.objects["Head.001"]
    assert [changed(take) for take in of(ours, twin)] == [0, 0]


def test_copies_of_copies_have_the_takes_of_these(two: Any, head: Any, twin: Any) -> None:
    third = duplicate(twin)[0]  # before the first has any
    adopt()
    feel(two, 3, 1.0)  # of the first copy alone
    fourth = duplicate(twin)[0]

    adopt()

    assert len(of(two, third)) == len(of(two, fourth)) == 2
    assert of(two, fourth)[1].controls.happy == 1.0
    assert [changed(take) for take in two.takes] == [0] * 8


def lie_loose(head: Any, teeth: Any) -> list[Any]:
    """As importers leave parts: in a collection, and that is all."""
    collection = bpy.data.collections.new("Loose")
    bpy.context.scene.collection.children.link(collection)
    for part in (head, teeth):
        collection.objects.link(part)
    return [head, teeth]


def hang_together(head: Any, teeth: Any) -> list[Any]:
    """On one armature."""
    teeth.parent = head
    return [head, teeth, put_bones_under(head)]


@pytest.mark.parametrize("lie", [lie_loose, hang_together])
def test_parts_of_each_copy_stay_together(
    ready: Any, head: Any, lie: Callable[[Any, Any], list[Any]]
) -> None:
    parts = lie(head, make_head("Teeth", ("jawOpen",)))
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    for _ in range(2):
        duplicate(*parts)

    adopt()

    names = [[target.object.name for target in take.rig.targets] for take in ready.takes]
    assert names == [["Head", "Teeth"], ["Head.001", "Teeth.001"], ["Head.002", "Teeth.002"]]
    assert [changed(take) for take in ready.takes] == [0, 0, 0]


def test_the_bones_of_a_copy_are_its_own(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    ready.rig.character = armature
    bpy.ops.emotalk.animate()
    _, copied = duplicate(armature, head)
    bones = copied.parent

    adopt()

    take = ready.takes[1]
    assert (take.rig.character, take.armature) == (bones, bones)
    assert bones.animation_data.action.name == f"{bones.name}.emotalk"
    remove(ready, 0)
    assert fcurves(bones)
    assert not fcurves(armature)


def test_a_mesh_that_was_copied_below_the_same_bones_gets_no_take(ready: Any, head: Any) -> None:
    """It would be another take of the very same face."""
    put_bones_under(head)
    bpy.ops.emotalk.animate()
    duplicate(head)

    adopt()

    assert len(ready.takes) == 1


def test_two_who_say_the_same_keep_their_copies_apart(ready: Any, head: Any, ben: Any) -> None:
    bpy.ops.emotalk.animate()
    ready.rig.character = ben
    bpy.ops.emotalk.animate()
    duplicate(head, ben)

    adopt()

    names = [take.name.partition(":")[0] for take in ready.takes]
    assert sorted(names) == ["Ben", "Ben.001", "Head", "Head.001"]
    assert [changed(take) for take in ready.takes] == [0] * 4


def test_copies_that_share_an_action_have_each_take_once(two: Any, head: Any) -> None:
    """With Blender's preference *Duplicate Data: Action* off."""
    edit = bpy.context.preferences.edit
    was, edit.use_duplicate_action = edit.use_duplicate_action, False
    copies = []
    for _ in range(2):
        copies += duplicate(head)
        adopt()
    edit.use_duplicate_action = was

    assert [len(of(two, thing)) for thing in (head, *copies)] == [2, 2, 2]
    assert head.data.shape_keys.animation_data.action.name == "Head.emotalk"


def test_linked_duplicates_share_the_takes_as_they_share_the_mesh(two: Any, head: Any) -> None:
    linked_duplicate(head)

    assert not bpy.ops.emotalk.adopt_keys.poll()


def test_bones_of_a_linked_duplicate_get_no_take(ready: Any, head: Any) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    duplicate(armature, head, is_linked=True)

    assert not bpy.ops.emotalk.adopt_keys.poll()
    bpy.ops.emotalk.refresh_all()
    assert len(ready.takes) == 1


def test_a_pasted_copy_is_one_too(two: Any, head: Any) -> None:
    head.select_set(state=True)
    bpy.ops.view3d.copybuffer()
    bpy.ops.view3d.pastebuffer()
    pasted = bpy.context.selected_objects[0]

    adopt()

    assert pasted != head
    assert [changed(take) for take in of(two, pasted)] == [0, 0]


def test_a_copy_that_is_deleted_while_a_job_runs_harms_nothing(two: Any, twin: Any) -> None:
    from emotalk.addon.bridge.take import adopted

    adoption = adopted.adopt(bpy.context.scene)
    bpy.data.objects.remove(twin)

    assert adoption.keep() == "Head.001 has 2 takes of its own now"


def test_the_panel_names_copies_and_offers_their_takes(two: Any, twin: Any) -> None:
    from emotalk.addon.ui.takes import EMOTALK_PT_takes

    def drawn() -> tuple[str, list[str]]:
        layout = Layout()
        EMOTALK_PT_takes.draw(SimpleNamespace(layout=layout), context_of(300))
        return " ".join(layout.labels), layout.buttons

    told, buttons = drawn()
    assert told.startswith("Head.001: keys of takes that are not listed")
    assert "emotalk.adopt_keys" in buttons

    adopt()

    told, buttons = drawn()
    assert "not listed" not in told
    assert "emotalk.adopt_keys" not in buttons
