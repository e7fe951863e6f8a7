"""A face that goes straight from one take to the next goes over smoothly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import FIRST, LAST, PASSAGE, SMILE, changed
from tests.addon.passage_scenes import (
    FRAMES,
    JUMP,
    OPEN,
    STEP,
    curve_of,
    feel,
    remove,
    say,
    shown,
    steps,
)
from tests.addon.scenes import (
    EASE_IN,
    add_strip,
    babble,
    fcurves,
    keys_of,
    needs_sound,
    put_bones_under,
    tick,
    voice_of,
    write_wav,
)


@pytest.mark.parametrize("pause", [0, 1, 2, 5, 10, 20])
@pytest.mark.parametrize("happy", [(JUMP, 0.0), (0.0, JUMP)])
def test_a_feeling_goes_over_smoothly_whatever_the_pause(
    ready: Any, head: Any, second: str, speech: Path, pause: int, happy: tuple[float, float]
) -> None:
    say(ready, str(speech), FIRST, happy[0])
    say(ready, second, LAST + pause, happy[1])

    assert steps(head).max() <= STEP
    values = shown(head)
    assert values[FRAMES == LAST - 1] == pytest.approx(happy[0], abs=0.02)
    assert values[LAST + PASSAGE + pause == FRAMES] == pytest.approx(happy[1], abs=0.02)
    assert [changed(take) for take in ready.takes] == [0, 0]


@needs_sound
def test_halves_of_a_strip_with_two_feelings(ready: Any, head: Any, speech: Path) -> None:
    strip = add_strip(speech, 20)
    ready.source = "STRIP"
    bpy.ops.emotalk.animate()
    feel(ready, 0, JUMP)
    behind = strip.split(50, "SOFT")
    ready.strip = strip.name
    bpy.ops.emotalk.animate()
    ready.strip = behind.name
    bpy.ops.emotalk.animate()

    feel(ready, 1, 0.0)

    assert [(take.first_frame, take.last_frame) for take in ready.takes] == [(20, 50), (50, 92)]
    assert steps(head, first=25, last=90).max() <= STEP
    assert shown(head, frames=np.array([49, 70])) == pytest.approx([JUMP, 0.0], abs=0.02)


def test_what_speaks_goes_over_within_three_frames(halves: Any, head: Any) -> None:
    there = voice_of(head, OPEN)[1]

    remove(halves, 0)

    alone = voice_of(head, OPEN)[1]
    np.testing.assert_array_equal(there[2:], alone[2:])
    assert (there[:2] != alone[:2]).any()


def test_lips_that_meet_right_after_the_cut_stay_shut(
    ready: Any, head: Any, second: str, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sneer ends and a vowel too, in a scene whose frames are those of the curves."""
    from emotalk.emotalk_core import arkit
    from emotalk.emotalk_core.shaping.aperture import CLOSED_MM, aperture_mm

    bpy.context.scene.render.fps = 30
    met = np.array([2, 8])  # frames after the cut
    babbled = type(ready_engine(ready)).decode

    def decode(engine: Any, encoding: Any, controls: Any) -> np.ndarray:
        values = babbled(engine, encoding, controls)
        smile = values[:, arkit.index("mouthSmileLeft")]
        values[:, arkit.indices("noseSneer")] = 0.5 * smile[:, None]
        values[:, arkit.index("jawOpen")], values[:, arkit.index("mouthClose")] = 0.4, 0.0
        values[met, arkit.index("mouthClose")] = 0.36
        return values

    monkeypatch.setattr(type(ready_engine(ready)), "decode", decode)
    say(ready, str(speech), FIRST, 1.0)
    cut = round(ready.takes[0].last_frame)
    say(ready, second, cut, 0.0)
    frames = cut + np.arange(12)

    face = np.stack([shown(head, key, frames) for key in arkit.CHANNELS], axis=1)

    assert (aperture_mm(face)[met] <= CLOSED_MM).all()
    assert (aperture_mm(face)[met - 2] > 5.0).all()
    assert steps(head, "noseSneerLeft", cut - 4, cut + 12).max() < 0.3  # of .5, in three frames


