"""Feelings for one phrase of a take: keys on its sliders, with fades in the pauses around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from emotalk_core.controls import EMOTIONS
from tests.addon.scenes import keys_of, run, write_wav


@pytest.fixture
def said(ready: Any, tmp_path: Path) -> Any:
    """A take of three phrases, at 24 frames a second: 0 to 1 s, 2 to 3 s, 4 to 5 s."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * 16_000)
    for start in (1, 3):
        noise[start * 16_000 : (start + 1) * 16_000] *= 1e-4
    ready.filepath = str(write_wav(tmp_path / "three.wav", noise))
    bpy.ops.emotalk.animate()
    return ready.takes[0]


def sliders_at(take: Any, frame: int) -> dict[str, float]:
    bpy.context.scene.frame_set(frame)
    return {name: round(getattr(take.controls, name), 3) for name in ("happy", "sad", "mix")}


def smiles(head: Any, *frames: int) -> list[float]:
    at, values = keys_of(head, "mouthSmileLeft")
    return [float(values[np.abs(at - frame).argmin()]) for frame in frames]


def feel(take: Any, frame: int, **weights: float) -> None:
    bpy.context.scene.frame_set(frame)
    for name in ("happy", "sad"):
        setattr(take.controls, name, weights.get(name, 0.0))
    assert bpy.ops.emotalk.feel_phrase() == {"FINISHED"}


FIRST, SECOND, THIRD = 15, 65, 112  # frames in the phrases; the sound starts at frame 5


def test_a_take_knows_its_phrases_in_scene_frames(said: Any) -> None:
    spans = [(phrase.start, phrase.end) for phrase in said.phrases]

    assert np.allclose(spans, [(5, 29), (53, 77), (101, 125)], atol=6)
    assert {phrase.heard for phrase in said.phrases} <= set(EMOTIONS)


def test_keys_of_sliders_are_called_after_their_take(said: Any) -> None:
    assert said.controls.name == said.name  # the Dope Sheet shows: Happy (Head: three.wav)
    said.name = "Line 1"

    bpy.ops.emotalk.refresh()

    assert said.controls.name == "Line 1"


def test_a_phrase_is_felt_and_the_others_stay_as_they_were_heard(said: Any, head: Any) -> None:
    before = smiles(head, FIRST, SECOND, THIRD)

    feel(said, SECOND, happy=0.8)
    bpy.ops.emotalk.refresh()

    after = smiles(head, FIRST, SECOND, THIRD)
    assert after[1] > before[1] + 0.3
    assert [after[0], after[2]] == pytest.approx([before[0], before[2]], abs=1e-6)
    assert sliders_at(said, SECOND) == {"happy": 0.8, "sad": 0.0, "mix": 1.0}
    assert sliders_at(said, FIRST) == {"happy": 0.0, "sad": 0.0, "mix": 0.0}


def test_the_next_feeling_leaves_the_first_one_alone(said: Any) -> None:
    feel(said, SECOND, happy=0.8)

    feel(said, FIRST, sad=0.5)

    assert sliders_at(said, FIRST) == {"happy": 0.0, "sad": 0.5, "mix": 1.0}
    assert sliders_at(said, SECOND) == {"happy": 0.8, "sad": 0.0, "mix": 1.0}
    assert sliders_at(said, THIRD)["mix"] == 0.0


def test_a_phrase_may_change_its_mind(said: Any) -> None:
    feel(said, SECOND, happy=0.8)
    feel(said, SECOND, sad=0.4)

    assert sliders_at(said, SECOND) == {"happy": 0.0, "sad": 0.4, "mix": 1.0}
    assert sliders_at(said, THIRD)["mix"] == 0.0


def test_one_phrase_goes_back_to_the_voice(said: Any) -> None:
    said.controls.happy = 0.8
    bpy.context.scene.frame_set(SECOND)

    assert bpy.ops.emotalk.voice_phrase() == {"FINISHED"}

    assert [sliders_at(said, f)["mix"] for f in (FIRST, SECOND, THIRD)] == [1.0, 0.0, 1.0]
    assert sliders_at(said, FIRST)["happy"] == 0.8


