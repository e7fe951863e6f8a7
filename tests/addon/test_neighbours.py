"""Takes of one face leave each other's keys be, and share the room between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import (
    FIRST,
    LAST,
    PASSAGE,
    PAUSE,
    SMILE,
    between,
    changed,
    smile_at,
    speak,
)
from tests.addon.scenes import EASE_IN, EASE_OUT, fcurves, keys_of, linked_duplicate, voice_of


def test_between_takes_far_apart_the_face_rests(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 72)

    for frame in (LAST + EASE_OUT, LAST + 40, LAST + 72 - EASE_IN):
        assert smile_at(head, frame) == 0.0
    assert not between(head, LAST + EASE_OUT, LAST + 72 - EASE_IN)


@pytest.mark.parametrize("order", ["first, second", "second, first", "first, second, first"])
def test_over_a_short_pause_it_goes_straight_whoever_came_first(
    ready: Any, head: Any, second: str, order: str
) -> None:
    sounds = {"first": (ready.filepath, FIRST), "second": (second, LAST + 10)}
    for name in order.split(", "):
        speak(ready, *sounds[name])

    start, end = (voice_of(head, SMILE, n)[1] for n in ((0, 1) if order[0] == "f" else (1, 0)))
    assert not between(head, LAST, LAST + 10)
    assert smile_at(head, LAST + 5) == pytest.approx((start[-1] + end[0]) / 2, abs=1e-4)
    assert keys_of(head, SMILE)[0][-1] == LAST + 10 + 24 + EASE_OUT
    assert [changed(take) for take in ready.takes] == [0, 0]


@pytest.mark.parametrize("removed", [0, 1])
def test_over_the_shortest_pause_with_eases_both_takes_reach_rest(
    ready: Any, head: Any, second: str, removed: int
) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + PAUSE)
    assert between(head, LAST, LAST + PAUSE) == [*range(LAST + 1, LAST + PAUSE)]
    assert smile_at(head, LAST + EASE_OUT) == 0.0
    ready.take_index = removed

    bpy.ops.emotalk.clear()

    first, last = keys_of(head, SMILE)[0][[0, -1]]
    assert (last == LAST + EASE_OUT) if removed else (first == LAST + PAUSE - EASE_IN)


def test_over_a_pause_one_frame_shorter_neither_does(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + PAUSE - 1)

    assert not between(head, LAST, LAST + PAUSE - 1)


def test_removed_neighbour_gives_the_room_back(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    alone = keys_of(head, SMILE), keys_of(head, "jawOpen")
    speak(ready, second, LAST + 10)

    bpy.ops.emotalk.clear()

    np.testing.assert_allclose(keys_of(head, SMILE), alone[0], atol=1e-6)
    np.testing.assert_allclose(keys_of(head, "jawOpen"), alone[1], atol=1e-6)
    assert changed(ready.takes[0]) == 0


def test_removed_take_takes_its_eases_along(ready: Any, head: Any, second: str) -> None:
    speak(ready, second, 300)
    alone = keys_of(head, SMILE)
    speak(ready, ready.filepath, FIRST)

    bpy.ops.emotalk.clear()

    np.testing.assert_array_equal(keys_of(head, SMILE), alone)


def test_neighbour_that_moves_takes_room_and_gives_it_back(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    moving = speak(ready, second, 300)
    apart = keys_of(head, SMILE)
    for start, n_between in ((LAST + 10, 0), (300, EASE_IN + EASE_OUT)):
        moving.start_frame = start
        bpy.ops.emotalk.refresh()

        assert len(between(head, LAST, start)) == n_between
        assert [changed(take) for take in ready.takes] == [0, 0]

    np.testing.assert_allclose(keys_of(head, SMILE), apart, atol=1e-6)


def test_take_that_is_made_again_respects_its_neighbour(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 10)
    neighbour = voice_of(head, "jawOpen"), voice_of(head, SMILE)
    ready.take_index = 0
    ready.takes[0].controls.happy = 0.5

    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(voice_of(head, "jawOpen"), neighbour[0])
    frames, values = voice_of(head, SMILE)
    np.testing.assert_array_equal(frames, neighbour[1][0])
    of_its_own = frames >= LAST + PASSAGE
    np.testing.assert_array_equal(values[of_its_own], neighbour[1][1][of_its_own])
    assert not between(head, LAST, LAST + 10)
    assert changed(ready.takes[1]) == 0


def test_a_neighbours_other_corrections_are_known_still(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    curve = fcurves(head.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    curve.keyframe_points[40].co.y = 0.9
    assert changed(ready.takes[0]) == 1

    speak(ready, second, LAST + 10)

    assert [changed(take) for take in ready.takes] == [1, 0]
    assert curve.keyframe_points[40].co.y == pytest.approx(0.9)


def test_a_take_in_the_middle_of_another_leaves_its_eases(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, 30)

    assert keys_of(head, SMILE)[0].tolist() == [*range(FIRST - EASE_IN, LAST + EASE_OUT + 1)]


@pytest.mark.parametrize(
    ("step", "start", "is_told"),
    [(1, 30, True), (1, LAST - 1, True), (1, LAST, False), (3, LAST - 1, False), (3, 60, True)],
)
def test_a_take_over_another_is_told(
    ready: Any, head: Any, second: str, step: int, start: int, *, is_told: bool
) -> None:
    """Parts of a strip that was split share a frame, or the last of some steps, and nobody minds:
    the later one has it.
    """
    ready.key_step = step
    name = speak(ready, ready.filepath, FIRST).name

    take = speak(ready, second, start)

    assert (f"Shares frames with {name}" in take.warnings) == is_told


@pytest.mark.parametrize("is_linked", [True, False])
def test_a_linked_duplicate_that_shares_frames_is_told_to_share_its_mesh(
    ready: Any, head: Any, second: str, *, is_linked: bool
) -> None:
    """Alt-D: two objects, one mesh, so that one take's keys move both."""
    name = speak(ready, ready.filepath, FIRST).name
    if is_linked:
        ready.rig.character = linked_duplicate(head)

    take = speak(ready, second, 30)

    ends = {True: ", whose character has the same mesh data", False: ": the take that is made last"}
    assert f"Shares frames with {name}{ends[is_linked]}" in take.warnings
    assert ends[not is_linked] not in take.warnings
    assert ("Make Single User" in take.warnings) == is_linked