def ready_engine(_ready: Any) -> Any:
    from emotalk.addon.bridge.jobs.session import SESSION

    return SESSION.room.engine(None)


def test_whoever_is_made_last_the_keys_are_the_same(
    ready: Any, head: Any, second: str, speech: Path
) -> None:
    say(ready, str(speech), FIRST, JUMP)
    say(ready, second, LAST, 0.25)
    there = [keys_of(head, key) for key in (SMILE, OPEN)]
    for number, happy in ((0, JUMP), (1, 0.25), (0, JUMP)):
        feel(ready, number, 0.5)
        feel(ready, number, happy)

        for key, keys in zip((SMILE, OPEN), there, strict=True):
            np.testing.assert_allclose(keys_of(head, key), keys, atol=1e-6)
        assert [changed(take) for take in ready.takes] == [0, 0]


def test_the_later_take_follows_a_slider_of_the_earlier_one(halves: Any, head: Any) -> None:

    own = voice_of(head, SMILE)[1][PASSAGE:]
    halves.take_index, halves.takes[0].controls.happy = 0, 0.4

    tick()

    values = shown(head)
    assert values[FRAMES == LAST - 1] == pytest.approx(0.4, abs=0.02)
    assert steps(head).max() <= STEP / 2
    np.testing.assert_array_equal(voice_of(head, SMILE)[1][PASSAGE:], own)
    assert [changed(take) for take in halves.takes] == [0, 0]


@pytest.mark.parametrize("pause", [0, 1, 10])
@pytest.mark.parametrize("max_error", [0.0, 0.02])
def test_without_the_earlier_take_the_later_one_is_as_if_alone(
    ready: Any, head: Any, second: str, speech: Path, pause: int, max_error: float
) -> None:
    ready.max_error = max_error
    say(ready, second, LAST + pause, 0.25)
    alone = [keys_of(head, key) for key in (SMILE, OPEN)]
    say(ready, str(speech), FIRST, JUMP)
    assert steps(head).max() < JUMP / 4

    remove(ready, 1)

    for key, keys in zip((SMILE, OPEN), alone, strict=True):
        np.testing.assert_allclose(keys_of(head, key), keys, atol=1e-6)
    assert (changed(ready.takes[0]), ready.takes[0].own_beginning) == (0, "")


def test_an_earlier_take_that_moves_away_takes_its_passage_along(halves: Any, head: Any) -> None:
    halves.take_index, halves.takes[0].start_frame = 0, FIRST - 200

    bpy.ops.emotalk.refresh()

    frames, values = keys_of(head, SMILE)
    assert frames[frames > 0][0] == LAST - EASE_IN
    assert not values[frames > 0].any()
    assert [changed(take) for take in halves.takes] == [0, 0]


def test_thinned_keys_go_over_as_all_do(ready: Any, head: Any, second: str, speech: Path) -> None:
    say(ready, str(speech), FIRST, JUMP)
    say(ready, second, LAST, 0.0)
    every = shown(head)
    ready.max_error = 0.02

    for number, happy in ((0, JUMP), (1, 0.0)):
        feel(ready, number, happy)

    assert np.abs(shown(head) - every).max() <= 2 * 0.02  # once for the voice, once for the way
    assert steps(head).max() <= STEP + 0.02
    assert len(voice_of(head, SMILE)[0]) < 12


def test_thinned_keys_do_not_creep_towards_the_later_take(
    ready: Any, head: Any, second: str, speech: Path
) -> None:
    ready.max_error = 0.02
    say(ready, str(speech), FIRST, JUMP)

    say(ready, second, LAST, 0.0)

    assert shown(head, frames=np.arange(LAST - 8, LAST)) == pytest.approx(JUMP, abs=0.03)


