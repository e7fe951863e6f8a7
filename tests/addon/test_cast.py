"""Several strips at once: those that are selected, and those that the cast speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.cast_scenes import cast_of, spoken
from tests.addon.scenes import (
    add_strip,
    babble,
    keys_of,
    make_head,
    needs_sound,
    state,
    voice_of,
    write_wav,
)

pytestmark = needs_sound


def test_every_selected_strip_becomes_a_take(ready: Any, head: Any, lines: Any) -> None:
    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert spoken(ready) == [("ada 1", "Head"), ("ada 2", "Head"), ("ben 1", "Head")]
    assert [take.first_frame for take in ready.takes] == [1, 101, 201]
    assert [voice_of(head, "jawOpen", n)[0][0] for n in range(3)] == [1, 101, 201]


def test_a_strip_that_is_named_is_animated_alone(ready: Any, head: Any, lines: Any) -> None:
    ready.strip = "ben 1"

    bpy.ops.emotalk.animate()

    assert spoken(ready) == [("ben 1", "Head")]


def test_keys_are_those_of_one_click_each(ready: Any, head: Any, lines: Any) -> None:
    bpy.ops.emotalk.animate()
    together = keys_of(head, "jawOpen")
    while len(ready.takes):
        bpy.ops.emotalk.clear()
    for strip in lines:
        ready.strip = strip.name
        bpy.ops.emotalk.animate()

    np.testing.assert_array_equal(keys_of(head, "jawOpen"), together)


def test_what_one_strip_lacks_does_not_keep_the_others(
    ready: Any, lines: Any, tmp_path: Path
) -> None:
    from emotalk.addon.bridge.asked import cast
    from emotalk.addon.bridge.take import takes
    from emotalk.addon.bridge.take.several import Several

    gone = write_wav(tmp_path / "gone.wav", babble(1.0))
    strip = add_strip(gone, 301)
    strip.select = True
    gone.unlink()
    scene = bpy.context.scene

    several = Several(
        [lambda one=one: takes.prepare_line(scene, one) for one in cast.lines_selected(bpy.context)]
    )

    assert [str(error) for error in several.failed] == [
        f"Sound of strip gone is missing: '{gone}'. Relink or pack the file, or pick another."
    ]
    bpy.ops.emotalk.animate()
    assert [take.strip for take in ready.takes] == ["ada 1", "ben 1", "ada 2"]


def test_nothing_that_can_be_made_is_an_error(ready: Any, lines: Any, speech: Path) -> None:
    speech.unlink()
    before = state()

    with pytest.raises(RuntimeError, match="Sound of strip ada 1 is missing"):
        bpy.ops.emotalk.animate()

    assert state() == before


def test_when_nothing_can_be_made_every_reason_is_told(
    ready: Any, lines: Any, speech: Path, tmp_path: Path
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    speech.unlink()
    told = [f"Sound of strip {name} is missing" for name in ("ada 1", "ben 1", "ada 2")]

    with pytest.raises(RuntimeError) as caught:
        bpy.ops.emotalk.animate()

    assert all(line in str(caught.value) for line in told)
    assert [reason.partition(":")[0] for reason in SESSION.left_out] == told
    write_wav(speech, babble(3.0))
    bpy.ops.emotalk.animate()
    assert SESSION.left_out == []


def test_new_takes_get_the_sliders_that_were_shown(ready: Any, lines: Any) -> None:
    ready.strip = "ben 1"
    bpy.ops.emotalk.animate()
    ready.takes[0].controls.sad = 0.5
    ready.strip, ready.controls.happy = "", 0.0

    bpy.ops.emotalk.animate()

    assert [(take.strip, take.controls.sad) for take in ready.takes] == [
        ("ben 1", 0.5),
        ("ada 1", 0.5),
        ("ada 2", 0.5),
    ]
    from emotalk.addon.bridge.take import live

    assert not any(live.is_stale(take) for take in ready.takes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["ada 1", "ben 1", "ada 2"]),
        ("Ada", ["ada 1", "ada 2"]),
        ("*1", ["ada 1", "ben 1"]),
        ("ben, ada 2", ["ben 1", "ada 2"]),
        ("ad? 2", ["ada 2"]),
        ("da", []),
    ],
)
def test_a_role_speaks_by_name(ready: Any, head: Any, lines: Any, text: str, expected: Any) -> None:
    from emotalk.addon.bridge.asked import cast

    (role,) = cast_of(ready, head)
    role.strips = text

    assert [strip.name for strip in lines if cast.speaks(role, strip)] == expected


def test_a_bracket_in_a_name_is_one(ready: Any, head: Any, lines: Any) -> None:
    from emotalk.addon.bridge.asked import cast

    (role,) = cast_of(ready, head)
    lines[0].name = "Head[b] 1"

    for text in ("Head[b]", "*[b]*"):
        role.strips = text
        assert [strip.name for strip in lines if cast.speaks(role, strip)] == ["Head[b] 1"]


def test_a_role_speaks_by_channel_of_the_sequencer(ready: Any, head: Any, lines: Any) -> None:
    from emotalk.addon.bridge.asked import cast

    (role,) = cast_of(ready, head)
    role.strip_channel = 2

    assert [strip.name for strip in lines if cast.speaks(role, strip)] == ["ben 1"]


def test_a_strip_in_a_meta_strip_is_on_the_meta_strips_channel(
    ready: Any, head: Any, lines: Any
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.asked import cast

    meta = compat.top_strips(bpy.context.scene).new_meta("scene", 7, 1)
    lines[1].move_to_meta(meta)
    (role,) = cast_of(ready, head)
    role.strip_channel = 7

    assert [strip.name for strip in lines if cast.speaks(role, strip)] == ["ben 1"]


def test_the_cast_speaks_a_dialogue(ready: Any, head: Any, ben: Any, lines: Any) -> None:
    ready.source, ready.filepath = "FILE", "elsewhere.wav"  # the panel's own choice does not count
    ada, other = cast_of(ready, head, ben)
    ada.strips, other.strip_channel = "ada", 2

    bpy.ops.emotalk.animate_cast()

    assert spoken(ready) == [("ada 1", "Head"), ("ada 2", "Head"), ("ben 1", "Ben")]
    assert {take.source for take in ready.takes} == {"STRIP"}
    assert voice_of(ben, "jawOpen", 1)[0][0] == 101


def test_each_side_of_an_interview_has_its_face(
    ready: Any, head: Any, ben: Any, lines: Any
) -> None:
    ada, other = cast_of(ready, head, ben)
    ada.strips = other.strips = "ada 1"
    ada.channel, other.channel = 0, 1

    bpy.ops.emotalk.animate_cast()

    assert spoken(ready) == [("ada 1", "Ben"), ("ada 1", "Head")]
    assert sorted(take.channel for take in ready.takes) == [0, 1]


def test_a_strip_has_one_take_on_a_face_whoever_speaks_it(
    ready: Any, head: Any, lines: Any
) -> None:
    from emotalk.addon.bridge.take import several

    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head
    cast_of(ready, head, teeth, head)
    together = several.Several(several.asked_of_cast(bpy.context))

    assert [*dict.fromkeys(map(str, together.failed))] == [
        f"Two of the cast speak the same strips with one face, and the first has them: '{name}'. "
        "Take one out of Cast, or give each strips of its own."
        for name in ("Teeth", "Head")
    ]
    bpy.ops.emotalk.animate_cast()
    bpy.ops.emotalk.animate_cast()
    assert spoken(ready) == [("ada 1", "Head"), ("ada 2", "Head"), ("ben 1", "Head")]


def test_a_role_whose_character_is_gone_is_named(
    ready: Any, head: Any, ben: Any, lines: Any
) -> None:
    from emotalk.addon.bridge.take import several

    ada, other = cast_of(ready, head, ben)
    ada.strips, other.strips = "ada", "ben"
    bpy.data.objects.remove(ben)

    together = several.Several(several.asked_of_cast(bpy.context))

    assert [str(error) for error in together.failed] == [
        "The character of this role was deleted: 'Ben'. Choose another one in Cast."
    ]


def test_muted_strips_are_left_out(ready: Any, head: Any, lines: Any) -> None:
    cast_of(ready, head)
    lines[0].mute = True

    bpy.ops.emotalk.animate_cast()

    assert [take.strip for take in ready.takes] == ["ben 1", "ada 2"]


def test_a_take_that_somebody_changed_stays_as_it_is(ready: Any, head: Any, lines: Any) -> None:
    cast_of(ready, head)
    bpy.ops.emotalk.animate_cast()
    for number in (0, 2):
        ready.takes[number].controls.mix = 1.0
    curve = f'key_blocks["{"jawOpen"}"].value'
    keys = head.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.9
    keys.keyframe_insert(curve, frame=30)
    was = keys_of(head, "jawOpen")[1]

    bpy.ops.emotalk.animate_cast()

    frames, values = keys_of(head, "jawOpen")
    assert values[frames == 30] == pytest.approx(0.9)
    np.testing.assert_array_equal(values[frames < 90], was[frames < 90])
    from emotalk.addon.bridge.take import live

    assert [live.is_stale(take) for take in ready.takes] == [True, False, False]


def test_a_cast_that_speaks_nothing_says_so(ready: Any, head: Any, lines: Any) -> None:
    (role,) = cast_of(ready, head)
    role.strips, head.name = "nobody", "Anna"

    with pytest.raises(RuntimeError, match=r"Nobody of the cast speaks a strip.*'Anna'"):
        bpy.ops.emotalk.animate_cast()


def test_a_cast_whose_strips_are_muted_says_so(ready: Any, head: Any, lines: Any) -> None:
    (role,) = cast_of(ready, head)
    role.strips = "ada"
    for strip in lines:
        strip.mute = True

    with pytest.raises(RuntimeError, match=r"cast speaks is muted: 'ada 1, ada 2'\. Unmute"):
        bpy.ops.emotalk.animate_cast()


def test_nobody_to_remove_is_said(ready: Any) -> None:
    with pytest.raises(RuntimeError, match="Nobody is chosen in the list"):
        bpy.ops.emotalk.remove_role()


def test_a_role_takes_the_strips_that_are_called_after_it(ready: Any, lines: Any) -> None:
    from emotalk.addon.bridge.asked import cast

    role = cast.add_role(bpy.context, make_head("Ben"))

    assert (role.strips, role.strip_channel) == ("Ben", 0)


def test_a_role_without_such_strips_takes_the_selected_ones_channel(
    ready: Any, head: Any, lines: Any
) -> None:
    from emotalk.addon.bridge.asked import cast

    for strip in lines:
        strip.select = strip.name == "ben 1"
    bpy.context.scene.sequence_editor.active_strip = lines[1]
    role = cast.add_role(bpy.context, head)

    assert (role.strips, role.strip_channel) == ("", 2)


def test_a_role_keeps_the_meshes_that_the_panel_has(ready: Any, head: Any, lines: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))
    teeth.parent = head
    bpy.ops.emotalk.find_rig()
    next(item for item in ready.rig.targets if item.object == teeth).use = False
    bpy.ops.emotalk.add_role()
    ready.rig.targets.clear()
    ready.cast[0].strips = "ada 1"

    bpy.ops.emotalk.animate_cast()

    assert not teeth.data.shape_keys.animation_data
    bpy.ops.emotalk.remove_role()
    assert len(ready.cast) == 0


def test_stopping_between_two_takes_leaves_the_first(
    ready: Any, head: Any, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.asked import cast
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import several as in_one_go
    from emotalk.addon.bridge.take import takes

    monkeypatch.setattr(in_one_go, "SLICE_S", 0.0)  # a curve a slice, however fast the machine
    scene = bpy.context.scene
    several = in_one_go.Several(
        [lambda one=one: takes.prepare_line(scene, one) for one in cast.lines_selected(bpy.context)]
    )
    told = []
    job = several.work(lambda one: lambda progress: animate(one.request, SESSION.room, progress))
    outcomes = job(lambda share, what: told.append((share, what)))
    before = state()
    assert [what.partition(":")[0] for _, what in told if "Reading" in what] == [
        "1/3", "2/3", "3/3",
    ]  # fmt: skip
    assert [share for share, _ in told] == sorted(share for share, _ in told)

    while not several.made:
        assert len(ready.takes) == 0
        several.advance(outcomes)
    several.advance(outcomes)
    several.abandon()

    assert [take.strip for take in ready.takes] == ["ada 1"]
    assert len(bpy.data.actions) == len(before["actions"]) + 1
    assert keys_of(head, "jawOpen")[0].max() < 101


def test_all_takes_follow_their_strips_at_once(
    ready: Any, head: Any, lines: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.emotalk.animate()
    bpy.context.scene.render.fps = 12
    ready.take_index = 0

    bpy.ops.emotalk.refresh_all()

    assert "Updated 3 takes: " in capfd.readouterr().out
    assert [round(voice_of(head, "jawOpen", n)[0][-1]) for n in range(3)] == [37, 137, 237]


def test_updating_all_leaves_hands_work_alone(ready: Any, head: Any, lines: Any) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    for take in ready.takes:
        take.controls.mix = 1.0
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.9
    head.data.shape_keys.keyframe_insert('key_blocks["jawOpen"].value', frame=30)

    bpy.ops.emotalk.refresh_all()

    frames, values = keys_of(head, "jawOpen")
    assert values[frames == 30] == pytest.approx(0.9)
    assert [live.is_stale(take) for take in ready.takes] == [True, False, False]
