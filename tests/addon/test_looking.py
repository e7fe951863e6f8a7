"""Look At in a window: frames are played a slice at a time, and Esc leaves the scene as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.look_scenes import FAR, keyed, put_target, yaw_of
from tests.addon.scenes import fcurves, make_head
from tests.addon.windows import Screen, event, is_quiet, start_in, to_its_end


@pytest.fixture
def scene(person: Any, head: Any) -> Any:
    """The face looks at what moves, and there is more than the two; at frame 33.25."""
    target, scene = put_target(0.0, -FAR, 0.0), bpy.context.scene
    keyed(target, "location", 0, -0.3 * FAR, 0.3 * FAR)
    person.controls.look_at = target
    make_head("Other").select_set(state=True)
    target.hide_viewport = True
    scene.frame_set(33, subframe=0.25)
    target.location.x = 77.0  # not keyed yet
    return scene


@pytest.fixture
def before(scene: Any) -> tuple[Any, ...]:
    """The scene as it was."""
    return seen(scene)


@pytest.fixture
def looking(before: Any, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Animate in a window, in the middle of playing, a frame a slice."""
    from emotalk.addon.operators import watched

    monkeypatch.setattr(watched, "_LOOK_S", 0.0)
    operator = start_in(screen)
    for _ in range(20):
        assert operator.modal(screen, event("TIMER")) == {"PASS_THROUGH"}
    return operator


def seen(scene: Any) -> tuple[Any, ...]:
    """All that playing a scene changes."""
    things = {thing.name: thing for thing in bpy.data.objects}
    shown = {name: (o.hide_viewport, o.select_get()) for name, o in things.items()}
    places = {name: tuple(o.location) for name, o in things.items()}
    top = {thing.name for thing in scene.collection.objects}
    return scene.frame_current, scene.frame_subframe, shown, places, top


def test_a_window_shows_how_far_it_is_and_takes_nothing_but_esc(
    looking: Any, screen: Screen, scene: Any
) -> None:
    assert screen.layout.status == "EmoTalk: Looking: frame 19 of 73 (2%)   Esc: Stop"
    assert scene.frame_current == 23  # the sound starts at frame 5
    assert looking.modal(screen, event("G")) == {"RUNNING_MODAL"}


def test_esc_leaves_the_scene_as_it_was(
    before: Any, scene: Any, screen: Screen, looking: Any
) -> None:
    looking.modal(screen, event("ESC"))

    assert to_its_end(looking, screen) == {"CANCELLED"}

    assert looking.said == ["Cancelled: nothing was changed"]
    assert seen(scene) == before
    assert not scene.emotalk.takes
    assert is_quiet(screen)


def test_slices_give_the_keys_of_one_go(
    before: Any, scene: Any, screen: Screen, looking: Any, head: Any
) -> None:
    assert to_its_end(looking, screen) == {"FINISHED"}
    sliced = yaw_of(head)
    assert seen(scene) == before

    bpy.ops.emotalk.refresh()

    assert np.ptp(sliced) > 20.0
    np.testing.assert_array_equal(yaw_of(head), sliced)
    assert is_quiet(screen)


def test_what_we_keyed_is_muted_for_as_long_as_it_is_played(
    person: Any, head: Any, scene: Any, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.operators import watched

    person.controls.head = 1.0
    bpy.ops.emotalk.animate()
    curves = fcurves(head.parent).values()
    posed = head.parent.pose.bones["head"].matrix_basis.copy()
    monkeypatch.setattr(watched, "_LOOK_S", 0.0)
    operator = start_in(screen)
    operator.modal(screen, event("TIMER"))
    assert any(curve.mute for curve in curves)

    operator.modal(screen, event("ESC"))
    to_its_end(operator, screen)

    assert not any(curve.mute for curve in curves)
    assert head.parent.pose.bones["head"].matrix_basis == posed


@pytest.mark.parametrize("handlers", ["save_pre", "undo_pre", "redo_pre"])
def test_what_is_saved_or_undone_meanwhile_finds_the_scene_as_it_was(
    before: Any, looking: Any, screen: Screen, scene: Any, handlers: str
) -> None:
    """By a script or from another window."""
    for call in [*getattr(bpy.app.handlers, handlers)]:
        call("shot.blend")

    assert seen(scene) == before
    assert is_quiet(screen)
    assert looking.modal(screen, event("TIMER")) == {"CANCELLED"}
    assert looking.said == [
        "Stopped, as the file was saved or undone while its frames were played: press it again"
    ]


def test_a_sound_that_is_heard_does_not_mind_that_the_file_is_saved(
    ready: Any, screen: Screen, tmp_path: Path
) -> None:
    operator = start_in(screen)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))

    assert to_its_end(operator, screen) == {"FINISHED"}


def test_disabling_the_add_on_puts_the_scene_back(
    before: Any, looking: Any, screen: Screen, scene: Any
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    SESSION.end()

    assert seen(scene) == before
    assert is_quiet(screen)


def delete(name: str) -> None:
    bpy.data.objects.remove(bpy.data.objects[name])


def unlink(name: str) -> None:
    """As X does where something points to it."""
    bpy.context.scene.collection.objects.unlink(bpy.data.objects[name])


@pytest.mark.parametrize(
    ("take_away", "what"), [(delete, "Target"), (unlink, "Target"), (delete, "Head Rig")]
)
def test_who_is_deleted_meanwhile_is_told(
    looking: Any, screen: Screen, scene: Any, take_away: Callable[[str], None], what: str
) -> None:
    take_away(what)

    assert to_its_end(looking, screen) == {"CANCELLED"}

    (said,) = looking.said
    assert said == (
        "What is looked at, or who looks, was deleted meanwhile: 'Target'. "
        "Choose another Look At (panel Shaping, or Cast), or none."
    )
    assert (scene.frame_current, scene.frame_subframe) == (33, 0.25)
    assert not bpy.data.objects["Other"].hide_viewport
    assert not scene.emotalk.takes
    assert is_quiet(screen)


def test_something_else_that_is_deleted_meanwhile_is_not_missed(
    looking: Any, screen: Screen, scene: Any
) -> None:
    delete("Other")

    assert to_its_end(looking, screen) == {"FINISHED"}

    assert scene.emotalk.takes[0].looked_at == bpy.data.objects["Target"]


def test_an_imported_clip_plays_nothing(
    person: Any, scene: Any, frames_played: list[int], tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()
    path = tmp_path / "curves.csv"
    bpy.ops.emotalk.export_clip(filepath=str(path))
    frames_played.clear()

    bpy.ops.emotalk.import_clip(filepath=str(path))

    assert frames_played == []
    assert person.takes[-1].looked_at == bpy.data.objects["Target"]