@pytest.mark.parametrize("pause", [0, 8])
def test_held_poses_go_over_within_the_later_take(
    ready: Any, head: Any, second: str, speech: Path, pause: int
) -> None:
    ready.key_step, ready.hold_keys = 2, True
    say(ready, second, LAST + pause, 0.0)
    alone = keys_of(head, SMILE)
    say(ready, str(speech), FIRST, JUMP)

    poses = shown(head, frames=np.arange(LAST - 4, LAST + 24, 2))

    assert np.abs(np.diff(poses)).max() <= 2 * STEP * 1.3
    points = curve_of(head, SMILE).keyframe_points
    assert {point.interpolation for point in points} == {"CONSTANT"}
    remove(ready, 1)
    np.testing.assert_allclose(keys_of(head, SMILE), alone, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "rows"), [("own_beginning", "[[1, 2]]"), ("lip_curves", "[5]"), ("lip_curves", "{")]
)
def test_what_another_version_wrote_of_a_passage_is_no_error(
    halves: Any, head: Any, name: str, rows: str
) -> None:
    setattr(halves.takes[1], name, rows)

    feel(halves, 0, 0.4)  # the later take follows

    assert shown(head)[FRAMES == LAST - 1] == pytest.approx(0.4, abs=0.02)


def test_without_ease_there_is_no_passage(ready: Any, head: Any, second: str, speech: Path) -> None:
    ready.controls.ease_s = 0.0
    say(ready, str(speech), FIRST, JUMP)

    take = say(ready, second, LAST, 0.0)

    assert not voice_of(head, SMILE)[1].any()
    assert not take.own_beginning


def test_bones_go_over_too(ready: Any, head: Any, second: str, speech: Path) -> None:
    armature = put_bones_under(head)
    ready.rig.character = head
    say(ready, second, LAST, 0.0)
    alone = turned(armature)
    say(ready, str(speech), FIRST, JUMP)
    assert not np.array_equal(turned(armature), alone)

    remove(ready, 1)

    np.testing.assert_allclose(turned(armature), alone, atol=1e-6)


def turned(armature: Any) -> list[float]:
    curve = fcurves(armature)['pose.bones["head"].rotation_quaternion', 1]
    return [curve.evaluate(frame) for frame in range(LAST, LAST + 30)]


def test_each_of_three_takes_follows_the_one_before(ready: Any, head: Any, second: str) -> None:
    for start, happy in ((LAST, JUMP), (LAST + 24, 0.0), (LAST + 48, JUMP)):
        say(ready, second, start, happy)
    assert steps(head, first=LAST, last=LAST + 72).max() <= STEP

    remove(ready, 1)

    assert shown(head, frames=np.array([LAST + 48])) == pytest.approx([JUMP], abs=0.02)
    assert [changed(take) for take in ready.takes] == [0, 0]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_part_shorter_than_a_passage_is_all_passage(
    ready: Any, head: Any, second: str, tmp_path: Path, order: tuple[int, ...]
) -> None:
    word = str(write_wav(tmp_path / "word.wav", babble(1 / 3)))  # 8 frames
    parts = ((second, FIRST, JUMP), (word, FIRST + 24, 0.0), (second, FIRST + 32, 0.0))
    for number in order:
        say(ready, *parts[number])
    there = keys_of(head, SMILE)

    assert steps(head, first=FIRST, last=FIRST + 56).max() < 2 * STEP
    assert shown(head, frames=np.arange(FIRST + 32, FIRST + 50)).max() < 0.03
    for number in (1, 0, 2):
        ready.take_index = number
        bpy.ops.emotalk.refresh()
        np.testing.assert_allclose(keys_of(head, SMILE), there, atol=1e-6)
        assert [changed(take) for take in ready.takes] == [0, 0, 0]


def test_the_command_makes_passages_too(saved: Path, speech: Path, second: str) -> None:
    from emotalk.addon.commands import main

    for sound, start, happy in ((str(speech), FIRST, 1.0), (second, LAST, 0.0)):
        flags = ["--start", str(start), "--emotion", f"happy={happy}", "--mix", "1"]
        assert main(["animate", "--sound", sound, "--target", "Head", *flags]) == 0
        bpy.ops.wm.open_mainfile(filepath=str(saved))

    assert steps(bpy.data.objects["Head"]).max() <= STEP / JUMP
    assert shown(bpy.data.objects["Head"])[FRAMES == LAST - 1] > 0.9
