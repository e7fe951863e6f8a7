"""A key of a slider that changes on a long take: only what it touches is made and written again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.ease_scenes import changed, speak
from tests.addon.scenes import babble, fcurves, follow_to_the_end, keys_of, tick, write_wav

KEYS = 50, 100, 650, 700, 750, 1000  # frames; the sound is heard from frame 5 to 1205
SMILE = 'key_blocks["mouthSmileLeft"].value', 0


@pytest.fixture
def keyed(ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A take of 50 s, whose smile follows its keys: up at frame 100, at 700 and at 1000."""
    from emotalk.addon.bridge.take import live

    monkeypatch.setattr(live, "_SHORT_FRAMES", 10)
    ready.filepath = str(write_wav(tmp_path / "long.wav", babble(50.0)))
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    take.controls.mix = 1.0
    for number, frame in enumerate(KEYS):
        take.controls.happy = 0.8 * (number % 2)
        take.controls.keyframe_insert("happy", frame=frame)
    _follow()
    assert changed(take) == 0
    return take


def _follow() -> list[bool]:
    """What the timer does in a window; of each look that wrote whether it was of a part alone."""
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    bpy.context.scene.emotalk.takes[0].is_held = False
    tick()
    parts = []
    while isinstance(SESSION.job, live.Follower):
        follower = SESSION.job
        parts.append(follower._is_part)
        follow_to_the_end(follower)
    return parts


def _set_key(take: Any, number: int, value: float) -> None:
    path = take.controls.path_from_id("happy")
    curve = fcurves(bpy.context.scene)[path, 0]
    curve.keyframe_points[number].co.y = value
    curve.update()


def _faces(head: Any) -> dict[Any, np.ndarray]:
    curves = fcurves(head.data.shape_keys).items()
    return {a: np.array([point.co for point in curve.keyframe_points]) for a, curve in curves}


def _all_anew() -> None:
    bpy.ops.emotalk.refresh()


def test_the_face_is_as_if_all_had_been_made_anew(keyed: Any, head: Any) -> None:
    before = _faces(head)
    _set_key(keyed, 3, 0.3)

    assert _follow() == [True]

    part, smile = _faces(head), [*keys_of(head, "mouthSmileLeft")[1]]
    assert changed(keyed) == 0
    apart = np.flatnonzero(np.abs(part[SMILE] - before[SMILE]).max(axis=1))
    assert len(apart) > 50
    frames = part[SMILE][apart, 0]
    assert 600 < frames.min() < 700 < frames.max() < 800
    _all_anew()
    assert np.allclose(keys_of(head, "mouthSmileLeft")[1], smile, atol=1e-4)
    assert all(np.allclose(part[a], keys, atol=1e-4) for a, keys in _faces(head).items())


def test_change_after_change_goes_on(keyed: Any) -> None:
    for number, value in ((3, 0.3), (1, 0.4), (3, 0.8)):
        _set_key(keyed, number, value)
        assert _follow() == [True]

    assert changed(keyed) == 0


def test_handles_go_along(keyed: Any, head: Any) -> None:
    point = fcurves(head.data.shape_keys)[SMILE].keyframe_points[700 - keyed_start(head)]
    before = point.handle_left.y - point.co.y
    _set_key(keyed, 3, 0.3)
    _follow()

    assert point.handle_left.y - point.co.y == pytest.approx(before, abs=1e-5)


def keyed_start(head: Any) -> int:
    """Frame of the first key."""
    return round(keys_of(head, "mouthSmileLeft")[0][0])


def test_what_a_hand_has_changed_far_away_stays_its_own(keyed: Any, head: Any) -> None:
    curve = fcurves(head.data.shape_keys)[SMILE]
    curve.keyframe_points.insert(300, 0.9)
    _set_key(keyed, 3, 0.3)

    assert _follow() == [True]

    assert curve.evaluate(300) == pytest.approx(0.9)
    assert changed(keyed) == 1


def test_what_a_hand_has_changed_there_is_not_written_over(keyed: Any, head: Any) -> None:
    curve = fcurves(head.data.shape_keys)[SMILE]
    curve.keyframe_points.insert(705, 0.99)
    _set_key(keyed, 3, 0.3)

    assert _follow() == [True, False]

    assert curve.evaluate(705) == pytest.approx(0.99)
    assert keyed.is_held


@pytest.mark.parametrize("name", ["jaw", "ease_s", "sync_offset_ms"])
def test_other_sliders_make_all_anew(keyed: Any, name: str) -> None:
    _set_key(keyed, 3, 0.3)
    setattr(keyed.controls, name, 1.5)

    assert _follow() == [False]

    assert changed(keyed) == 0


@pytest.mark.parametrize("setting", [("max_error", 0.01), ("use_range", True)])
def test_keys_that_are_laid_out_otherwise_are_made_anew(
    keyed: Any, setting: tuple[str, Any]
) -> None:
    setattr(bpy.context.scene.emotalk, *setting)
    _set_key(keyed, 3, 0.3)

    assert _follow() == [False]


def test_a_change_at_the_ends_goes_into_the_eases(keyed: Any, head: Any) -> None:
    _set_key(keyed, 5, 0.0)  # and so until the end

    assert _follow() == [False]

    assert changed(keyed) == 0


def test_a_change_beyond_the_sound_touches_no_key(keyed: Any, head: Any) -> None:
    for frame, value in ((2000, 0.0), (2100, 0.8), (2200, 0.0)):
        keyed.controls.happy = value
        keyed.controls.keyframe_insert("happy", frame=frame)
    _follow()
    before = _faces(head)
    _set_key(keyed, 7, 0.3)

    assert _follow() == [True]

    assert all(np.array_equal(before[a], keys) for a, keys in _faces(head).items())
    assert _follow() == []  # the take shows what its sliders say


def test_other_takes_keep_their_keys(keyed: Any, head: Any, second: str) -> None:
    speak(bpy.context.scene.emotalk, second, 690)
    bpy.context.scene.emotalk.take_index = 0
    theirs = keys_of(head, "jawOpen")
    _set_key(keyed, 3, 0.3)

    assert _follow()[-1] is False

    assert len(keys_of(head, "jawOpen")[0]) == len(theirs[0])


@pytest.mark.parametrize("n_undone", [1, 2])
def test_undo_takes_key_and_face_back(keyed: Any, head: Any, n_undone: int) -> None:
    bpy.ops.ed.undo_push(message="Keyed")
    for frame in (7, 8):
        bpy.context.scene.frame_set(frame)
        bpy.ops.ed.undo_push(message="Went to a frame")
    faces = [keys_of(head, "mouthSmileLeft")[1]]
    for value in (0.3, 0.5):
        _set_key(bpy.context.scene.emotalk.takes[0], 3, value)
        bpy.ops.ed.undo_push(message="Moved a key")
        assert _follow() == [True]
        faces.append(keys_of(bpy.data.objects["Head"], "mouthSmileLeft")[1])

    for _ in range(n_undone):
        bpy.ops.ed.undo()
        _follow()

    now = keys_of(bpy.data.objects["Head"], "mouthSmileLeft")[1]
    assert np.allclose(now, faces[2 - n_undone], atol=1e-4)
    assert changed(bpy.context.scene.emotalk.takes[0]) == 0
    bpy.ops.ed.redo()
    _follow()
    now = keys_of(bpy.data.objects["Head"], "mouthSmileLeft")[1]
    assert np.allclose(now, faces[3 - n_undone], atol=1e-4)
