"""Undo takes the keys along that followed a slider after Blender had noted the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import LAST, changed, speak
from tests.addon.scenes import fcurves, follow_to_the_end, keys_of, put_bones_under, tick

SMILE = 'key_blocks["mouthSmileLeft"].value', 0


def _head() -> Any:
    return bpy.data.objects["Head"]


def _smile() -> Any:
    return keys_of(_head(), "mouthSmileLeft")[1]


def _turns() -> np.ndarray:
    """Of the head, from frame to frame."""
    curves = fcurves(_head().parent).values()
    return np.array([curve.evaluate(frame) for curve in curves for frame in range(5, 80)])


def _take(number: int = 0) -> Any:
    return bpy.context.scene.emotalk.takes[number]


def _follow() -> None:
    """What the timer does in a window."""
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    tick()
    follower = SESSION.job  # of a long take
    if isinstance(follower, live.Follower):
        follow_to_the_end(follower)


def _type(name: str, value: float) -> None:
    """As when a value is typed, or a preset chosen: the step for undo comes before the keys."""
    ours = bpy.context.scene.emotalk
    setattr(ours.takes[ours.take_index].controls, name, value)
    bpy.ops.ed.undo_push(message="Typed")
    _follow()


def _steps() -> None:
    for frame in (7, 8):
        bpy.context.scene.frame_set(frame)
        bpy.ops.ed.undo_push(message="Went to a frame")


def _end_session() -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    SESSION.end()


@pytest.fixture
def was(ready: Any, head: Any) -> np.ndarray:
    """The smile's keys as animated, some steps for undo ago: what was the same in the last two,
    Blender does not read again.
    """
    bpy.ops.emotalk.animate()
    bpy.ops.ed.undo_push(message="Animated")
    _steps()
    return _smile()


@pytest.mark.parametrize("is_long", [False, True])
def test_keys_go_back_with_the_sliders_and_stay_theirs(
    was: np.ndarray, monkeypatch: pytest.MonkeyPatch, *, is_long: bool
) -> None:
    from emotalk.addon.bridge.take import live

    monkeypatch.setattr(live, "_SHORT_FRAMES", 10 if is_long else 10_000)
    _type("happy", 1.0)
    smiling = _smile()
    assert smiling.max() > was.max() + 0.1

    bpy.ops.ed.undo()
    _follow()

    assert np.allclose(_smile(), was)
    assert changed(_take()) == 0
    bpy.ops.ed.redo()
    _follow()
    assert np.allclose(_smile(), smiling)
    assert changed(_take()) == 0


def test_step_after_step_goes_back(was: np.ndarray) -> None:
    _type("happy", 1.0)
    _type("mix", 0.5)
    _type("happy", 0.4)

    for _ in range(3):
        bpy.ops.ed.undo()
        _follow()

    assert np.allclose(_smile(), was)
    assert changed(_take()) == 0


def test_what_a_hand_has_changed_is_its_own_after_undo(was: np.ndarray) -> None:
    _type("happy", 1.0)
    fcurves(_head().data.shape_keys)[SMILE].keyframe_points.insert(30, 0.9)
    bpy.ops.ed.undo_push(message="Corrected")
    _type("sad", 1.0)
    assert _take().is_held

    bpy.ops.ed.undo()
    _follow()

    assert fcurves(_head().data.shape_keys)[SMILE].evaluate(30) == pytest.approx(0.9)
    assert changed(_take()) == 1


def test_neighbours_know_their_keys_after_undo(was: np.ndarray, second: str) -> None:
    speak(bpy.context.scene.emotalk, second, LAST + 30)
    _steps()
    frames = keys_of(_head(), "mouthSmileLeft")[0].tolist()
    _type("ease_s", 2.0)
    assert keys_of(_head(), "mouthSmileLeft")[0].tolist() != frames

    bpy.ops.ed.undo()
    _follow()

    assert keys_of(_head(), "mouthSmileLeft")[0].tolist() == frames
    assert [changed(_take(number)) for number in (0, 1)] == [0, 0]


def test_head_and_face_are_of_one_step_after_undo(ready: Any, head: Any) -> None:
    put_bones_under(head)
    bpy.ops.emotalk.animate()
    bpy.ops.ed.undo_push(message="Animated")
    _steps()
    _take().controls.happy = 1.0
    _follow()
    bpy.ops.ed.undo_push(message="Dragged")  # with its keys, which turn no bone
    was, turned = _smile(), _turns()
    _type("seed", 5)
    assert not np.allclose(_turns(), turned)
    _steps()

    for _ in range(3):
        bpy.ops.ed.undo()
        _follow()

    assert np.allclose(_smile(), was)
    assert np.allclose(_turns(), turned)
    assert (changed(_take()), _take().is_held) == (0, False)


@pytest.mark.parametrize("forget", [lambda: bpy.ops.wm.read_factory_settings(), _end_session])
def test_what_was_said_of_keys_ends_with_file_and_session(
    was: np.ndarray, forget: Callable[[], object]
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    _type("happy", 1.0)
    assert SESSION.followed

    forget()

    assert not SESSION.followed
