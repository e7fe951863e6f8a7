"""Sliders, presets and what they mean together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import babble, fcurves, happy_take, keys_of, voice_of, write_wav


def test_first_raised_slider_takes_over_from_the_voice(ready: Any) -> None:
    take = happy_take(ready)

    assert take.controls.mix == 1.0


def test_first_take_has_the_keyframes_of_the_panels_sliders(ready: Any, head: Any) -> None:
    ready.controls.mix = 1.0
    for frame, value in ((5, 0.0), (77, 1.0)):
        ready.controls.happy = value
        bpy.context.scene.keyframe_insert("emotalk.controls.happy", frame=frame)
    bpy.ops.emotalk.animate()
    ready.takes[0].controls.jaw = 1.2

    bpy.ops.emotalk.refresh()

    _, values = voice_of(head, "mouthSmileLeft")
    assert values[2] < 0.1
    assert values[-2] > 0.7


def test_preset_sets_every_slider(ready: Any) -> None:
    from emotalk.addon.bridge.asked import controls
    from emotalk.emotalk_core.controls import PRESETS

    bpy.ops.emotalk.animate()
    ready.takes[0].controls.sync_offset_ms, ready.takes[0].controls.seed = 80.0, 7
    bpy.ops.emotalk.preset(name="Broad (animation)")

    ours = controls.read(ready.takes[0].controls).to_dict()
    kept = {"sync_offset_ms": 80.0, "seed": 7}
    for name, value in (PRESETS["Broad (animation)"].to_dict() | kept).items():
        assert ours[name] == pytest.approx(value)


@pytest.mark.parametrize("is_range", [False, True])
def test_poses_are_held_on_twos(ready: Any, head: Any, *, is_range: bool) -> None:
    take = happy_take(ready)
    ready.key_step, ready.hold_keys = 2, True
    bpy.ops.emotalk.refresh()
    ready.use_range, ready.range_start, ready.range_end = is_range, 30, 50

    take.controls.happy = 0.5
    bpy.ops.emotalk.refresh()

    curve = curve_of(head)
    assert {p.interpolation for p in curve.keyframe_points} == {"CONSTANT"}
    assert len(by_hand_changes(take)) == 0
    first = round(curve.keyframe_points[4].co.x)
    assert curve.evaluate(first + 1) == curve.evaluate(first)
    ready.use_range = ready.hold_keys = False
    bpy.ops.emotalk.refresh()
    assert {p.interpolation for p in curve_of(head).keyframe_points} == {"LINEAR"}


def by_hand_changes(take: Any) -> Any:
    from emotalk.addon.bridge.faces import by_hand

    return by_hand.changed_curves(take)


def curve_of(head: Any) -> Any:
    return fcurves(head.data.shape_keys)['key_blocks["mouthSmileLeft"].value', 0]


def test_second_take_has_the_keyframes_that_it_was_made_with(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    controls = happy_take(ready).controls
    for frame, value in ((5, 0.0), (77, 1.0)):
        controls.happy = value
        bpy.context.scene.keyframe_insert(controls.path_from_id("happy"), frame=frame)
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame = 200
    bpy.ops.emotalk.animate()
    made = keys_of(head, "mouthSmileLeft")[1][-1]

    bpy.ops.emotalk.refresh()

    assert keys_of(head, "mouthSmileLeft")[1][-1] == pytest.approx(made)


def test_keys_late_in_a_long_file_are_read_too(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes

    for frame, happy in ((11, 0.0), (20_001, 1.0)):
        ready.controls.happy = happy
        ready.controls.keyframe_insert("happy", frame=frame)

    track = takes.prepare(bpy.context).request.track

    assert track.times_s[-1] == pytest.approx((20_001 - 5) / 24)
    assert track.keys[-1].emotions[2] == 1.0


def test_keyed_sliders_are_read_where_they_change(ready: Any, speech: Path) -> None:
    """A file's length is not known before it is heard."""
    from emotalk.addon.bridge.take import takes

    ready.controls.keyframe_insert("happy", frame=11)
    ready.controls.happy = 1.0
    ready.controls.keyframe_insert("happy", frame=31)

    track = takes.prepare(bpy.context).request.track

    assert len(track.keys) == 11
    assert track.times_s[0] == pytest.approx((11 - 5) / 24)
    assert [track.keys[0].emotions[2], track.keys[-1].emotions[2]] == [0.0, 1.0]