def test_in_a_pause_the_nearest_phrase_is_meant(said: Any) -> None:
    feel(said, 48, happy=0.8)

    assert sliders_at(said, SECOND)["happy"] == 0.8


def test_one_undo_takes_the_keys_of_a_phrase_back(said: Any) -> None:
    bpy.ops.ed.undo_push(message="Before")
    feel(said, SECOND, happy=0.8)
    bpy.ops.ed.undo_push(message="After")

    bpy.ops.ed.undo()

    data = bpy.context.scene.animation_data
    assert data is None or data.action is None


@pytest.mark.parametrize("is_keyed", [False, True], ids=["empty", "with a key of one's own"])
def test_with_the_take_goes_the_action_of_its_phrases(said: Any, *, is_keyed: bool) -> None:
    feel(said, SECOND, happy=0.8)
    if is_keyed:
        bpy.context.scene.keyframe_insert("gravity", index=2)

    bpy.ops.emotalk.clear()

    assert ("Scene Sliders" in bpy.data.actions) == is_keyed


def test_an_action_of_ones_own_stays_when_phrases_go(said: Any) -> None:
    bpy.context.scene.animation_data_create().action = bpy.data.actions.new("Mine")
    feel(said, SECOND, happy=0.8)

    bpy.ops.emotalk.clear()

    assert "Mine" in bpy.data.actions


def test_no_raised_slider_is_told_and_nothing_is_keyed(said: Any) -> None:
    with pytest.raises(RuntimeError, match="No emotion slider is raised"):
        bpy.ops.emotalk.feel_phrase()

    assert bpy.context.scene.animation_data is None


def test_the_frame_goes_from_phrase_to_phrase(said: Any) -> None:
    scene = bpy.context.scene
    scene.frame_set(1)
    starts = []
    for step in (1, 1, 1, 1, -1):
        bpy.ops.emotalk.to_phrase(step=step)
        starts.append(scene.frame_current)

    assert starts == [*sorted(starts[:3]), starts[2], starts[1]]
    assert np.allclose(starts[:3], [5, 53, 101], atol=6)


def test_a_moved_take_takes_its_phrases_along(said: Any) -> None:
    before = [phrase.start for phrase in said.phrases]

    said.start_frame += 100
    bpy.ops.emotalk.refresh()

    assert [phrase.start for phrase in said.phrases] == pytest.approx([b + 100 for b in before])


def test_a_phrase_that_was_felt_so_stays_felt_when_the_sound_moves(said: Any, head: Any) -> None:
    feel(said, SECOND, happy=0.8)
    bpy.ops.emotalk.refresh()
    before = smiles(head, FIRST, SECOND, THIRD)

    said.start_frame += 100
    bpy.ops.emotalk.refresh()

    after = smiles(head, FIRST + 100, SECOND + 100, THIRD + 100)
    assert after == pytest.approx(before, abs=1e-5)
    assert "keys on its sliders" not in said.warnings


def test_before_animate_the_buttons_say_why_they_are_grey(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="No phrases are known yet"):
        bpy.ops.emotalk.feel_phrase()


def test_a_silent_sound_has_none_and_the_buttons_say_so(ready: Any, tmp_path: Path) -> None:
    ready.filepath = str(write_wav(tmp_path / "silent.wav", np.zeros(32_000)))
    bpy.ops.emotalk.animate()

    with pytest.raises(RuntimeError, match="Nobody speaks in this take's sound"):
        bpy.ops.emotalk.feel_phrase()


