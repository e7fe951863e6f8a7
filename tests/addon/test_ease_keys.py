"""A take's eases change with its neighbours, and cost nobody's keys."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import FIRST, LAST, PAUSE, SMILE, between, changed, smile_at, speak
from tests.addon.passage_scenes import shown
from tests.addon.scenes import EASE_IN, EASE_OUT, fcurves, keys_of, make_head, tick

MADE_BY_HAND = LAST + 5


def smile(head: Any) -> Any:
    return fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0]


def raise_smile(head: Any, frame: int = MADE_BY_HAND) -> None:
    """What a user does in the graph editor."""
    curve = smile(head)
    for point in curve.keyframe_points:
        if point.co.x == frame:
            point.co.y = 0.875
    curve.update()


@pytest.fixture
def pair(ready: Any, head: Any, second: str) -> Any:
    """Two takes with both eases between them; somebody has made the first one's end another."""
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + PAUSE + 4)
    raise_smile(head)
    assert [changed(take) for take in ready.takes] == [1, 0]
    return ready


def test_a_neighbours_slider_leaves_an_ease_alone_that_was_made_by_hand(
    pair: Any, head: Any
) -> None:

    there = keys_of(head, SMILE), keys_of(head, "jawOpen")
    for ease_s in (1.2, 0.6):
        pair.takes[1].controls.ease_s = ease_s

        tick()

        assert smile_at(head, MADE_BY_HAND) == pytest.approx(0.875)
        assert between(head, LAST, LAST + 16, "jawOpen") == [*range(LAST + 1, LAST + 16)]
        assert [changed(take) for take in pair.takes] == [1, 0]
    for key, keys in zip((SMILE, "jawOpen"), there, strict=True):
        np.testing.assert_allclose(keys_of(head, key), keys, atol=1e-6)


def test_another_way_from_key_to_key_is_made_by_hand_too(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + PAUSE + 4)
    points = smile(head).keyframe_points
    (point,) = (point for point in points if point.co.x == LAST + 8)
    point.interpolation = "BEZIER"
    ready.takes[1].controls.ease_s = 1.2

    bpy.ops.emotalk.refresh()

    assert between(head, LAST, LAST + 16) == [*range(LAST + 1, LAST + 16)]
    (point,) = (p for p in smile(head).keyframe_points if p.co.x == LAST + 8)
    assert point.interpolation == "BEZIER"


def test_a_new_neighbour_takes_of_such_an_ease_its_own_frames_alone(
    ready: Any, head: Any, second: str
) -> None:
    first = speak(ready, ready.filepath, FIRST)
    raise_smile(head)

    take = speak(ready, second, LAST + 10)

    assert smile_at(head, MADE_BY_HAND) == pytest.approx(0.875)
    assert between(head, LAST, LAST + 10) == [*range(LAST + 1, LAST + 10)]
    assert [changed(one) for one in ready.takes] == [1, 0]
    assert not take.warnings
    bpy.ops.emotalk.clear()
    assert smile_at(head, MADE_BY_HAND) == pytest.approx(0.875)
    assert between(head, LAST, 999) == [*range(LAST + 1, LAST + 10)]
    first = ready.takes[0]
    assert changed(first) == 1
    bpy.ops.emotalk.refresh()
    assert between(head, LAST, 999) == [*range(LAST + 1, LAST + EASE_OUT + 1)]
    assert (smile_at(head, MADE_BY_HAND) < 0.8, changed(first)) == (True, 0)


