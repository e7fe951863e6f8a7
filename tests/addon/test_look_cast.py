"""Look At of a cast, and on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.cast_scenes import cast_of
from tests.addon.look_scenes import make_person, pitch_of, put_eyes_under, put_target, yaw_of
from tests.addon.scenes import keys_of, needs_sound, run, save, state


@pytest.fixture
def pair(ready: Any, head: Any) -> tuple[Any, Any]:
    """Head at the origin, and Ben a metre to its left, both half turned to each other."""
    put_eyes_under(head)
    head.parent.rotation_euler.z = np.radians(70)
    ready.controls.gaze = ready.controls.head = 0.0
    return head, make_person("Ben", 1.0, np.radians(-70))


def test_two_people_look_between_each_others_eyes(ready: Any, pair: Any) -> None:
    head, ben = pair

    for character, other in ((head, ben), (ben, head.parent)):
        ready.rig.character = character
        bpy.ops.emotalk.animate()
        ready.takes[-1].controls.look_at = other
        bpy.ops.emotalk.refresh()

    # Eyes lie 10 cm before the necks: 34 mm forward and 94 mm inwards of 1 m.
    assert yaw_of(head, 0) == pytest.approx(20.0 - 2.1, abs=0.5)
    assert yaw_of(ben, 1) == pytest.approx(-20.0 - 2.1, abs=0.5)
    assert np.abs(pitch_of(head)).max() < 0.1  # eyes, not feet


def test_another_characters_take_does_not_let_one_look_at_himself(ready: Any, pair: Any) -> None:
    _head, ben = pair
    ready.controls.look_at = ben
    bpy.ops.emotalk.animate()  # the panel shows this take from now on

    ready.rig.character = ben
    bpy.ops.emotalk.animate()

    assert [take.controls.look_at for take in ready.takes] == [ben, None]


@pytest.fixture
def dialogue(pair: Any, lines: Any, tmp_path: Path) -> Path:
    """The two and their strips, in a file that is open."""
    return save(tmp_path / "dialogue.blend")


@needs_sound
def test_the_cast_of_a_dialogue_looks_at_each_other(ready: Any, pair: Any, lines: Any) -> None:
    roles = cast_of(ready, *pair)
    for role, name, other in zip(roles, ("ada", "ben"), reversed(pair), strict=True):
        role.strips, role.look_at = name, other

    bpy.ops.emotalk.animate_cast()

    ends = {take.name: yaw_of(take.rig.character, n)[-1] for n, take in enumerate(ready.takes)}
    assert ends == {
        "Head: ada 1": pytest.approx(17.9, abs=0.5),
        "Head: ada 2": pytest.approx(17.9, abs=0.5),
        "Ben: ben 1": pytest.approx(-22.1, abs=0.5),
    }
    assert {take.looked_at for take in ready.takes} == {*pair}


@needs_sound
def test_a_role_without_a_target_keeps_what_its_take_looks_at(
    ready: Any, pair: Any, lines: Any
) -> None:
    head, ben = pair
    (role,) = cast_of(ready, head)
    role.strips = "ada"
    bpy.ops.emotalk.animate_cast()
    assert {take.looked_at for take in ready.takes} == {None}
    ready.takes[0].controls.look_at = ben

    bpy.ops.emotalk.animate_cast()

    assert [take.looked_at for take in ready.takes] == [ben, None]


@needs_sound
def test_the_order_of_a_dialogue_makes_no_difference(ready: Any, pair: Any, lines: Any) -> None:
    """A listener whose head our keys turn is looked at where he is without them."""
    ready.controls.head = 1.0
    roles = cast_of(ready, *pair)
    for role, name, other in zip(roles, ("ada", "ben"), reversed(pair), strict=True):
        role.strips, role.look_at = name, other
    bpy.ops.emotalk.animate_cast()
    once = [keys_of(thing, "eyeLookOutLeft")[1] for thing in pair]

    bpy.ops.emotalk.animate_cast()

    for thing, values in zip(pair, once, strict=True):
        np.testing.assert_array_equal(keys_of(thing, "eyeLookOutLeft")[1], values)


@needs_sound
def test_the_command_says_what_each_of_the_cast_looks_at(ready: Any, dialogue: Path) -> None:
    roles = ("--role", "Head=ada", "--role", "Ben=ben")
    looks = ("--look-at", "Head=Ben", "--look-at", "Ben = Head Rig")

    assert run("cast", *roles, *looks) == 0

    targets = [(t.rig.character.name, t.looked_at.name) for t in ready.takes]
    assert sorted(targets) == [("Ben", "Head Rig"), ("Head", "Ben"), ("Head", "Ben")]


@needs_sound
@pytest.mark.parametrize(
    ("look", "why"),
    [
        ("Ben", "Nobody of the cast to look at something: 'Ben'. Write OBJECT=TARGET"),
        ("Zoe=Ben", "with one of the cast: Head."),
        ("Head=Zoe", "No such object: 'Zoe'"),
    ],
)
def test_a_wrong_look_is_one_line(
    dialogue: Path, capsys: pytest.CaptureFixture[str], look: str, why: str
) -> None:
    was = dialogue.read_bytes()

    assert run("cast", "--role", "Head=ada", "--look-at", look) == 2

    told = capsys.readouterr().err
    assert why in told
    assert told.count("\n") == 1
    assert dialogue.read_bytes() == was


def test_animate_takes_a_target(ready: Any, head: Any, speech: Path, tmp_path: Path) -> None:
    put_eyes_under(head)
    put_target(200.0, -1000.0, 0.0)
    output = tmp_path / "shot.blend"
    flags = ("--gaze", 0, "--head", 0, "--look-at", "Target", "-o", output)

    assert run("animate", "--sound", speech, "--target", "Head", *flags) == 0

    bpy.ops.wm.open_mainfile(filepath=str(output))
    head = bpy.data.objects["Head"]
    assert yaw_of(head)[-1] == pytest.approx(np.degrees(np.arctan(0.2)), abs=0.15)
    take = bpy.context.scene.emotalk.takes[0]
    assert take.controls.look_at == bpy.data.objects["Target"]


def test_the_flags_target_is_that_takes_alone(
    ready: Any, head: Any, speech: Path, second: str, tmp_path: Path
) -> None:
    put_eyes_under(head)
    target = put_target(0.0, -1.0, 0.0)
    bpy.ops.emotalk.animate()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))

    run("animate", "--sound", second, "--start", 200, "--target", "Head", "--look-at", "Target")

    assert [take.controls.look_at for take in ready.takes] == [None, target]


@pytest.mark.parametrize("command", ["animate", "batch"])
def test_a_target_that_is_not_there_is_one_line(
    ready: Any, head: Any, speech: Path, tmp_path: Path, capsys: Any, command: str
) -> None:
    saved = tmp_path / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(saved))
    before = state()
    what = {
        "animate": ("--sound", speech, "--target", "Head"),
        "batch": (speech.parent, "--character", "Head", "-o", tmp_path / "out"),
    }[command]

    assert run(command, *what, "--look-at", "Zoe") == 2

    told = capsys.readouterr().err
    assert told == "emotalk: No such object: 'Zoe'. Objects in the scene: Head.\n"
    assert state() == before


def test_a_batch_looks_too(ready: Any, head: Any, sounds: Path, tmp_path: Path) -> None:
    put_eyes_under(head)
    put_target(200.0, -1000.0, 0.0)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "base.blend"))
    flags = ("--character", "Head", "-o", tmp_path / "out", "--gaze", 0, "--head", 0)

    assert run("batch", sounds, *flags, "--look-at", "Target") == 0

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "line2.blend"))
    turned = yaw_of(bpy.data.objects["Head"])[-1]
    assert turned == pytest.approx(np.degrees(np.arctan(0.2)), abs=0.15)