def test_sliders_that_run_on_are_read_to_the_end(ready: Any) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.take import takes

    for frame, value in ((10, 0.0), (14, 1.0)):
        ready.controls.happy = value
        ready.controls.keyframe_insert("happy", frame=frame)
    for curve in compat.fcurves_of(bpy.context.scene):
        curve.modifiers.new("CYCLES")

    track = takes.prepare(bpy.context).request.track

    assert track.times_s[-1] >= 600


def test_scrubbing_over_keyed_sliders_leaves_the_take_as_it_is(ready: Any) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    for frame, value in ((10, 0.0), (30, 1.0)):
        take.controls.happy = value
        take.controls.keyframe_insert("happy", frame=frame)
    bpy.ops.emotalk.refresh()

    for frame in (10, 20, 30):
        bpy.context.scene.frame_set(frame)
        assert not live.is_stale(take)


def test_what_holds_for_a_whole_take_cannot_be_keyed(ready: Any) -> None:
    with pytest.raises(TypeError, match="not animatable"):
        ready.controls.keyframe_insert("jaw", frame=1)


def keyed(group: Any, *keys: tuple[int, float]) -> Any:
    """The F-curve of `happy`, with these frames and values."""
    from emotalk.addon.bridge import compat

    for frame, value in keys:
        group.happy = value
        group.keyframe_insert("happy", frame=frame)
    path = group.path_from_id("happy")
    return next(c for c in compat.fcurves_of(bpy.context.scene) if c.data_path == path)


