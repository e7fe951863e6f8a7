"""The one click and its sliders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import (
    add_strip,
    babble,
    fcurves,
    follow_to_the_end,
    happy_take,
    keys_of,
    make_head,
    needs_sound,
    state,
    tick,
    trim_start,
    voice_of,
    write_wav,
)


def test_one_click_keys_every_frame_of_the_sound(ready: Any, head: Any) -> None:
    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    frames, values = voice_of(head, "jawOpen")
    np.testing.assert_array_equal(frames, np.arange(5, 5 + 72 + 1))  # 3 s at 24, both ends
    assert np.ptp(values) > 0.1


def test_curves_are_those_of_the_core_at_scene_frames(ready: Any, head: Any, speech: Path) -> None:
    from emotalk.emotalk_core.audio import open_sound
    from emotalk.emotalk_core.controls import ControlTrack
    from emotalk.emotalk_core.pipeline import animate
    from emotalk.emotalk_core.timing import exact_rate, resample

    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1.001
    bpy.ops.emotalk.animate()
    from emotalk.addon.bridge.jobs.session import SESSION

    clip = animate(open_sound(speech), ControlTrack(), engine=SESSION.room.engine(None))
    frames, values = voice_of(head, "browInnerUp")

    times_s = (frames - 5) / float(exact_rate("24000/1001"))
    expected = resample(clip.values, clip.fps, times_s)[:, clip.channels.index("browInnerUp")]
    np.testing.assert_allclose(values, expected, atol=1e-6)


@needs_sound
def test_trimmed_strip_is_keyed_where_it_is_seen(ready: Any, head: Any, speech: Path) -> None:
    strip = add_strip(speech, 20)
    trim_start(strip, 24)
    ready.source = "STRIP"

    bpy.ops.emotalk.animate()

    frames, _ = voice_of(head, "jawOpen")
    assert (frames[0], frames[-1]) == (44, 92)


def test_all_meshes_of_the_character_are_keyed(ready: Any, head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head

    bpy.ops.emotalk.animate()

    np.testing.assert_array_equal(keys_of(teeth, "jawOpen")[1], keys_of(head, "jawOpen")[1])


def test_clicking_again_makes_the_same_take_again(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.animate()

    assert len(ready.takes) == 1
    assert len(bpy.data.actions) == 1


def test_a_second_sound_is_a_second_take_beside_the_first(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()
    first = keys_of(head, "jawOpen")
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame = 200

    bpy.ops.emotalk.animate()

    _, values = keys_of(head, "jawOpen")
    assert len(ready.takes) == 2
    np.testing.assert_array_equal(values[: len(first[1])], first[1])
    assert voice_of(head, "jawOpen")[0][0] == 200


def test_live_slider_changes_the_keys_without_hearing_again(
    ready: Any, head: Any, fake_engine: Any
) -> None:
    from emotalk.addon.bridge.take import live

    take = happy_take(ready)
    assert live.is_stale(take)

    bpy.ops.emotalk.refresh()

    _, values = voice_of(head, "mouthSmileLeft")
    assert values.mean() == pytest.approx(0.75, abs=0.05)
    assert fake_engine.n_encoded == 1
    assert not live.is_stale(take)


def test_take_whose_sound_has_moved_is_written_whole(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    ready.takes[0].start_frame = 105
    ready.use_range, ready.range_start, ready.range_end = True, 110, 120

    bpy.ops.emotalk.refresh()

    frames, _ = voice_of(head, "jawOpen")
    assert (frames[0], frames[-1]) == (105, 177)


def test_range_beside_the_take_is_told(ready: Any) -> None:
    take = happy_take(ready)
    ready.use_range, ready.range_start, ready.range_end = True, 500, 600

    bpy.ops.emotalk.refresh()

    assert "touches no frame" in take.warnings


def test_take_that_is_made_again_is_the_active_one(ready: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    first = ready.filepath
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    bpy.ops.emotalk.animate()
    assert ready.take_index == 1
    ready.filepath = first

    bpy.ops.emotalk.animate()

    assert (len(ready.takes), ready.take_index) == (2, 0)


def test_long_take_follows_its_sliders_in_the_background(
    ready: Any, head: Any, fake_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    monkeypatch.setattr(live, "_SHORT_FRAMES", 10)
    take = happy_take(ready)
    before = voice_of(head, "mouthSmileLeft")[1]
    action = head.data.shape_keys.animation_data.action

    tick()
    follower = SESSION.job
    np.testing.assert_array_equal(voice_of(head, "mouthSmileLeft")[1], before)
    follow_to_the_end(follower)

    assert voice_of(head, "mouthSmileLeft")[1].mean() == pytest.approx(0.75, abs=0.05)
    assert fake_engine.n_encoded == 1
    assert SESSION.job is None
    assert not live.is_stale(take)
    assert head.data.shape_keys.animation_data.action == action  # another would not survive undo


def test_stopped_follower_leaves_the_keys_as_they_were(
    ready: Any, head: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    monkeypatch.setattr(live, "_SHORT_FRAMES", 10)
    happy_take(ready)
    before = state()
    tick()
    follower = SESSION.job
    follower.wait(20)

    bpy.ops.emotalk.stop()

    assert follower.look() is None
    assert SESSION.job is None
    assert state() == before


def test_undo_while_following_stops_it(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    monkeypatch.setattr(live, "_SHORT_FRAMES", 10)
    take = happy_take(ready)
    before = state()
    tick()
    follower = SESSION.job
    follower.wait(20)

    live._after_undo()

    assert follower.look() is None
    assert state() == before
    assert "Sliders cannot" not in take.warnings


def test_take_that_is_gone_is_not_made_again(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import RigError

    take = happy_take(ready)
    prepared = takes.prepare_take(bpy.context.scene, take)
    outcome = takes.remake(prepared)
    ready.takes.clear()
    before = state()

    for write in (takes.begin, takes.finish):
        with pytest.raises(RigError, match="removed meanwhile"):
            write(prepared, outcome)

    assert state() == before
    assert not ready.takes


def test_opened_file_still_has_live_sliders(ready: Any, tmp_path: Path) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    bpy.ops.emotalk.animate()
    saved = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(saved))
    SESSION.end()
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    scene = bpy.context.scene
    take = scene.emotalk.takes[0]
    take.controls.happy = 0.75

    bpy.ops.emotalk.refresh()

    _, values = voice_of(bpy.data.objects["Head"], "mouthSmileLeft")
    assert values.mean() == pytest.approx(0.75, abs=0.05)


def test_keyframed_slider_is_followed(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    take.controls.mix = 1.0
    for frame, value in ((5, 0.0), (77, 1.0)):
        take.controls.happy = value
        bpy.context.scene.keyframe_insert(take.controls.path_from_id("happy"), frame=frame)

    bpy.ops.emotalk.refresh()

    frames, values = voice_of(head, "mouthSmileLeft")
    middle = values[(frames > 35) & (frames < 45)].mean()
    assert values[2] < 0.1 < 0.3 < middle < 0.7 < values[-2]


def test_range_changes_only_its_frames(ready: Any, head: Any) -> None:
    take = happy_take(ready)
    before = keys_of(head, "mouthSmileLeft")[1]
    ready.use_range, ready.range_start, ready.range_end = True, 30, 50

    bpy.ops.emotalk.refresh()

    frames, values = keys_of(head, "mouthSmileLeft")
    outside = (frames < 30) | (frames > 50)
    np.testing.assert_array_equal(values[outside], before[outside])
    assert values[frames == 40] > 0.5
    assert take.baked


def test_undo_takes_back_everything_in_one_step(ready: Any, head: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.emotalk.animate("EXEC_DEFAULT", True)  # noqa: FBT003 - Blender's own: with undo
    assert fcurves(head.data.shape_keys)

    bpy.ops.ed.undo()

    assert not bpy.data.actions
    assert len(bpy.context.scene.emotalk.takes) == 0


def test_removing_leaves_no_action_and_no_take(ready: Any) -> None:
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()

    assert not bpy.data.actions
    assert len(ready.takes) == 0


def test_found_rig_is_listed_with_counts(ready: Any, head: Any) -> None:
    make_head("Teeth", ("jawOpen", "jawLeft")).parent = head
    make_head("Hat", ("Tilt",)).parent = head

    bpy.ops.emotalk.find_rig()

    listed = {item.name: (item.use, item.n_found) for item in ready.rig.targets}
    assert listed == {"Head": (True, 52), "Teeth": (True, 2), "Hat": (False, 0)}
    assert ready.rig.n_missing == 0


def test_mesh_that_is_switched_off_gets_no_keys(ready: Any, head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head
    bpy.ops.emotalk.find_rig()
    next(item for item in ready.rig.targets if item.object == teeth).use = False

    bpy.ops.emotalk.animate()

    assert teeth.data.shape_keys.animation_data is None
    assert fcurves(head.data.shape_keys)


def test_curves_survive_a_file(ready: Any, head: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    before = voice_of(head, "jawOpen")[1]
    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "talk.npz"))
    bpy.ops.emotalk.clear()
    bpy.context.scene.frame_set(5)

    bpy.ops.emotalk.import_clip(filepath=str(tmp_path / "talk.npz"))

    np.testing.assert_allclose(keys_of(head, "jawOpen")[1], before, atol=1e-6)


@needs_sound
def test_slider_after_a_trim_hears_the_new_stretch(ready: Any, head: Any, speech: Path) -> None:
    strip = add_strip(speech, 20)
    ready.source = "STRIP"
    bpy.ops.emotalk.animate()
    trim_start(strip, 24)

    bpy.ops.emotalk.refresh()

    slid = keys_of(head, "jawOpen")
    bpy.ops.emotalk.clear()
    bpy.ops.emotalk.animate()
    for ours, anew in zip(slid, keys_of(head, "jawOpen"), strict=True):
        np.testing.assert_array_equal(ours, anew)


@needs_sound
def test_take_keeps_to_the_strip_of_its_own_sequencer(
    ready: Any, head: Any, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat

    add_strip(speech, 200)
    shot, edit = bpy.context.scene, bpy.data.scenes.new("Edit")
    edit.render.fps, shot.render.fps = 25, 50
    strip = compat.top_strips(edit).new_sound("speech", str(speech), 1, 25)
    assert strip.name == compat.strips_all(shot)[0].name
    monkeypatch.setattr(compat, "sequencer_scene", lambda _context: edit)
    ready.source, ready.strip = "STRIP", "speech"

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.refresh()

    frames, _ = voice_of(head, "jawOpen")
    assert frames[0] == 50  # second 1 at 50 frames a second
    assert frames[-1] in {199, 200}
    assert "25 frames a second, this one 50" in ready.takes[0].warnings
