"""Copies of animated characters get takes of their own, which work like others."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.copy_scenes import APART, adopt, all_keys, duplicate, of
from tests.addon.ease_scenes import changed
from tests.addon.passage_scenes import remove
from tests.addon.scenes import fcurves, keys_of, state, tick


def test_a_copy_has_the_same_takes_of_its_own(two: Any, head: Any, twin: Any) -> None:
    adopt()

    assert [take.name for take in of(two, head)] == ["Head: speech.wav", "Head: second.wav"]
    assert [take.name for take in of(two, twin)] == ["Head.001: speech.wav", "Head.001: second.wav"]
    assert len({take.uid for take in two.takes}) == 4
    assert [changed(take) for take in two.takes] == [0] * 4
    assert two.takes[3].controls.happy == pytest.approx(0.6)
    assert two.takes[3].controls.mix == two.takes[1].controls.mix == 1.0
    assert two.takes[3].controls.took_over
    assert [target.object for target in two.takes[2].rig.targets] == [twin]
    assert two.take_index == 2
    assert all_keys(twin) == all_keys(head)


def test_the_sliders_of_a_copy_move_it_alone(two: Any, head: Any, twin: Any) -> None:

    adopt()
    was = all_keys(head)

    two.takes[2].controls.happy = 0.9
    tick()  # at once: what was heard is at hand

    assert all_keys(head) == was
    assert all_keys(twin) != was


def test_a_copy_is_told_what_its_keys_show(two: Any, head: Any, twin: Any) -> None:
    from emotalk.addon.bridge.asked import controls, phones

    two.live = False
    two.take_index = 0
    bpy.context.scene.frame_set(40)
    bpy.ops.emotalk.tell_lips(mouth="m")
    adopt()  # what its original was told was not followed yet
    assert not phones.all_of(two.takes[2].controls)

    two.takes[0].baked = controls.digest(two.takes[0].controls)  # now it was
    later = duplicate(head)[0]
    adopt()

    assert [one.symbol for one in phones.all_of(of(two, later)[0].controls)] == ["m"]
    assert phones.all_of(of(two, later)[0].controls) == phones.all_of(two.takes[0].controls)


@pytest.mark.parametrize("first", [0, 2])
def test_the_takes_of_each_are_removed_without_the_others(
    two: Any, head: Any, twin: Any, first: int
) -> None:
    adopt()
    stays, goes = (twin, head) if first == 0 else (head, twin)
    was = all_keys(stays)

    remove(two, first)
    remove(two, first)

    assert all_keys(stays) == was
    assert not all_keys(goes)
    assert [changed(take) for take in two.takes] == [0, 0]


def test_a_copy_without_takes_left_is_as_before_the_first(two: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.0
    bpy.context.scene.frame_set(40)
    twin = duplicate(head)[0]
    adopt()

    remove(two, 2)
    remove(two, 2)

    key = twin.data.shape_keys
    assert not any(block.value for block in key.key_blocks[1:])
    assert key.animation_data.action is None
    assert [action.name for action in bpy.data.actions] == ["Head.emotalk"]
    assert not [*key.keys()]


def test_the_action_of_a_copy_is_called_after_it(two: Any, twin: Any) -> None:
    adopt()

    assert twin.data.shape_keys.animation_data.action.name == "Head.001.emotalk"


def test_an_action_that_was_given_a_name_keeps_it(two: Any, twin: Any) -> None:
    twin.data.shape_keys.animation_data.action.name = "Mine"

    adopt()

    assert twin.data.shape_keys.animation_data.action.name == "Mine"


def test_another_sound_on_a_copy_knows_the_takes_that_came_with_it(
    two: Any, head: Any, twin: Any, second: str
) -> None:
    two.rig.character, two.filepath, two.start_frame = twin, second, 300

    bpy.ops.emotalk.animate()

    assert [take.first_frame for take in of(two, twin)] == [5, APART, 300]
    assert [changed(take) for take in two.takes] == [0] * 5
    assert [*of(two, twin)[2].ease_written] == [*of(two, twin)[1].ease_written]
    assert two.takes[two.take_index].first_frame == 300


def test_the_same_sound_on_a_copy_makes_its_take_again(two: Any, head: Any, twin: Any) -> None:
    two.rig.character = twin  # its sound is that of the second take still
    was = all_keys(twin)

    bpy.ops.emotalk.animate()

    assert len(of(two, twin)) == 2
    assert two.take_index == 3
    assert all_keys(twin) == was
    assert [*two.takes[3].ease_written] == [*two.takes[1].ease_written]


def test_a_clip_that_is_imported_onto_a_copy_knows_its_takes(
    two: Any, twin: Any, tmp_path: Any
) -> None:
    path = str(tmp_path / "clip.npz")
    bpy.ops.emotalk.export_clip(filepath=path)
    two.rig.character = twin
    bpy.context.scene.frame_set(300)

    bpy.ops.emotalk.import_clip(filepath=path)

    assert [take.first_frame for take in of(two, twin)] == [5, APART, 300]


def test_the_command_line_knows_copies_too(two: Any, twin: Any, tmp_path: Any) -> None:
    from emotalk.addon.commands import main

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "copy.blend"))

    assert main(["animate", "--sound", two.filepath, "--target", twin.name, "--start", "300"]) == 0

    ours, twin = bpy.context.scene.emotalk, bpy.data.objects["Head.001"]
    assert [take.first_frame for take in of(ours, twin)] == [5, APART, 300]


def test_removing_a_take_leaves_it_to_the_copy(two: Any, head: Any, twin: Any) -> None:
    was = all_keys(twin)

    remove(two, 1)
    remove(two, 0)

    assert [take.rig.character for take in two.takes] == [twin, twin]
    assert all_keys(twin) == was


def test_removing_the_takes_of_one_click_by_click_leaves_the_copys(
    two: Any, head: Any, twin: Any
) -> None:
    two.take_index = 1

    bpy.ops.emotalk.clear()
    bpy.ops.emotalk.clear()

    assert [take.rig.character for take in two.takes] == [twin, twin]
    assert not all_keys(head)


def test_the_take_of_the_active_copy_is_chosen(two: Any, head: Any, twin: Any) -> None:
    other = duplicate(head)[0]
    assert bpy.context.object == other

    adopt()

    assert two.takes[two.take_index].rig.character == other
    assert two.takes[two.take_index].name == "Head.002: speech.wav"


def test_updating_all_takes_updates_the_copy(two: Any, head: Any, twin: Any) -> None:
    for take in two.takes:
        take.start_frame += 3

    bpy.ops.emotalk.refresh_all()

    assert [take.first_frame for take in two.takes] == [8, APART + 3, 8, APART + 3]
    assert all_keys(twin) == all_keys(head)


def test_a_slider_that_moves_the_original_leaves_the_copy_its_takes(
    two: Any, head: Any, twin: Any
) -> None:

    was = all_keys(twin)
    two.takes[1].controls.happy = 1.0

    tick()

    assert [take.controls.happy for take in of(two, twin)] == pytest.approx([0.0, 0.6])
    assert [changed(take) for take in two.takes] == [0] * 4
    assert all_keys(twin) == was != all_keys(head)


def test_an_action_that_stays_shared_is_parted_when_one_is_removed(two: Any, head: Any) -> None:
    """With Blender's preference *Duplicate Data: Action* off."""
    edit = bpy.context.preferences.edit
    was, edit.use_duplicate_action = edit.use_duplicate_action, False
    twin = duplicate(head)[0]
    edit.use_duplicate_action = was
    keys = all_keys(twin)

    remove(two, 1)
    remove(two, 0)

    assert not all_keys(head)
    assert all_keys(twin) == keys
    assert len(of(two, twin)) == 2


