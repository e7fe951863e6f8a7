"""Look At: eyes that rest on something in the scene while a take lasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.look_scenes import FAR, keyed, pitch_of, put_target, yaw_of
from tests.addon.scenes import fcurves, keys_of, make_head, state


def refresh_live(take: Any) -> None:
    """What a slider does in a window."""
    from emotalk.addon.bridge.take import live

    live._follow(bpy.context.scene, take)


def test_eyes_rest_on_the_target(person: Any, head: Any) -> None:
    person.controls.look_at = put_target(FAR * 0.2, -FAR, -FAR * 0.1)

    bpy.ops.emotalk.animate()

    assert yaw_of(head) == pytest.approx(np.degrees(np.arctan(0.2)), abs=0.15)
    assert pitch_of(head) == pytest.approx(-np.degrees(np.arctan(0.1)), abs=0.15)


def test_both_eyes_meet_on_what_is_near(person: Any, head: Any) -> None:
    person.controls.look_at = put_target(0.0, -0.4, 0.0)

    bpy.ops.emotalk.animate()

    assert yaw_of(head) == pytest.approx(-np.degrees(np.arctan(0.03 / 0.4)), abs=0.02)


def test_the_eyes_follow_a_target_that_moves_frame_by_frame(person: Any, head: Any) -> None:
    target = put_target(0.0, -FAR, 0.0)
    keyed(target, "location", 0, -0.3 * FAR, 0.3 * FAR)
    person.controls.look_at = target

    bpy.ops.emotalk.animate()

    frames = keys_of(head, "eyeLookOutLeft")[0][8:-15]
    expected = np.degrees(np.arctan(np.interp(frames, (1, 101), (-0.3, 0.3))))
    assert yaw_of(head)[:-1] == pytest.approx(expected[:-1], abs=0.15)  # the last holds


def test_the_eyes_stay_on_the_target_while_the_body_turns(person: Any, head: Any) -> None:
    keyed(head.parent, "rotation_euler", 2, 0.0, 0.3)
    person.controls.look_at = put_target(0.0, -FAR, 0.0)

    bpy.ops.emotalk.animate()

    frames = keys_of(head, "eyeLookOutLeft")[0][8:-15]
    expected = -np.degrees(np.interp(frames, (1, 101), (0.0, 0.3)))
    assert yaw_of(head) == pytest.approx(expected, abs=0.15)


def test_a_face_without_bones_shows_by_its_keys_where_its_eyes_are(ready: Any, head: Any) -> None:
    places = {"eyeBlinkLeft": (3, -9, 16), "eyeBlinkRight": (-3, -9, 16), "jawOpen": (0, -10, 9)}
    for number, (key, place) in enumerate(places.items()):
        head.data.vertices[number].co = place
        for block in head.data.shape_keys.key_blocks:
            block.data[number].co = place
        head.data.shape_keys.key_blocks[key].data[number].co.z -= 1.0
    for key in head.data.shape_keys.key_blocks.keys() - places.keys() - {"Basis"}:
        head.data.shape_keys.key_blocks[key].data[0].co = places["eyeBlinkLeft"]
    head.location.z = -16.0 + 1.6
    ready.controls.gaze = 0.0
    ready.controls.look_at = put_target(FAR * 0.2, -FAR, 0.0)

    bpy.ops.emotalk.animate()

    assert yaw_of(head) == pytest.approx(np.degrees(np.arctan(0.2)), abs=0.2)


# --- the scene stays as it was


def test_the_scene_is_where_it_was_with_what_has_no_key_yet(person: Any, head: Any) -> None:
    target, scene = put_target(0.0, -FAR, 0.0), bpy.context.scene
    keyed(target, "location", 0, 0.0, 5.0)
    scene.frame_set(33, subframe=0.25)
    target.location.x = 77.0  # not keyed yet
    head.parent.pose.bones["chest"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    person.controls.look_at = target

    bpy.ops.emotalk.animate()

    assert (scene.frame_current, scene.frame_subframe) == (33, 0.25)
    assert target.location.x == 77.0
    assert head.parent.pose.bones["chest"].rotation_quaternion[1] == pytest.approx(0.6)


@pytest.mark.parametrize("how", ["object", "collection", "excluded"])
def test_a_target_that_is_switched_off_moves_none_the_less(
    person: Any, head: Any, how: str
) -> None:
    target, place = put_target(0.0, -FAR, 0.0), bpy.data.collections.new("Off")
    keyed(target, "location", 0, 0.0, FAR * 0.2)
    scene = bpy.context.scene
    scene.collection.children.link(place)
    place.objects.link(target)
    scene.collection.objects.unlink(target)
    target.hide_viewport, place.hide_viewport = how == "object", how == "collection"
    bpy.context.view_layer.layer_collection.children["Off"].exclude = how == "excluded"
    person.controls.look_at = target

    bpy.ops.emotalk.animate()

    assert yaw_of(head)[-1] > 5.0
    assert target.hide_viewport == (how == "object")
    assert target.users_collection == (place,)


def test_what_is_selected_and_shown_is_so_afterwards(person: Any, head: Any) -> None:
    target, other, hidden = put_target(0.0, -1.0, 0.0), make_head("Other"), make_head("Hidden")
    hidden.hide_viewport = True
    for thing in (head, other):
        thing.select_set(state=True)
    person.controls.look_at = target

    bpy.ops.emotalk.animate()

    assert {*bpy.context.selected_objects} >= {head, other}
    assert bpy.context.view_layer.objects.active == head
    shown = {thing.name for thing in bpy.data.objects if not thing.hide_viewport}
    assert shown == {"Head", "Head Rig", "Other", "Target"}


def test_again_gives_the_same_keys(person: Any, head: Any) -> None:
    person.controls.head = person.controls.gaze = 1.0
    person.controls.look_at = put_target(0.4, -1.0, 0.2)
    bpy.context.scene.frame_set(30)
    bpy.ops.emotalk.animate()
    armature = head.parent
    once = [keys_of(head, "eyeLookOutLeft")[1], turned(armature)]

    bpy.ops.emotalk.animate()  # the head is turned by the first keys now
    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(keys_of(head, "eyeLookOutLeft")[1], once[0])
    np.testing.assert_array_equal(turned(armature), once[1])
    assert not any(curve.mute for curve in fcurves(armature).values())


def test_a_head_that_its_body_turns_is_seen_as_that_turns_it(person: Any, head: Any) -> None:
    bone = head.parent.pose.bones["head"]
    bone.rotation_mode = "XYZ"
    for frame, yaw in ((1, 0.0), (101, 0.3)):  # about the bone's own Y, which is up
        bone.rotation_euler = (0.0, yaw, 0.0)
        bone.keyframe_insert("rotation_euler", frame=frame)
    for curve in fcurves(head.parent).values():
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    person.controls.look_at = put_target(0.0, -FAR, 0.0)

    bpy.ops.emotalk.animate()
    once = yaw_of(head)
    bpy.ops.emotalk.refresh()  # the body's Action lies in a track below ours now

    frames = keys_of(head, "eyeLookOutLeft")[0][8:-15]
    expected = -np.degrees(np.interp(frames, (1, 101), (0.0, 0.3)))
    assert once == pytest.approx(expected, abs=0.3)
    assert yaw_of(head) == pytest.approx(once, abs=0.01)


def turned(armature: Any) -> np.ndarray:
    """Keys of the head bone."""
    curves = fcurves(armature)
    path = 'pose.bones["head"].rotation_quaternion'
    return np.array([[p.co[1] for p in curves[path, i].keyframe_points] for i in range(4)])


def test_the_head_helps_where_it_may_turn(person: Any, head: Any) -> None:
    person.controls.head = 1.0
    person.controls.look_at = put_target(FAR * 0.4, -FAR, 0.0)

    bpy.ops.emotalk.animate()
    helped = yaw_of(head).mean()
    person.rig.use_head = False
    bpy.ops.emotalk.animate()

    alone = yaw_of(head).mean()
    assert alone == pytest.approx(np.degrees(np.arctan(0.4)), abs=0.2)
    assert helped == pytest.approx(0.65 * alone, abs=1.5)


# --- kept with the take


def test_a_slider_plays_no_frame_and_the_eyes_stay(
    person: Any, head: Any, frames_played: list[int]
) -> None:
    target = put_target(0.0, -FAR, 0.0)
    keyed(target, "location", 0, -0.3 * FAR, 0.3 * FAR)
    person.controls.look_at = target
    frames_played.clear()
    bpy.ops.emotalk.animate()
    before, n_played = yaw_of(head), len(frames_played)
    take = person.takes[0]

    take.controls.happy = 0.5
    refresh_live(take)

    assert n_played > 70
    assert len(frames_played) == n_played
    assert keys_of(head, "mouthSmileLeft")[1].max() == pytest.approx(0.5)
    np.testing.assert_array_equal(yaw_of(head), before)


def test_what_never_moves_is_looked_up_once(person: Any, frames_played: list[int]) -> None:
    person.controls.look_at = put_target(0.3, -1.0, 0.0)

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.refresh()

    assert len(frames_played) == 4  # there and back, twice


def test_without_a_target_nothing_is_played(person: Any, frames_played: list[int]) -> None:
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.refresh()

    assert frames_played == []


def test_update_keys_follows_a_target_that_was_moved_or_taken_away(person: Any, head: Any) -> None:
    target = put_target(FAR * 0.2, -FAR, 0.0)
    person.controls.look_at = target
    bpy.ops.emotalk.animate()
    target.location.x = -FAR * 0.2
    take = person.takes[0]

    bpy.ops.emotalk.refresh()
    moved = yaw_of(head)
    take.controls.look_at = None
    bpy.ops.emotalk.refresh()

    assert moved == pytest.approx(-np.degrees(np.arctan(0.2)), abs=0.15)
    assert not yaw_of(head).any()
    assert (take.seen, take.looked_at) == ("", None)


def test_a_file_that_is_opened_again_remembers_what_was_seen(
    person: Any, tmp_path: Path, fake_engine: Any
) -> None:
    person.controls.look_at = put_target(FAR * 0.2, -FAR, 0.0)
    bpy.ops.emotalk.animate()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    ours = bpy.context.scene.emotalk
    bpy.data.objects.remove(bpy.data.objects["Target"])

    ours.takes[0].controls.happy = 0.5
    refresh_live(ours.takes[0])

    head = bpy.data.objects["Head"]
    assert keys_of(head, "mouthSmileLeft")[1].max() == pytest.approx(0.5)
    assert yaw_of(head) == pytest.approx(np.degrees(np.arctan(0.2)), abs=0.15)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 9}', '{"format": 1, "places": "?"}'])
def test_what_another_version_kept_is_no_error(person: Any, head: Any, text: str) -> None:
    person.controls.look_at = put_target(FAR * 0.2, -FAR, 0.0)
    bpy.ops.emotalk.animate()
    take = person.takes[0]
    take.seen = text

    take.controls.happy = 0.5
    refresh_live(take)

    assert not take.warnings
    assert not yaw_of(head).any()


def test_a_target_that_is_renamed_while_the_sound_is_heard_is_known_again(person: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.progress import silent

    target = put_target(0.3, -1.0, 0.0)
    person.controls.look_at = target
    prepared = takes.measured(takes.prepare(bpy.context), silent)
    outcome = animate(prepared.request, SESSION.room)

    target.name = "Mark"
    takes.finish(prepared, outcome)

    assert person.takes[0].looked_at == target
    assert person.takes[0].controls.look_at == target


# --- what it may not be


def test_nobody_looks_at_himself(person: Any, head: Any) -> None:
    person.controls.look_at = head.parent
    before = state()

    with pytest.raises(RuntimeError, match=r"cannot look at itself: 'Head Rig'\. Choose another"):
        bpy.ops.emotalk.animate()

    assert state() == before


def test_a_target_that_was_deleted_is_told(person: Any) -> None:
    target = put_target(0.0, -1.0, 0.0)
    person.controls.look_at = target
    bpy.context.scene.collection.objects.unlink(target)
    before = state()

    with pytest.raises(RuntimeError, match=r"not in this scene: 'Target'\. Choose.*or Cast"):
        bpy.ops.emotalk.animate()

    assert state() == before


def test_a_face_without_eyes_is_told(ready: Any) -> None:
    mouth = make_head("Mouth", ("jawOpen", "mouthSmileLeft"))
    ready.rig.character = mouth
    ready.controls.look_at = put_target(0.0, -1.0, 0.0)

    with pytest.raises(RuntimeError, match="No eyes that could look at something: 'Mouth'"):
        bpy.ops.emotalk.animate()

    assert not ready.takes