def test_keys_by_hand_in_its_own_frames_are_counted(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    raise_smile(head, LAST + 12)
    ready.filepath, ready.start_frame = second, LAST + 10
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes

    prepared = takes.prepare(bpy.context)
    result = takes.finish(prepared, animate(prepared.request, SESSION.room))

    assert any(note.startswith("1 curve changed by hand beside") for note in result.notes)
    assert not between(head, LAST, LAST + 10)  # nothing of it is left that would be kept
    assert [changed(take) for take in ready.takes] == [1, 0]


def test_a_take_whose_last_key_was_changed_has_still_our_ease(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    raise_smile(head, LAST)

    speak(ready, second, LAST + 10)

    assert not between(head, LAST, LAST + 10)
    assert smile_at(head, LAST) == pytest.approx(0.875)
    assert [changed(take) for take in ready.takes] == [1, 0]


def test_an_ease_on_the_other_side_of_one_made_by_hand_comes_back(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    raise_smile(head, FIRST - 3)
    speak(ready, second, LAST + 10)
    assert not between(head, LAST, LAST + 10)

    bpy.ops.emotalk.clear()

    assert smile_at(head, FIRST - 3) == pytest.approx(0.875)
    assert between(head, LAST, 999) == [*range(LAST + 1, LAST + EASE_OUT + 1)]
    assert changed(ready.takes[0]) == 1


def test_a_curve_without_keys_is_no_hindrance(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    empty(smile(head))

    speak(ready, second, LAST + 10)

    assert between(head, LAST, LAST + 10, "jawOpen") == []
    bpy.ops.emotalk.clear()
    assert between(head, LAST, 99, "jawOpen") == [*range(LAST + 1, LAST + EASE_OUT + 1)]
    assert [changed(take) for take in ready.takes] == [1]


def test_nor_is_one_of_a_mesh_that_the_neighbour_does_not_key(
    ready: Any, head: Any, second: str
) -> None:
    bpy.ops.object.armature_add()
    armature, teeth = bpy.context.object, make_head("Teeth", ("jawOpen",))
    head.parent = teeth.parent = armature
    ready.rig.character = armature
    speak(ready, ready.filepath, FIRST)
    empty(fcurves(teeth.data.shape_keys)['key_blocks["jawOpen"].value', 0])
    bpy.ops.emotalk.find_rig()
    for target in ready.rig.targets:
        target.use = target.object == head

    speak(ready, second, LAST + 10)

    assert between(head, LAST, LAST + 10) == []
    assert len(ready.takes) == 2


def empty(curve: Any) -> None:
    curve.modifiers.new("NOISE")  # keeps it alive
    curve.keyframe_points.clear()


def test_keys_that_a_lock_kept_go_once_it_is_undone(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    smile(head).lock = True
    speak(ready, second, LAST + 10)
    assert keys_of(head, "jawOpen")[0][-1] == LAST + 34 + EASE_OUT
    smile(head).lock = False
    ready.take_index = 0

    bpy.ops.emotalk.refresh()

    assert not between(head, LAST, LAST + 10)
    bpy.ops.emotalk.clear()
    bpy.ops.emotalk.clear()
    assert not bpy.data.actions


def test_remove_takes_what_a_lock_kept_along(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    smile(head).lock = True
    speak(ready, second, LAST + 10)
    smile(head).lock = False
    ready.take_index = 0

    bpy.ops.emotalk.clear()

    for key in (SMILE, "jawOpen"):
        assert between(head, -99, LAST + 10, key) == [*range(LAST + 10 - EASE_IN, LAST + 10)]


def test_a_slider_on_a_locked_curve_leaves_nothing_behind_either(ready: Any, head: Any) -> None:
    take = speak(ready, ready.filepath, FIRST)
    smile(head).lock = True
    take.controls.ease_s = 0.25
    bpy.ops.emotalk.refresh()
    assert keys_of(head, SMILE)[0][-1] == LAST + EASE_OUT
    smile(head).lock = False

    bpy.ops.emotalk.refresh()

    assert keys_of(head, SMILE)[0][[0, -1]].tolist() == [FIRST - 3, LAST + 6]


def test_what_a_lock_kept_is_the_users_once_it_was_moved(ready: Any, head: Any) -> None:
    take = speak(ready, ready.filepath, FIRST)
    smile(head).lock = True
    take.controls.ease_s = 0.25
    bpy.ops.emotalk.refresh()
    smile(head).lock = False
    raise_smile(head, LAST + EASE_OUT - 2)

    bpy.ops.emotalk.refresh()

    assert between(head, LAST + 6, 999) == [LAST + EASE_OUT - 2]


def test_a_linked_copy_of_the_scene_holds_the_same_take(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 10)
    ready.take_index = 0
    bpy.ops.scene.new(type="LINK_COPY")
    ours = bpy.context.scene.emotalk

    ours.takes[0].start_frame = FIRST - 12
    bpy.ops.emotalk.refresh()

    first, last = FIRST - 12 - EASE_IN, LAST + 34 + EASE_OUT
    assert keys_of(head, SMILE)[0][[0, -1]].tolist() == [first, last]
    for scene in bpy.data.scenes:
        takes = scene.emotalk.takes
        assert [take.first_frame for take in takes] == [FIRST - 12, LAST + 10]
        assert [changed(take) for take in takes] == [0, 0]


def test_shared_frames_in_a_full_copy_are_told(
    ready: Any, head: Any, second: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the original, whose takes have the same uids, none are shared."""
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 10)
    bpy.ops.scene.new(type="FULL_COPY")
    ours = bpy.context.scene.emotalk

    ours.takes[1].start_frame = FIRST
    bpy.ops.emotalk.refresh()

    assert "Warning: Shares frames with " in capfd.readouterr().out


def test_what_one_scene_removes_another_shows_still(
    ready: Any, head: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    speak(ready, ready.filepath, FIRST)
    there = keys_of(head, SMILE)
    bpy.ops.scene.new(type="LINK_COPY")

    bpy.ops.emotalk.clear()

    np.testing.assert_array_equal(keys_of(head, SMILE), there)
    assert "Info: Removed the take: no keys were its own any more" in capfd.readouterr().out


def test_a_neighbours_ease_keeps_its_own_layout(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    alone = keys_of(head, SMILE)
    ready.key_step, ready.max_error = 4, 0.1
    speak(ready, second, LAST + 10)

    bpy.ops.emotalk.clear()

    np.testing.assert_allclose(keys_of(head, SMILE), alone, atol=1e-6)


@pytest.mark.parametrize("key", [SMILE, "jawOpen"])
def test_held_poses_that_are_thinned_keep_their_error(ready: Any, head: Any, key: str) -> None:
    ready.key_step, ready.hold_keys = 2, True
    speak(ready, ready.filepath, FIRST)
    frames = np.arange(FIRST - 9, LAST + 17)
    every = shown(head, key, frames)
    ready.max_error = 0.02

    bpy.ops.emotalk.refresh()

    assert np.abs(shown(head, key, frames) - every).max() <= 0.02 + 1e-6
    assert len(keys_of(head, key)[0]) < 49
