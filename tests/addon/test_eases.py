"""A face settles to rest after its voice and wakes before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import FIRST, LAST, SMILE, changed, smile_at, speak
from tests.addon.scenes import (
    EASE_IN,
    EASE_OUT,
    babble,
    fcurves,
    happy_take,
    keys_of,
    make_head,
    put_bones_under,
    tick,
    voice_of,
    write_in_slices,
    write_wav,
)


def test_the_face_is_at_rest_before_and_after_and_stays_there(ready: Any, head: Any) -> None:
    take = speak(ready, ready.filepath, FIRST)

    frames, values = keys_of(head, SMILE)
    assert voice_of(head, SMILE)[1][[0, -1]] == pytest.approx([1.0, 1.0], abs=0.05)
    assert (frames[0], frames[-1]) == (FIRST - EASE_IN, LAST + EASE_OUT)
    for frame in (-100, FIRST - EASE_IN, LAST + EASE_OUT, 500):
        assert smile_at(head, frame) == 0.0
    assert (np.diff(values[frames >= LAST]) < 0.0).all()
    assert (take.first_frame, take.last_frame) == (FIRST, LAST)
    assert not take.warnings


def test_none_asked_for_is_none(ready: Any, head: Any) -> None:
    ready.controls.ease_s = 0.0

    speak(ready, ready.filepath, FIRST)

    frames, _ = keys_of(head, SMILE)
    assert (frames[0], frames[-1]) == (FIRST, LAST)


def test_the_result_counts_the_keys_of_eases(ready: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes

    prepared = takes.prepare(bpy.context)
    result = takes.finish(prepared, animate(prepared.request, SESSION.room))

    assert result.n_keys == 52 * (EASE_IN + 73 + EASE_OUT)


def test_written_in_slices_they_are_the_same(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge.take import takes

    take = speak(ready, ready.filepath, FIRST)
    at_once = keys_of(head, SMILE)
    take.controls.happy = 0.5
    bpy.ops.emotalk.refresh()
    take.controls.happy = 1.0
    prepared = takes.prepare_take(bpy.context.scene, take)

    write_in_slices(prepared, takes.remake(prepared))

    np.testing.assert_array_equal(keys_of(head, SMILE), at_once)


def test_slider_changes_them_at_once_and_a_new_take_has_them_too(
    ready: Any, head: Any, second: str
) -> None:
    from emotalk.addon.bridge.take import live

    take = speak(ready, ready.filepath, FIRST)
    take.controls.ease_s = 1.0
    assert live.is_stale(take)

    tick()

    assert not live.is_stale(take)
    assert keys_of(head, SMILE)[0][[0, -1]].tolist() == [FIRST - 12, LAST + 24]
    assert changed(take) == 0
    assert speak(ready, second, 300).controls.ease_s == 1.0
    assert keys_of(head, SMILE)[0][-1] == 324 + 24


def test_a_shorter_one_leaves_no_keys_of_the_longer(ready: Any, head: Any) -> None:
    take = speak(ready, ready.filepath, FIRST)
    take.controls.ease_s = 0.25

    bpy.ops.emotalk.refresh()

    assert keys_of(head, SMILE)[0][[0, -1]].tolist() == [FIRST - 3, LAST + 6]


def test_sliders_leave_an_ease_alone_that_was_changed_by_hand(ready: Any, head: Any) -> None:

    take = happy_take(ready)
    tick()
    curve = fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0]
    curve.keyframe_points[-3].co.y = 0.3
    curve.update()
    take.controls.happy = 0.5

    tick()

    assert curve.keyframe_points[-3].co.y == pytest.approx(0.3)
    assert take.is_held
    bpy.ops.emotalk.refresh()
    assert curve.keyframe_points[-3].co.y < 0.1


def test_a_range_leaves_the_eases_alone(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    bpy.ops.emotalk.refresh()
    before = keys_of(head, SMILE)
    ready.use_range, ready.range_start, ready.range_end = True, 30, 50
    take.controls.happy, take.controls.ease_s = 0.25, 2.0

    bpy.ops.emotalk.refresh()

    frames, values = keys_of(head, SMILE)
    np.testing.assert_array_equal(frames, before[0])
    outside = (frames < 30) | (frames > 50)
    np.testing.assert_array_equal(values[outside], before[1][outside])
    assert changed(take) == 0


def test_a_range_that_reaches_past_the_take_costs_no_keys_there(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    bpy.ops.emotalk.refresh()
    curve = fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0]
    curve.keyframe_points.insert(LAST + EASE_OUT + 9, 0.5)
    frames, _ = keys_of(head, SMILE)
    ready.use_range, ready.range_start, ready.range_end = True, 50, 250
    take.controls.happy = 0.25

    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(keys_of(head, SMILE)[0], frames)


def test_an_ease_that_a_range_kept_out_is_not_taken_for_written(ready: Any, head: Any) -> None:
    take = speak(ready, ready.filepath, FIRST)
    ready.use_range, ready.range_start, ready.range_end = True, 30, 50
    take.controls.ease_s = 2.0
    bpy.ops.emotalk.refresh()
    curve = fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0]
    curve.keyframe_points.insert(LAST + EASE_OUT + 9, 0.5)

    bpy.ops.emotalk.clear()

    assert keys_of(head, SMILE)[0].tolist() == [LAST + EASE_OUT + 9]


def test_a_mouth_that_a_cut_caught_open_shuts_faster(
    ready: Any, head: Any, second: str, tmp_path: Path
) -> None:
    cut = str(write_wav(tmp_path / "cut.wav", babble(2.85)))  # in the middle of a syllable
    last = round(speak(ready, cut, FIRST).last_frame)
    alone = keys_of(head, "jawOpen")
    assert alone[1][alone[0] == last] > 0.1
    assert not alone[1][alone[0] >= last + EASE_OUT / 3].any()
    speak(ready, second, last + 10)

    bpy.ops.emotalk.clear()  # what is made again then is as fast

    np.testing.assert_allclose(keys_of(head, "jawOpen"), alone, atol=1e-6)


def test_bones_come_back_to_where_nothing_turns_them(ready: Any, head: Any, second: str) -> None:
    armature = put_bones_under(head)
    ready.rig.character = head
    speak(ready, ready.filepath, FIRST)
    speak(ready, second, LAST + 10)
    bpy.ops.emotalk.clear()  # the first take's end is made again, from what it remembers

    turned = [fcurves(armature)['pose.bones["head"].rotation_quaternion', i] for i in range(4)]

    for frame in (FIRST - EASE_IN, LAST + EASE_OUT, 500):
        assert [curve.evaluate(frame) for curve in turned] == pytest.approx([1, 0, 0, 0])


def test_rest_that_is_not_nought_is_remembered(ready: Any, second: str) -> None:
    """The viseme of silence is 1 in a face that says nothing."""
    face = make_head("Face", ("viseme_sil", "viseme_PP", "viseme_aa", "viseme_O", "viseme_E"))
    ready.rig.character = face
    speak(ready, ready.filepath, FIRST)
    alone = keys_of(face, "viseme_sil")
    assert alone[1][[0, -1]].tolist() == [1.0, 1.0]
    speak(ready, second, LAST + 10)

    bpy.ops.emotalk.clear()

    np.testing.assert_allclose(keys_of(face, "viseme_sil"), alone, atol=1e-6)


def test_a_key_that_is_renamed_goes_to_rest_as_before(ready: Any, second: str) -> None:
    face = make_head("Face", ("viseme_sil", "viseme_PP", "viseme_aa", "viseme_O", "viseme_E"))
    ready.rig.character = face
    speak(ready, ready.filepath, FIRST)
    alone = keys_of(face, "viseme_sil")
    speak(ready, second, LAST + 10)
    face.data.shape_keys.key_blocks["viseme_sil"].name = "Silence"

    bpy.ops.emotalk.clear()

    np.testing.assert_allclose(keys_of(face, "Silence"), alone, atol=1e-6)


def test_held_poses_are_held_on_their_way_to_rest(ready: Any, head: Any, second: str) -> None:
    ready.key_step, ready.hold_keys = 2, True
    speak(ready, ready.filepath, FIRST)
    alone = keys_of(head, SMILE)[0]
    speak(ready, second, LAST + 10)

    bpy.ops.emotalk.clear()

    points = fcurves(head.data.shape_keys)[f'key_blocks["{SMILE}"].value', 0].keyframe_points
    assert {point.interpolation for point in points} == {"CONSTANT"}
    assert [point.co.x for point in points] == alone.tolist()
    assert alone[-1] == LAST + EASE_OUT


def test_flag_of_the_commands(saved: Path, speech: Path) -> None:
    from emotalk.addon.commands import main

    flags = ["--sound", str(speech), "--start", "5", "--target", "Head", "--ease", "0.25"]
    assert main(["animate", *flags]) == 0

    bpy.ops.wm.open_mainfile(filepath=str(saved))
    frames, _ = keys_of(bpy.data.objects["Head"], SMILE)
    assert (frames[0], frames[-1]) == (FIRST - 3, LAST + 6)


@pytest.mark.parametrize("seconds", ["-1", "7", "nan", "soon"])
def test_flag_out_of_range_is_exit_code_2(saved: Path, speech: Path, seconds: str) -> None:
    from emotalk.addon.commands import main

    flags = ["--sound", str(speech), "--target", "Head", "--ease", seconds]

    assert main(["animate", *flags]) == 2
    assert not bpy.data.actions