def test_a_slider_whose_curve_is_muted_stands_still(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes

    keyed(ready.controls, (10, 0.0), (30, 1.0)).mute = True
    ready.controls.happy = 0.25

    track = takes.prepare(bpy.context).request.track

    assert not track.keys
    assert track.base.emotions[2] == 0.25


def test_a_muted_slider_that_is_moved_makes_the_take_stale(ready: Any) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    controls = ready.takes[0].controls
    keyed(controls, (10, 0.0), (30, 1.0)).mute = True
    bpy.ops.emotalk.refresh()

    controls.happy = 0.25

    assert live.is_stale(ready.takes[0])


def _step(curve: Any) -> None:
    for point in curve.keyframe_points:
        point.interpolation = "CONSTANT"


def _bounce(curve: Any) -> None:
    for point in curve.keyframe_points:
        point.interpolation, point.easing = "BOUNCE", "EASE_IN"


def _pull_handles(curve: Any) -> None:
    point = curve.keyframe_points[0]
    point.handle_right_type = "FREE"
    point.handle_right = (25.0, 0.9)
    curve.update()


def _point_handles(curve: Any) -> None:
    for point in curve.keyframe_points:
        point.handle_left_type = point.handle_right_type = "VECTOR"
    curve.update()


def _run_on(curve: Any) -> None:
    curve.extrapolation = "LINEAR"


def _shake(curve: Any) -> None:
    curve.modifiers.new("NOISE")


WAYS = [_step, _bounce, _pull_handles, _point_handles, _run_on, _shake]


@pytest.mark.parametrize("change", WAYS)
def test_another_way_from_key_to_key_makes_the_take_stale(
    ready: Any, change: Callable[[Any], None]
) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    curve = keyed(ready.takes[0].controls, (10, 0.0), (30, 1.0))
    bpy.ops.emotalk.refresh()
    assert not live.is_stale(ready.takes[0])

    change(curve)

    assert live.is_stale(ready.takes[0])


def _shake_hard(curve: Any) -> None:
    curve.modifiers[0].strength = 2.0


def _mute_noise(curve: Any) -> None:
    curve.modifiers[0].mute = True


def _restrict(curve: Any) -> None:
    curve.modifiers[0].use_restricted_range = True


@pytest.mark.parametrize("change", [_shake_hard, _mute_noise, _restrict])
def test_another_setting_of_a_modifier_makes_the_take_stale(
    ready: Any, change: Callable[[Any], None]
) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    curve = keyed(ready.takes[0].controls, (10, 0.0), (30, 1.0))
    _shake(curve)
    bpy.ops.emotalk.refresh()
    assert not live.is_stale(ready.takes[0])

    change(curve)

    assert live.is_stale(ready.takes[0])


def _by_formula(curve: Any) -> None:
    made = curve.modifiers.new("GENERATOR")
    made.poly_order = 3
    made.coefficients[:] = (0.1, 0.0, 0.0, 1e-6)
    made.use_restricted_range, made.frame_start, made.frame_end = True, 20.0, 40.0


def _in_envelope(curve: Any) -> None:
    made = curve.modifiers.new("ENVELOPE")
    for frame in (10.0, 30.0):
        made.control_points.add(frame)
    made.control_points.foreach_set("max", (0.2, 0.7))  # one by one, Blender reads past their end


@pytest.mark.parametrize("change", [*WAYS, _by_formula, _in_envelope])
def test_a_new_take_has_the_panels_curves_with_all_that_bends_them(
    ready: Any, change: Callable[[Any], None]
) -> None:
    from emotalk.addon.bridge.take import live

    curve = keyed(ready.controls, (10, 0.0), (30, 1.0), (50, 0.2))
    change(curve)

    bpy.ops.emotalk.animate()

    copy = keyed(ready.takes[0].controls)
    frames = np.arange(0.0, 60.0, 0.5)
    assert [copy.evaluate(f) for f in frames] == [curve.evaluate(f) for f in frames]
    assert not live.is_stale(ready.takes[0])


def test_muted_keys_of_the_panels_sliders_are_muted_in_the_first_take(ready: Any) -> None:
    from emotalk.addon.bridge import compat

    keyed(ready.controls, (10, 0.0), (30, 1.0)).mute = True

    bpy.ops.emotalk.animate()

    curves = {c.data_path: c.mute for c in compat.fcurves_of(bpy.context.scene)}
    assert curves["emotalk.takes[0].controls.happy"]


def test_a_peak_of_one_frame_is_seen(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes

    keyed(ready.controls, (10, 0.0), (12, 0.0), (13, 1.0), (14, 0.0), (30, 0.0))

    track = takes.prepare(bpy.context).request.track

    assert max(key.emotions[2] for key in track.keys) == 1.0
    assert [*track.times_s] == sorted(track.times_s)


def test_a_peak_of_one_frame_that_comes_again_is_seen(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes

    curve = keyed(ready.controls, (10, 0.0), (11, 1.0), (12, 0.0), (15, 0.0))
    curve.modifiers.new("CYCLES")

    track = takes.prepare(bpy.context).request.track

    peaks = [t * 24 + 5 for t, key in zip(track.times_s, track.keys, strict=True)
             if key.emotions[2] == 1.0]  # fmt: skip
    assert peaks[:3] == pytest.approx([6, 11, 16])


def test_a_held_slider_jumps_at_its_key(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes

    curve = keyed(ready.controls, (10, 0.0), (21, 1.0), (40, 1.0))
    for point in curve.keyframe_points:
        point.interpolation = "CONSTANT"

    track = takes.prepare(bpy.context).request.track

    before, at = ((21 - 0.1 - 5) / 24, (21 - 5) / 24)
    assert track.frames(np.array([before, at])).weights[:, 2] == pytest.approx([0.0, 1.0])


def test_a_slider_with_a_driver_is_told(ready: Any) -> None:
    ready.controls.driver_add("happy")

    bpy.ops.emotalk.animate()

    assert "Slider happy is moved by a driver" in ready.takes[0].warnings


@pytest.fixture
def track(ready: Any) -> Any:
    """An NLA track whose two strips move a take's slider."""
    bpy.ops.emotalk.animate()
    ready.takes[0].controls.keyframe_insert("sad", frame=20)
    data = bpy.context.scene.animation_data
    slot = getattr(data, "action_slot", None)
    made = data.nla_tracks.new()
    for frame in (20, 40):
        strip = made.strips.new("Sad", frame, data.action)
        if slot is not None:
            strip.action_slot = slot
    data.action = None
    return made


def test_a_slider_that_an_nla_track_moves_is_told_once(
    track: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.emotalk.refresh()

    assert capfd.readouterr().out.count("Slider sad is moved by an NLA track") == 1


def test_a_track_that_is_muted_moves_no_slider(ready: Any, track: Any) -> None:
    track.mute = True

    bpy.ops.emotalk.refresh()

    assert "Slider sad" not in ready.takes[0].warnings