def test_takes_that_begin_on_one_frame_know_whose_ease_is_there(
    ready: Any, head: Any, second: str
) -> None:
    """As parts of a strip do while they swap places."""
    speak_with(ready, second, FIRST, 0.1)
    speak_with(ready, ready.filepath, FIRST + 24, 0.6)
    ready.take_index, ready.takes[0].start_frame = 0, FIRST + 24

    bpy.ops.emotalk.refresh()

    assert [changed(take) for take in ready.takes] == [0, 0]


def test_a_take_over_the_end_of_another_has_its_own_end(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST - 4)

    assert keys_of(head, SMILE)[0].tolist() == [*range(FIRST - EASE_IN, LAST + 20 + EASE_OUT + 1)]
    bpy.ops.emotalk.clear()
    assert keys_of(head, SMILE)[0].tolist() == [*range(FIRST - EASE_IN, LAST + EASE_OUT + 1)]


def test_a_take_that_moves_from_over_another_leaves_it_whole(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, 60)
    there = voice_of(head, "jawOpen")
    ready.take_index = 0
    ready.takes[0].start_frame = 300

    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(voice_of(head, "jawOpen"), there)
    assert between(head, -99, 250) == [*range(60 - EASE_IN, 60 + 24 + EASE_OUT + 1)]
    assert changed(ready.takes[1]) == 0


@pytest.mark.parametrize("frame", [LAST + 3, LAST + EASE_OUT])
def test_keys_that_were_there_before_are_not_written_over(
    ready: Any, head: Any, frame: int
) -> None:
    """Of a file from before there were eases, or where a take moves to."""
    ready.controls.ease_s = 0.0
    take = speak(ready, ready.filepath, FIRST)
    fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0].keyframe_points.insert(
        frame, 0.625
    )
    take.controls.ease_s = 0.6

    for _ in range(2):  # the second time too
        bpy.ops.emotalk.refresh()

        assert between(head, LAST, 999) == [frame]
        assert between(head, LAST, 999, "jawOpen") == []
        assert between(head, -99, FIRST) == [*range(FIRST - EASE_IN, FIRST)]


