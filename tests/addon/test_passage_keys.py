"""A take's passage follows the take before it, and costs nobody's keys."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import FIRST, LAST, PASSAGE, SMILE, changed
from tests.addon.passage_scenes import JUMP, OPEN, STEP, curve_of, feel, remove, say, shown, steps
from tests.addon.scenes import keys_of, voice_of, write_in_slices


def test_keys_by_hand_in_a_passage_stay(halves: Any, head: Any) -> None:
    move_key(head, LAST + 4, 0.9)
    for happy in (0.4, 0.7):
        feel(halves, 0, happy)

        assert shown(head, frames=np.array([LAST + 4])) == pytest.approx([0.9])
        assert [changed(take) for take in halves.takes] == [0, 1]
        assert curve_of(head, OPEN).evaluate(LAST + 4) == voice_of(head, OPEN)[1][4]
    remove(halves, 0)
    assert shown(head, frames=np.array([LAST + 4])) == pytest.approx([0.9])
    assert changed(halves.takes[0]) == 1


def test_keys_by_hand_behind_a_passage_are_no_hindrance(halves: Any, head: Any) -> None:
    move_key(head, LAST + 20, 0.9)

    feel(halves, 0, 0.4)

    assert steps(head, last=LAST + 18).max() <= STEP / 2
    assert shown(head, frames=np.array([LAST + 20])) == pytest.approx([0.9])
    assert [changed(take) for take in halves.takes] == [0, 1]


def test_a_take_that_was_corrected_before_is_left_alone(
    ready: Any, head: Any, second: str, speech: Path
) -> None:
    """Nobody knows where in it the keys are that were made by hand."""
    say(ready, second, LAST + 1, 0.0)
    move_key(head, LAST + 5, 0.9)

    say(ready, str(speech), FIRST, JUMP)

    assert shown(head, frames=np.arange(LAST + 1, LAST + 5)) == pytest.approx(np.zeros(4))
    assert shown(head, frames=np.array([LAST + 5])) == pytest.approx([0.9])
    assert [changed(take) for take in ready.takes] == [1, 0]


def move_key(head: Any, frame: int, value: float) -> None:
    """What a user does in the graph editor."""
    curve = curve_of(head, SMILE)
    (point,) = (point for point in curve.keyframe_points if point.co.x == frame)
    point.co.y = value
    curve.update()


def test_a_range_keeps_the_passage(halves: Any, head: Any) -> None:
    there = keys_of(head, SMILE)
    halves.use_range, halves.range_start, halves.range_end = True, LAST + 3, LAST + 8

    feel(halves, 1, 0.0)

    np.testing.assert_allclose(keys_of(head, SMILE), there, atol=1e-6)
    feel(halves, 1, 0.5)
    halves.use_range = False
    inside = shown(head, frames=np.arange(LAST + 5, LAST + 7))
    assert (inside > shown_of(there, LAST + 5, LAST + 7)).all()
    feel(halves, 1, 0.0)
    np.testing.assert_allclose(keys_of(head, SMILE), there, atol=1e-6)


@pytest.mark.parametrize("number", [0, 1])
def test_a_range_over_the_cut_keeps_the_other_takes_keys(
    halves: Any, head: Any, number: int
) -> None:
    frames, values = keys_of(head, SMILE)
    halves.use_range, halves.range_start, halves.range_end = True, LAST - 20, LAST + 20

    feel(halves, number, 0.4)

    there = keys_of(head, SMILE)
    np.testing.assert_array_equal(there[0], frames)
    others = (frames < LAST) if number else (frames > LAST + PASSAGE)
    np.testing.assert_array_equal(there[1][others], values[others])


def test_a_range_in_a_part_between_two_others_leaves_the_next_its_first_key(
    halves: Any, head: Any, second: str
) -> None:
    say(halves, second, LAST + 24, 0.0)
    halves.use_range, halves.range_start, halves.range_end = True, LAST, LAST + 50

    feel(halves, 1, 0.8)

    assert [changed(take) for take in halves.takes] == [0, 0, 0]
    assert steps(head, first=LAST + 16, last=LAST + 48).max() <= STEP


def shown_of(keys: tuple[np.ndarray, np.ndarray], first: int, last: int) -> np.ndarray:
    return np.interp(np.arange(first, last), *keys)


def test_what_a_range_wrote_stays_without_the_earlier_take(halves: Any, head: Any) -> None:
    halves.use_range, halves.range_start, halves.range_end = True, LAST + 2, LAST + 20
    halves.blend_frames = 0
    feel(halves, 1, 0.5)
    halves.use_range = False

    remove(halves, 0)

    expected = np.where(np.arange(24) < 2, 0.0, np.where(np.arange(24) > 20, 0.0, 0.5))
    assert voice_of(head, SMILE)[1][:24] == pytest.approx(expected, abs=0.02)


def test_a_locked_curve_follows_once_it_is_not(halves: Any, head: Any) -> None:
    curve_of(head, SMILE).lock = True
    there = voice_of(head, SMILE)[1]
    remove(halves, 0)
    np.testing.assert_array_equal(voice_of(head, SMILE)[1], there)
    curve_of(head, SMILE).lock = False

    feel(halves, 0, 0.0)

    assert not voice_of(head, SMILE)[1].any()


def test_takes_of_older_files_go_over_when_the_earlier_one_is_made_again(
    ready: Any, head: Any, second: str, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.faces import passages

    with monkeypatch.context() as patch:
        for name in ("renew", "remember"):
            patch.setattr(passages, name, lambda *_: None)
        say(ready, str(speech), FIRST, JUMP)
        say(ready, second, LAST + 1, 0.0)
    own = voice_of(head, SMILE), voice_of(head, OPEN)
    assert steps(head).max() > 0.7

    feel(ready, 0, JUMP)
    assert steps(head).max() <= STEP

    remove(ready, 0)
    for key, keys in zip((SMILE, OPEN), own, strict=True):
        np.testing.assert_array_equal(voice_of(head, key), keys)


def test_a_take_over_the_passage_ends_it(halves: Any, head: Any, second: str) -> None:
    say(halves, second, LAST + 5, 1.0)

    values = shown(head, frames=np.arange(LAST, LAST + 12))

    assert values[:5] == pytest.approx(np.zeros(5), abs=1e-6)
    assert values[5:] == pytest.approx(np.ones(7), abs=0.05)
    assert [changed(take) for take in halves.takes] == [0, 0, 0]


def test_a_key_that_is_renamed_keeps_its_passage(halves: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks[SMILE].name = "Grin"

    remove(halves, 0)

    assert not voice_of(head, "Grin")[1].any()


def test_one_undo_takes_the_change_of_both_back(
    ready: Any, head: Any, second: str, speech: Path
) -> None:
    say(ready, str(speech), FIRST, JUMP)
    say(ready, second, LAST, 0.0)
    ready.take_index, ready.takes[0].controls.happy = 0, 0.25
    there = keys_of(head, SMILE)
    bpy.ops.ed.undo_push(message="two takes")
    bpy.ops.emotalk.refresh("EXEC_DEFAULT", True)  # noqa: FBT003 - Blender's own: with undo
    assert not np.array_equal(keys_of(bpy.data.objects["Head"], SMILE), there)

    bpy.ops.ed.undo()

    head, ours = bpy.data.objects["Head"], bpy.context.scene.emotalk
    np.testing.assert_array_equal(keys_of(head, SMILE), there)
    assert [changed(take) for take in ours.takes] == [0, 0]
    remove(ours, 0)
    assert not voice_of(head, SMILE)[1].any()


def test_an_opened_file_knows_its_passages(halves: Any, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    ours, head = bpy.context.scene.emotalk, bpy.data.objects["Head"]

    feel(ours, 0, 0.4)
    assert steps(head).max() <= STEP / 2

    remove(ours, 0)
    assert not voice_of(head, SMILE)[1].any()


def test_a_linked_copy_of_the_scene_follows_too(halves: Any, head: Any) -> None:
    bpy.ops.scene.new(type="LINK_COPY")

    feel(bpy.context.scene.emotalk, 0, 0.4)

    assert steps(head).max() <= STEP / 2
    for scene in bpy.data.scenes:
        assert [changed(take) for take in scene.emotalk.takes] == [0, 0]


def test_a_copy_of_the_face_keeps_its_own_keys(halves: Any, head: Any) -> None:
    other = head.copy()
    other.data = head.data.copy()
    other.data.shape_keys.animation_data_create().action = (
        head.data.shape_keys.animation_data.action
    )
    there = keys_of(head, SMILE)

    feel(halves, 0, 0.4)

    assert head.data.shape_keys.animation_data.action != other.data.shape_keys.animation_data.action
    assert not np.array_equal(keys_of(head, SMILE), there)
    np.testing.assert_array_equal(keys_of(other, SMILE), there)


def test_written_in_slices_they_are_the_same(halves: Any, head: Any) -> None:
    from emotalk.addon.bridge.take import takes

    there = keys_of(head, SMILE)
    for number in (0, 1):
        prepared = takes.prepare_take(bpy.context.scene, halves.takes[number])

        write_in_slices(prepared, takes.remake(prepared))

        np.testing.assert_allclose(keys_of(head, SMILE), there, atol=1e-6)


@pytest.mark.parametrize("does_move", [True, False])
def test_a_later_take_without_ease_leaves_nothing_of_its_face_behind(
    halves: Any, head: Any, *, does_move: bool
) -> None:
    """The frame that both share was its own."""
    halves.takes[1].controls.ease_s = 0.0
    feel(halves, 1, 1.0)
    feel(halves, 0, 0.0)
    assert shown(head, frames=np.array([LAST])) == pytest.approx([1.0], abs=0.02)

    if does_move:
        halves.take_index, halves.takes[1].start_frame = 1, LAST + 200
        bpy.ops.emotalk.refresh()
    else:
        remove(halves, 1)

    assert shown(head, frames=np.arange(LAST - 4, LAST + 16)) == pytest.approx(0.0, abs=0.02)
    assert not any(changed(take) for take in halves.takes)


def test_takes_that_follow_are_found_once_however_many_scenes_they_are_linked_to(
    addon: ModuleType,
) -> None:
    from emotalk.addon.bridge.faces.eases import takes_after

    parts = [
        SimpleNamespace(
            uid=str(n), first_frame=8 * n, last_frame=8 * n + 7, ease_asked=(8, 15),
            passage_from=str(n - 1) if n else "",
        )
        for n in range(14)
    ]  # fmt: skip

    found = takes_after(parts[0], [*parts[1:], *parts[1:], *parts[1:]])

    assert sorted(int(take.uid) for take in found) == [*range(1, 14)]