def test_imported_curves_and_pauses_have_no_phrases_and_the_buttons_say_so(
    said: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.fill_pauses()
    curves = str(tmp_path / "said.npz")
    bpy.ops.emotalk.export_clip(filepath=curves)
    bpy.context.scene.frame_set(300)
    bpy.ops.emotalk.import_clip(filepath=curves)
    ours = bpy.context.scene.emotalk

    for source, why in (("PAUSE", "Nothing is said in a pause"), ("CLIP", "nothing was heard")):
        ours.take_index = [take.source for take in ours.takes].index(source)
        with pytest.raises(RuntimeError, match=why):
            bpy.ops.emotalk.feel_phrase()


def test_muted_keys_are_told_before_a_phrase_is_keyed(said: Any) -> None:
    from emotalk.addon.bridge.compat import fcurves_of

    feel(said, SECOND, happy=0.8)
    curve = next(c for c in fcurves_of(bpy.context.scene) if c.data_path.endswith("sad"))
    curve.mute = True
    bpy.context.scene.frame_set(FIRST)
    said.controls.happy = 0.5

    with pytest.raises(RuntimeError, match="muted and would move nothing: 'sad'"):
        bpy.ops.emotalk.feel_phrase()

    assert len(curve.keyframe_points) == 4


def test_the_next_take_is_not_pinned_by_keys_of_this_ones_phrases(said: Any, second: str) -> None:
    from emotalk.addon.bridge.take import live

    feel(said, SECOND, happy=0.8)
    bpy.context.scene.frame_set(SECOND)
    ours = bpy.context.scene.emotalk
    ours.filepath, ours.start_frame = second, 200

    bpy.ops.emotalk.animate()

    take = ours.takes[1]
    assert not live.is_stale(take)
    assert sliders_at(take, 210) == {"happy": 0.0, "sad": 0.0, "mix": 0.0}
    take.controls.happy = 0.5
    assert sliders_at(take, 211) == {"happy": 0.5, "sad": 0.0, "mix": 1.0}


def test_the_command_line_keys_the_sliders_of_a_table(
    saved: Path, speech: Path, tmp_path: Path, head: Any
) -> None:
    table = tmp_path / "felt.csv"
    table.write_text("start_s,end_s,happy\n1,1.5,0.75\n")

    assert run("animate", "--sound", speech, "--target", "Head", "--feelings", table) == 0

    scene = bpy.context.scene
    take = scene.emotalk.takes[0]
    first = round(take.first_frame)
    mixes = [sliders_at(take, first + frame)["mix"] for frame in (0, 30, 70)]
    assert mixes == [0.0, 1.0, 0.0]
    before, said, after = smiles(bpy.data.objects["Head"], first, first + 30, first + 70)
    assert said > 0.4 > max(before, after)
    bpy.ops.emotalk.refresh()
    assert smiles(bpy.data.objects["Head"], first + 30) == pytest.approx([said], abs=1e-4)


def test_a_batch_finds_the_table_beside_its_sound(saved: Path, speech: Path) -> None:
    speech.with_name("speech.feelings.csv").write_text("start_s,end_s,happy\n1,1.5,0.75\n")
    out = saved.parent / "out"

    assert run("batch", speech.parent, "--character", "Head", "-o", out) == 0

    bpy.ops.wm.open_mainfile(filepath=str(out / "speech.blend"))
    take = bpy.context.scene.emotalk.takes[0]
    assert sliders_at(take, round(take.first_frame) + 30)["happy"] == pytest.approx(0.75)


def test_flags_hold_for_a_sound_after_one_with_a_table(
    saved: Path, speech: Path, second: str, tmp_path: Path
) -> None:
    table = tmp_path / "felt.csv"
    table.write_text("start_s,end_s,sad\n1,1.5,0.75\n")
    assert run("animate", "--sound", speech, "--target", "Head", "--feelings", table) == 0

    flags = ("--start", 300, "--emotion", "happy=0.5", "--mix", 1)
    assert run("animate", "--sound", second, "--target", "Head", *flags) == 0

    takes = bpy.context.scene.emotalk.takes
    assert sliders_at(takes[1], 310) == {"happy": 0.5, "sad": 0.0, "mix": 1.0}
    start = round(takes[0].first_frame)
    assert sliders_at(takes[0], start + 30) == {"happy": 0.0, "sad": 0.75, "mix": 1.0}