def test_nothing_is_adopted_by_what_fails(two: Any, head: Any, twin: Any) -> None:
    two.rig.character, two.filepath = twin, "/not/there.wav"
    was = state()

    with pytest.raises(RuntimeError, match="not/there"):
        bpy.ops.emotalk.animate()

    assert state() == was


def test_one_undo_takes_the_takes_of_a_copy_away(two: Any, head: Any, twin: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    adopt()
    bpy.ops.ed.undo_push(message="adopted")

    bpy.ops.ed.undo()

    assert len(bpy.context.scene.emotalk.takes) == 2
    assert bpy.ops.emotalk.adopt_keys.poll()


def test_keyed_sliders_are_copied(two: Any, twin: Any) -> None:
    from emotalk.addon.bridge.take import live

    scene = bpy.context.scene
    for frame, happy in ((5, 0.0), (60, 1.0)):
        two.takes[0].controls.happy = happy
        scene.keyframe_insert("emotalk.takes[0].controls.happy", frame=frame)

    adopt()

    curve = fcurves(scene)["emotalk.takes[2].controls.happy", 0]
    np.testing.assert_allclose([p.co.y for p in curve.keyframe_points], [0.0, 1.0])
    assert live.is_stale(two.takes[2]) == live.is_stale(two.takes[0])


def test_a_passage_of_a_copy_follows_its_own_take(halves: Any, head: Any) -> None:
    twin = duplicate(head)[0]
    adopt()
    was = keys_of(head, "mouthSmileLeft")[1].tolist()
    assert [take.passage_from for take in of(halves, twin)] == ["", halves.takes[2].uid]

    remove(halves, 2)

    assert of(halves, twin)[0].passage_from == ""
    assert keys_of(head, "mouthSmileLeft")[1].tolist() == was
    assert halves.takes[1].passage_from == halves.takes[0].uid


def test_a_draw_asks_one_take_of_each_character(
    two: Any, ben: Any, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit has a thousand takes of a few."""
    from emotalk.addon.bridge.take import adopted

    two.rig.character = ben
    two.start_frame = 400
    bpy.ops.emotalk.animate()
    asked: list[str] = []
    parts_of = adopted.by_hand.parts_of

    def noted(take: Any, *more: Any) -> Any:
        asked.append(take.rig.character.name)
        return parts_of(take, *more)

    monkeypatch.setattr(adopted.by_hand, "parts_of", noted)

    assert adopted.strangers(bpy.context.scene) == []
    assert asked == ["Head", "Ben"]


def test_a_take_that_has_other_meshes_than_the_first_of_its_character_knows_them(
    two: Any, ben: Any
) -> None:
    from emotalk.addon.bridge.take import adopted

    two.rig.character = ben
    two.start_frame = 400
    bpy.ops.emotalk.animate()
    two.takes[2].rig.character = two.takes[0].rig.character

    assert adopted.strangers(bpy.context.scene) == []
    two.takes[2].rig.targets.clear()
    assert adopted.strangers(bpy.context.scene) == [ben]
