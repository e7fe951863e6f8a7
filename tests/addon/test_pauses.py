"""Fill Pauses: takes without a sound, in which a face lives on between its lines."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.look_scenes import make_person, put_eyes_under
from tests.addon.scenes import fcurves, keys_of, needs_sound

pytestmark = needs_sound


@pytest.fixture
def dialogue(lines: list[Any], ben: Any) -> Any:
    """Ada says two lines and Ben one, within frames 1 to 400."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 400
    ours = scene.emotalk
    ours.rig.character.name = "Ada"
    for thing in (ours.rig.character, ben):
        ours.rig.character = thing
        bpy.ops.emotalk.add_role()
    assert bpy.ops.emotalk.animate_cast() == {"FINISHED"}
    return ours


def spans(ours: Any, who: str, source: str) -> list[tuple[float, float]]:
    found = [
        (take.first_frame, take.last_frame)
        for take in ours.takes
        if take.source == source and take.rig.character.name == who
    ]
    return sorted(found)


def blinks(name: str, first: float, last: float) -> int:
    frames, values = keys_of(bpy.data.objects[name], "eyeBlinkLeft")
    shut = (values > 0.6) & (frames >= first) & (frames <= last)
    return int((np.diff(shut.astype(int)) > 0).sum())


def test_pauses_behind_the_scenes_end_are_told(
    dialogue: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """There listeners would freeze while somebody speaks on."""
    scene = bpy.context.scene
    bpy.ops.emotalk.fill_pauses()
    whole = capfd.readouterr().out
    scene.frame_end = 240
    bpy.ops.emotalk.fill_pauses()
    short = capfd.readouterr().out

    assert "Filled 4 pauses: " in whole
    assert "Pauses behind" not in whole
    assert "Warning: Pauses behind the scene's end, frame 240, stay empty" in short


def test_every_pause_of_a_second_becomes_a_take_that_leaves_the_lines_alone(dialogue: Any) -> None:
    said = {who: spans(dialogue, who, "STRIP") for who in ("Ada", "Ben")}

    assert bpy.ops.emotalk.fill_pauses() == {"FINISHED"}

    assert {who: spans(dialogue, who, "STRIP") for who in said} == said
    for who, lines in said.items():
        pauses = spans(dialogue, who, "PAUSE")
        taken = sorted([*lines, *pauses])
        assert all(end < begin for (_, end), (begin, _) in pairwise(taken))
        assert sum(b - a for a, b in taken) > 400 - 30
        assert pauses[-1][1] <= 400


def test_a_listener_blinks_while_the_other_speaks(dialogue: Any) -> None:
    assert blinks("Ben", 200, 395) == 0

    bpy.ops.emotalk.fill_pauses()

    assert 2 <= blinks("Ben", 200, 395) <= 6


def test_a_listener_feels_what_its_own_sliders_say(dialogue: Any) -> None:
    bpy.ops.emotalk.fill_pauses()
    place = max(range(len(dialogue.takes)), key=lambda i: dialogue.takes[i].first_frame)
    take = dialogue.takes[place]
    assert take.source == "PAUSE"
    assert take.controls.mix == 1.0
    head, middle = take.rig.character, 0.5 * (take.first_frame + take.last_frame)

    dialogue.take_index = place
    take.controls.happy = 0.8
    bpy.ops.emotalk.refresh()

    frames, values = keys_of(head, "mouthSmileLeft")
    assert values[np.abs(frames - middle).argmin()] > 0.3


def test_pauses_follow_lines_that_were_moved_and_keep_their_sliders(
    dialogue: Any, lines: list[Any]
) -> None:
    from emotalk.addon.bridge.compat import move_strip

    bpy.ops.emotalk.fill_pauses()
    last = max(
        dialogue.takes, key=lambda take: (take.rig.character.name == "Ben", take.first_frame)
    )
    last.controls.happy = 0.5
    uid, n_takes = last.uid, len(dialogue.takes)

    move_strip(next(strip for strip in lines if strip.name == "ben 1"), 40)
    bpy.ops.emotalk.refresh_all()
    bpy.ops.emotalk.fill_pauses()

    assert len(dialogue.takes) == n_takes
    (said,) = spans(dialogue, "Ben", "STRIP")
    again = next(take for take in dialogue.takes if take.uid == uid)
    assert again.first_frame == np.floor(said[1]) + 1
    assert again.controls.happy == 0.5


def test_pauses_that_are_no_more_go(dialogue: Any) -> None:
    bpy.ops.emotalk.fill_pauses()
    n_pauses = len(spans(dialogue, "Ada", "PAUSE"))

    bpy.context.scene.frame_end = 275
    bpy.ops.emotalk.fill_pauses()

    assert len(spans(dialogue, "Ada", "PAUSE")) == n_pauses - 1


def test_the_list_shows_the_take_that_it_showed(dialogue: Any) -> None:
    dialogue.take_index = 1
    uid = dialogue.takes[1].uid

    bpy.ops.emotalk.fill_pauses()

    assert dialogue.takes[dialogue.take_index].uid == uid


def test_a_pause_that_hands_have_changed_stays(dialogue: Any) -> None:
    from emotalk.addon.bridge.compat import fcurves_of

    bpy.ops.emotalk.fill_pauses()
    key = bpy.data.objects["Ben"].data.shape_keys
    curve = next(c for c in fcurves_of(key) if "eyeBlinkLeft" in c.data_path)
    (said,) = spans(dialogue, "Ben", "STRIP")
    point = next(p for p in curve.keyframe_points if p.co.x > said[1] + 40)
    point.co.y = 0.77
    frame = point.co.x

    bpy.ops.emotalk.fill_pauses()

    frames, values = keys_of(bpy.data.objects["Ben"], "eyeBlinkLeft")
    assert values[np.abs(frames - frame).argmin()] == pytest.approx(0.77)


def test_one_take_away_and_the_pause_is_still(dialogue: Any) -> None:
    bpy.ops.emotalk.fill_pauses()
    place = max(range(len(dialogue.takes)), key=lambda i: dialogue.takes[i].last_frame)
    first, last = dialogue.takes[place].first_frame, dialogue.takes[place].last_frame
    who = dialogue.takes[place].rig.character.name
    dialogue.take_index = place

    assert bpy.ops.emotalk.clear() == {"FINISHED"}

    frames, values = keys_of(bpy.data.objects[who], "eyeBlinkLeft")
    inside = (frames > first + 20) & (frames < last)
    assert not values[inside].any()


def test_without_a_pause_it_says_so(dialogue: Any) -> None:
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 20, 40
    ours = bpy.context.scene.emotalk
    ours.cast.clear()

    with pytest.raises(RuntimeError, match="Nobody pauses for a second"):
        bpy.ops.emotalk.fill_pauses()


def curves_of(name: str) -> dict[str, np.ndarray]:
    """Keys of everything that moves a face, (K, 2) each."""
    key = bpy.data.objects[name].data.shape_keys
    return {
        path: np.array([point.co for point in curve.keyframe_points])
        for (path, _), curve in fcurves(key).items()
    }


def test_a_line_that_was_moved_into_a_pause_is_whole(dialogue: Any, lines: list[Any]) -> None:
    from emotalk.addon.bridge.compat import move_strip

    bpy.ops.emotalk.fill_pauses()
    move_strip(next(strip for strip in lines if strip.name == "ben 1"), 40)
    bpy.ops.emotalk.refresh_all()
    bpy.ops.emotalk.fill_pauses()
    made = curves_of("Ben")

    sources = [(take.rig.character.name, take.source) for take in dialogue.takes]
    dialogue.take_index = sources.index(("Ben", "STRIP"))
    bpy.ops.emotalk.refresh()

    again = curves_of("Ben")
    assert all(np.allclose(made[path], again[path], atol=1e-5) for path in again)


def test_lines_of_another_scene_on_the_same_face_are_no_pause(dialogue: Any) -> None:
    other = bpy.data.scenes.new("Other")
    ada = bpy.data.objects["Ada"]
    other.collection.objects.link(ada)
    other.frame_start, other.frame_end = 1, 400
    other.emotalk.cast.add().rig.character = ada
    said = spans(dialogue, "Ada", "STRIP")

    with bpy.context.temp_override(scene=other):
        assert bpy.ops.emotalk.fill_pauses() == {"FINISHED"}

    pauses = spans(other.emotalk, "Ada", "PAUSE")
    assert pauses == [(74.0, 200.0), (274.0, 400.0)]
    assert said == spans(dialogue, "Ada", "STRIP")


def test_a_role_that_cannot_be_keyed_is_left_out(dialogue: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    body = bpy.data.objects.new("Body", bpy.data.armatures.new("Body"))
    bpy.context.scene.collection.objects.link(body)
    dialogue.cast.add().rig.character = body

    assert bpy.ops.emotalk.fill_pauses() == {"FINISHED"}

    assert len(spans(dialogue, "Ada", "PAUSE")) == 2
    assert [reason for reason in SESSION.left_out if "No shape key has a known name" in reason]


def test_a_pause_begins_with_what_its_neighbours_keyed_sliders_say_there(dialogue: Any) -> None:
    intensity = dialogue.takes[0].controls.path_from_id("intensity")
    for frame, value in ((10, 0.2), (60, 1.5)):
        dialogue.takes[0].controls.intensity = value
        bpy.context.scene.keyframe_insert(intensity, frame=frame)
    bpy.context.scene.frame_set(10)

    bpy.ops.emotalk.fill_pauses()

    first = next(take for take in dialogue.takes if take.source == "PAUSE")
    assert first.first_frame == 74
    assert first.controls.intensity == pytest.approx(1.5)


def test_a_pause_eases_as_its_sliders_say(dialogue: Any) -> None:
    for take in dialogue.takes:
        take.controls.ease_s = 0.3 if take.rig.character.name == "Ben" else 1.5
    bpy.ops.emotalk.refresh_all()

    bpy.ops.emotalk.fill_pauses()

    eases = {
        (take.rig.character.name, round(take.controls.ease_s, 3)): tuple(take.ease_asked)
        for take in dialogue.takes
        if take.source == "PAUSE"
    }
    assert eases == {("Ada", 1.5): (18, 36), ("Ben", 0.3): (4, 8)}
    made = curves_of("Ben")
    bpy.ops.emotalk.fill_pauses()
    again = curves_of("Ben")
    assert all(np.array_equal(made[path], again[path]) for path in again)


def test_one_who_is_looked_at_does_not_look_at_himself_in_his_pauses(
    lines: list[Any], ready: Any, head: Any
) -> None:
    ben = make_person("Ben", 1.0)
    put_eyes_under(head)
    ready.controls.look_at = ben
    for thing in (head, ben):
        ready.rig.character = thing
        bpy.ops.emotalk.add_role()
    ready.cast[1].strips = "nothing"
    bpy.ops.emotalk.animate_cast()

    bpy.ops.emotalk.fill_pauses()

    pauses = {take.rig.character: take for take in ready.takes if take.source == "PAUSE"}
    assert pauses[ben].looked_at is None


def test_the_last_pauses_go_too(dialogue: Any) -> None:
    bpy.ops.emotalk.fill_pauses()
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 20, 40

    assert bpy.ops.emotalk.fill_pauses() == {"FINISHED"}

    assert {take.source for take in dialogue.takes} == {"STRIP"}


def test_a_range_that_ends_before_it_begins_is_told(dialogue: Any) -> None:
    bpy.ops.emotalk.fill_pauses()
    dialogue.use_range, dialogue.range_start, dialogue.range_end = True, 120, 90

    with pytest.raises(RuntimeError, match="ends before it begins"):
        bpy.ops.emotalk.fill_pauses()


def test_what_is_told_of_pauses_says_whose(dialogue: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take.several import Several, asked_of_pauses

    several = Several(asked_of_pauses(bpy.context.scene)[0])
    several.write(several.work(lambda one: lambda _: animate(one.request, SESSION.room))(_silent))

    assert {made.label for made in several.made} == {"Ada listening", "Ben listening"}


def _silent(_share: float, _what: str) -> None:
    pass
