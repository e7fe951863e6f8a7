"""Keys of a take's sliders go along with its sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import add_strip, fcurves, keys_of, needs_sound, tick, trim_start, write_wav

START = 10  # of the strip
LEFT = "The sound has moved and the keys on its sliders have not"


def key(take: Any, name: str, *keys: tuple[float, float]) -> Any:
    """Keys on a slider of a take, as by hand; its curve."""
    path = take.controls.path_from_id(name)
    for frame, value in keys:
        setattr(take.controls, name, value)
        take.id_data.keyframe_insert(path, frame=frame)
    return curve_of(take, name)


def curve_of(take: Any, name: str) -> Any:
    return fcurves(take.id_data)[take.controls.path_from_id(name), 0]


def frames(take: Any, name: str = "happy") -> list[float]:
    return [point.co.x for point in curve_of(take, name).keyframe_points]


def smile(head: Any, first: float) -> np.ndarray:
    """A second of it from a frame on."""
    at, values = keys_of(head, "mouthSmileLeft")
    return values[(at >= first) & (at < first + 24)]


def warnings_of(ours: Any) -> str:
    return "\n".join(take.warnings for take in ours.takes)


@pytest.fixture
def felt(ready: Any) -> Any:
    """A take from frame 5 on, that becomes happy between frames 20 and 40."""
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    key(take, "happy", (20, 0.0), (40, 1.0))
    bpy.ops.emotalk.refresh()
    return take


def move(take: Any, by: float) -> None:
    """Of a file; its keys follow."""
    take.start_frame += by
    bpy.ops.emotalk.refresh()


def keyed_strip(ready: Any, speech: Path) -> tuple[Any, Any]:
    """A strip and its take, one of whose sliders has keys."""
    strip = add_strip(speech, START)
    ready.source, ready.strip = "STRIP", strip.name
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    key(take, "happy", (20, 0.0), (40, 1.0))
    bpy.ops.emotalk.refresh()
    return strip, take


@needs_sound
def test_keys_of_sliders_follow_a_strip(ready: Any, head: Any, speech: Path) -> None:
    from emotalk.addon.bridge import compat

    strip, take = keyed_strip(ready, speech)
    before = smile(head, 20)

    compat.move_strip(strip, 101)
    bpy.ops.emotalk.refresh()

    assert frames(take) == [121.0, 141.0]
    assert smile(head, 121) == pytest.approx(before, abs=1e-5)
    assert LEFT not in take.warnings


@needs_sound
def test_a_trim_leaves_them_and_a_slip_takes_them_along(ready: Any, speech: Path) -> None:
    from emotalk.addon.bridge import compat

    strip, take = keyed_strip(ready, speech)

    trim_start(strip, 6)
    bpy.ops.emotalk.refresh()
    trimmed = frames(take)
    compat.move_strip(strip, 8)  # content later, what is seen of it again from the same frame on
    trim_start(strip, 0)
    bpy.ops.emotalk.refresh()

    assert (trimmed, frames(take)) == ([20.0, 40.0], [28.0, 48.0])


def test_hand_made_keys_stay_what_they_are(felt: Any) -> None:
    curve = curve_of(felt, "happy")
    point = curve.keyframe_points[0]
    point.handle_left_type = point.handle_right_type = "FREE"
    point.handle_left, point.handle_right = (13.0, -0.25), (29.0, 0.5)
    point.interpolation, curve.keyframe_points[1].interpolation = "BEZIER", "BOUNCE"
    point.select_control_point = True
    curve.keyframe_points[1].select_control_point = False
    bpy.ops.emotalk.refresh()

    move(felt, 50)

    first, last = curve_of(felt, "happy").keyframe_points
    assert [*first.co, *first.handle_left, *first.handle_right] == [70, 0, 63, -0.25, 79, 0.5]
    assert (first.handle_left_type, first.handle_right_type) == ("FREE", "FREE")
    assert (first.interpolation, last.interpolation) == ("BEZIER", "BOUNCE")
    assert (first.select_control_point, last.select_control_point) == (True, False)


def test_what_is_shown_is_what_the_keys_say_afterwards(felt: Any, head: Any) -> None:
    from emotalk.addon.bridge.take import live

    move(felt, 51)
    shown = smile(head, 70)
    is_stale = live.is_stale(felt)
    bpy.ops.emotalk.refresh()

    assert not is_stale
    assert smile(head, 70) == pytest.approx(shown, abs=1e-5)
    assert frames(felt) == [71.0, 91.0]


def test_one_undo_takes_all_of_it_back(felt: Any, head: Any) -> None:
    felt.start_frame += 50
    bpy.ops.ed.undo_push(message="Moved")
    bpy.ops.emotalk.refresh()
    bpy.ops.ed.undo_push(message="Updated")

    bpy.ops.ed.undo()

    take = bpy.context.scene.emotalk.takes[0]
    assert (frames(take), take.first_frame, take.file_start) == ([20.0, 40.0], 5.0, 5.0)
    bpy.ops.ed.redo()
    take = bpy.context.scene.emotalk.takes[0]
    assert (frames(take), take.first_frame, take.file_start) == ([70.0, 90.0], 55.0, 55.0)


def test_a_take_that_is_moved_past_another_takes_its_own_keys_alone(
    felt: Any, ready: Any, second: str
) -> None:
    ready.filepath, ready.start_frame = second, 200
    bpy.ops.emotalk.animate()
    key(ready.takes[1], "sad", (205, 0.0), (215, 1.0))
    bpy.ops.emotalk.refresh()
    first, other = ready.takes

    first.start_frame = 190  # over the other, and on until after it
    bpy.ops.emotalk.refresh_all()

    assert (frames(first), frames(other, "sad")) == ([205.0, 225.0], [205.0, 215.0])
    assert LEFT not in warnings_of(ready)


def test_two_characters_on_one_sound_both_take_theirs_along(
    felt: Any, ready: Any, ben: Any
) -> None:
    ready.rig.character = ben
    bpy.ops.emotalk.animate()
    other = ready.takes[1]
    key(other, "sad", (30, 0.0), (50, 1.0))
    bpy.ops.emotalk.refresh()

    for take in ready.takes:
        take.start_frame += 7
    bpy.ops.emotalk.refresh_all()

    assert frames(ready.takes[0]) == [27.0, 47.0]
    assert frames(ready.takes[1], "sad") == [37.0, 57.0]


def test_another_frame_rate_leaves_them_at_their_place_in_the_sound(felt: Any) -> None:
    bpy.context.scene.render.fps = 48
    bpy.ops.emotalk.refresh()

    assert felt.phrases[0].start < 15.0
    assert frames(felt) == [35.0, 75.0]  # the sound begins at frame 5


def test_keys_that_were_moved_along_by_hand_stay_and_nothing_is_told(felt: Any) -> None:
    for point in curve_of(felt, "happy").keyframe_points:
        point.co_ui.x += 50

    move(felt, 50)

    assert frames(felt) == [70.0, 90.0]
    assert LEFT not in felt.warnings


def test_keys_that_nobody_has_written_by_now_stay_and_are_told(felt: Any) -> None:
    curve_of(felt, "happy").keyframe_points[0].co_ui.x += 3

    move(felt, 50)

    assert frames(felt) == [23.0, 40.0]
    assert f"{LEFT}, as they were changed since the take was written" in felt.warnings


def test_another_slider_that_was_set_meanwhile_keeps_nothing_back(felt: Any) -> None:
    felt.controls.smoothing = 0.5

    move(felt, 50)

    assert frames(felt) == [70.0, 90.0]


def _lock(curve: Any) -> None:
    curve.lock = True


def _shake(curve: Any) -> None:
    curve.modifiers.new("NOISE")


def _share(_curve: Any) -> None:
    other = bpy.data.scenes.new("Other")
    mine = bpy.context.scene.animation_data
    data = other.animation_data_create()
    data.action = mine.action
    if hasattr(mine, "action_slot"):
        data.action_slot = mine.action_slot


@pytest.mark.parametrize(
    ("change", "why"),
    [(_lock, "locked"), (_shake, "a modifier"), (_share, "another scene has them too")],
)
def test_keys_that_cannot_be_moved_stay_and_it_is_told_why(
    felt: Any, change: Any, why: str
) -> None:
    change(curve_of(felt, "happy"))
    bpy.ops.emotalk.refresh()

    move(felt, 50)

    assert frames(felt) == [20.0, 40.0]
    assert f"{LEFT}, as" in felt.warnings
    assert why in felt.warnings


def test_another_sound_takes_no_keys_along(felt: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 40_000)
    felt.filepath = str(write_wav(tmp_path / "other.wav", noise))

    move(felt, 50)

    assert frames(felt) == [20.0, 40.0]
    assert "as another sound is heard now" in felt.warnings


def test_a_pause_that_moves_as_it_is_takes_them_along(felt: Any, ready: Any, second: str) -> None:
    ready.filepath, ready.start_frame = second, 205
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 230
    bpy.ops.emotalk.fill_pauses()
    pause = next(take for take in ready.takes if take.source == "PAUSE")
    key(pause, "calm", (110, 0.0), (120, 1.0))
    ready.take_index = len(ready.takes) - 1
    bpy.ops.emotalk.refresh()

    for take in ready.takes[:2]:
        take.start_frame += 10
    bpy.ops.emotalk.refresh_all()
    bpy.ops.emotalk.fill_pauses()

    assert frames(next(t for t in ready.takes if t.source == "PAUSE"), "calm") == [120.0, 130.0]


def test_a_range_takes_them_along_once(felt: Any, ready: Any) -> None:
    move(felt, 50)
    ready.use_range, ready.range_start, ready.range_end = True, 70, 80
    bpy.ops.emotalk.refresh()

    assert frames(felt) == [70.0, 90.0]


def test_cancelled_before_it_is_written_nothing_has_moved(
    felt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import RigError

    def fail(*_: Any) -> None:
        raise RigError("No", value="way", remedy="Stop.")

    monkeypatch.setattr(takes.bake, "write", fail)
    felt.start_frame += 50
    with pytest.raises(RuntimeError, match="No"):
        bpy.ops.emotalk.refresh()

    assert frames(felt) == [20.0, 40.0]


def test_a_slider_leaves_it_to_update_keys_and_says_so(felt: Any) -> None:

    felt.start_frame += 50
    felt.controls.smoothing = 0.5
    tick()

    assert (felt.first_frame, frames(felt)) == (5.0, [20.0, 40.0])
    assert "keys on its sliders have to go along" in felt.warnings
    assert "Press Update Keys" in felt.warnings


@needs_sound
def test_phrases_of_a_strip_that_moved_wait_for_update_keys(ready: Any, speech: Path) -> None:
    from emotalk.addon.bridge import compat

    strip = add_strip(speech, START)
    ready.source, ready.strip = "STRIP", strip.name
    bpy.ops.emotalk.animate()
    ready.takes[0].controls.happy = 0.5
    compat.move_strip(strip, 100)

    with pytest.raises(RuntimeError, match="press Update Keys first"):
        bpy.ops.emotalk.feel_phrase()

    bpy.ops.emotalk.refresh()
    bpy.context.scene.frame_set(130)
    assert bpy.ops.emotalk.feel_phrase() == {"FINISHED"}
    assert min(frames(ready.takes[0])) >= 100.0


def test_whole_frames_stay_whole(addon: Any) -> None:
    from emotalk.addon.bridge.asked.carried import Shift

    shift = Shift(was=float(np.float32(70.1)), now=170.1)

    assert shift.after(np.array([75.0, 80.5])).tolist() == [175.0, 180.5]


def test_a_slider_that_changed_meanwhile_is_still_to_be_followed(felt: Any) -> None:
    from emotalk.addon.bridge.take import live, takes

    felt.start_frame += 100
    scene = felt.id_data
    prepared = takes.prepare_take(scene, felt)
    outcome = takes.remake(prepared)
    felt.controls["jaw"] = 0.5

    takes.finish(prepared, outcome)

    assert frames(felt) == [120.0, 140.0]
    assert live.is_stale(felt)