def test_keys_by_hand_on_a_key_that_was_renamed_are_not_written_over(
    ready: Any, head: Any, second: str
) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 10)
    head.data.shape_keys.key_blocks[SMILE].name = "Grin"
    curve = fcurves(head.data.shape_keys)['key_blocks["Grin"].value', 0]
    curve.keyframe_points.insert(LAST + 6, 0.625)

    bpy.ops.emotalk.clear()

    assert between(head, LAST, 999, "Grin") == [LAST + 6]


def test_imported_curves_go_before_eases(ready: Any, head: Any, tmp_path: Path) -> None:
    take = speak(ready, ready.filepath, FIRST)
    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "clip.npz"))
    bpy.context.scene.frame_set(LAST + 6)

    bpy.ops.emotalk.import_clip(filepath=str(tmp_path / "clip.npz"))

    assert between(head, LAST, LAST + 6) == []
    assert changed(take) == 0
    bpy.ops.emotalk.refresh()
    assert keys_of(head, SMILE)[0].tolist() == [
        *range(FIRST - EASE_IN, LAST + 1),
        *range(LAST + 6, LAST + 6 + 73),
    ]


def test_one_undo_takes_the_neighbours_change_back_too(ready: Any, head: Any, second: str) -> None:
    speak(ready, ready.filepath, FIRST)
    ready.filepath, ready.start_frame = second, LAST + 10
    bpy.ops.ed.undo_push(message="one take")
    bpy.ops.emotalk.animate("EXEC_DEFAULT", True)  # noqa: FBT003 - Blender's own: with undo
    assert not between(bpy.data.objects["Head"], LAST, LAST + 10)

    bpy.ops.ed.undo()

    head, ours = bpy.data.objects["Head"], bpy.context.scene.emotalk
    assert keys_of(head, SMILE)[0][-1] == LAST + EASE_OUT
    assert (len(ours.takes), changed(ours.takes[0])) == (1, 0)


def test_saved_file_knows_its_eases(ready: Any, second: str, tmp_path: Path) -> None:
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 10)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))

    bpy.ops.emotalk.clear()

    frames, _ = keys_of(bpy.data.objects["Head"], SMILE)
    assert frames.tolist() == [*range(FIRST - EASE_IN, LAST + EASE_OUT + 1)]
    bpy.ops.emotalk.clear()
    assert not bpy.data.actions


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_done_the_keys_are_those_of_the_takes_that_are_there(
    ready: Any, head: Any, second: str, seed: int
) -> None:
    """Takes come, move, change their ease and go, in any order; then all is made from nothing."""
    rng = np.random.default_rng(seed)
    places = {30 * n + int(rng.integers(0, 6)): 0.6 for n in range(8)}  # 24 frames long
    there: dict[int, float] = {}
    for place in rng.choice([*places], 16).tolist():
        takes = {take.start_frame: n for n, take in enumerate(ready.takes)}
        if place in takes and rng.random() < 0.5:
            ready.take_index = takes[place]
            bpy.ops.emotalk.clear()
            del there[place]
        elif there and place not in takes and rng.random() < 0.4:
            was = rng.choice([*there])
            ready.take_index = takes[was]
            ready.takes[takes[was]].start_frame = place
            bpy.ops.emotalk.refresh()
            there[place] = there.pop(was)
        else:
            there[place] = ease_s = float(rng.choice([0.0, 0.1, 0.3, 0.6]))
            speak_with(ready, second, place, ease_s)
    assert [changed(take) for take in ready.takes] == [0] * len(there)
    after = {key: keys_of(head, key) for key in (SMILE, "jawOpen")}
    while len(ready.takes):
        bpy.ops.emotalk.clear()

    for place in sorted(there):
        speak_with(ready, second, place, there[place])

    for key, (frames, values) in after.items():
        np.testing.assert_array_equal(keys_of(head, key)[0], frames)
        np.testing.assert_allclose(keys_of(head, key)[1], values, atol=1e-6)


def speak_with(ours: Any, sound: str, place: int, ease_s: float) -> None:
    take = speak(ours, sound, place)
    take.controls.ease_s = ease_s
    bpy.ops.emotalk.refresh()
