"""Only a Range: what lies outside of it stays as it is, and belongs to the take still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.bridge.jobs.session import SESSION
from emotalk.addon.bridge.take import live

from tests.addon.scenes import (
    add_strip,
    babble,
    fcurves,
    follow_to_the_end,
    keys_of,
    needs_sound,
    tick,
    trim_end,
    write_in_slices,
    write_wav,
)

SMILE = "mouthSmileLeft"


def only(ours: Any, first: int, last: int) -> None:
    """Ask for a range."""
    ours.use_range, ours.range_start, ours.range_end = True, first, last


def nothing_is_left_of_it() -> None:
    """Remove the only take."""
    bpy.ops.emotalk.clear()

    assert not bpy.data.actions


@pytest.mark.parametrize(("first", "last"), [(30, 50), (30, 500)])
@pytest.mark.parametrize("steps", [(4, 1), (1, 4)])
def test_another_step_in_a_range_leaves_the_take_its_end(
    ready: Any, head: Any, steps: tuple[int, int], first: int, last: int
) -> None:
    ready.filepath = str(write_wav(Path(ready.filepath).with_name("odd.wav"), babble(2.91)))
    ready.key_step = steps[0]
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    end, frames = take.last_frame, keys_of(head, SMILE)[0]
    ready.key_step = steps[1]
    only(ready, first, last)

    bpy.ops.emotalk.refresh()

    now = keys_of(head, SMILE)[0]
    assert (take.last_frame, now[-1]) == (end, frames[-1])
    assert (now[now < first].tolist(), take.ease_written[1]) == (
        frames[frames < first].tolist(),
        frames[-1] - end,
    )
    nothing_is_left_of_it()


@needs_sound
def test_a_range_of_a_strip_that_was_cut_by_a_frame_leaves_the_take_its_end(
    ready: Any, head: Any
) -> None:
    strip = add_strip(Path(ready.filepath), 20)
    ready.source = "STRIP"
    bpy.ops.emotalk.animate()
    frames = keys_of(head, SMILE)[0]
    trim_end(strip, 1)
    only(ready, 40, 50)

    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(keys_of(head, SMILE)[0], frames)
    nothing_is_left_of_it()


LAYOUTS = {
    "every frame": {"key_step": 1},
    "thinned": {"key_step": 1, "max_error": 0.02},
    "every third, thinned": {"key_step": 3, "max_error": 0.02},
    "every third": {"key_step": 3},
    "poses": {"key_step": 3, "hold_keys": True},
    "poses, thinned": {"key_step": 3, "hold_keys": True, "max_error": 0.02},
}
FRAMES = np.arange(-10, 110)


def lay_out(ours: Any, layout: str) -> None:
    """Set the panel's settings of keys."""
    wanted = {"key_step": 1, "max_error": 0.0, "hold_keys": False} | LAYOUTS[layout]
    for name, value in wanted.items():
        setattr(ours, name, value)


def shown(head: Any) -> dict[str, np.ndarray]:
    """What each curve is at `FRAMES`."""
    curves = fcurves(head.data.shape_keys)
    return {
        path: np.array([curve.evaluate(frame) for frame in FRAMES])
        for (path, _), curve in curves.items()
    }


@pytest.mark.parametrize("now", LAYOUTS)
@pytest.mark.parametrize("was", LAYOUTS)
def test_nothing_outside_of_a_range_moves_and_what_is_inside_does(
    ready: Any, head: Any, was: str, now: str
) -> None:
    lay_out(ready, was)
    bpy.ops.emotalk.animate()
    before = shown(head)
    ready.takes[0].controls.happy = 1.0
    lay_out(ready, now)
    only(ready, 31, 49)

    bpy.ops.emotalk.refresh()

    after = shown(head)
    outside = (FRAMES < 31) | (FRAMES > 49)
    for path, values in after.items():
        np.testing.assert_allclose(values[outside], before[path][outside], atol=1e-5)
    assert after[f'key_blocks["{SMILE}"].value'][FRAMES == 40] > 0.9
    nothing_is_left_of_it()


def test_a_thinned_range_is_as_near_as_was_asked(ready: Any, head: Any) -> None:
    lay_out(ready, "every frame")
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    take.controls.jaw = 1.4
    only(ready, 30, 60)
    bpy.ops.emotalk.refresh()
    exact = shown(head)
    ready.use_range, take.controls.jaw, ready.max_error = False, 1.0, 0.02
    bpy.ops.emotalk.refresh()
    take.controls.jaw, ready.use_range = 1.4, True

    bpy.ops.emotalk.refresh()

    for path, values in shown(head).items():
        np.testing.assert_allclose(values, exact[path], atol=0.02 + 1e-4)
    assert len(keys_of(head, "jawOpen")[0]) < 60


def test_a_thinned_range_in_which_nothing_changes_adds_no_key(ready: Any, head: Any) -> None:
    ready.max_error = 0.02
    bpy.ops.emotalk.animate()
    before = [keys_of(head, key)[0].tolist() for key in (SMILE, "jawOpen", "tongueOut")]
    only(ready, 30, 60)

    bpy.ops.emotalk.refresh()

    assert [keys_of(head, key)[0].tolist() for key in (SMILE, "jawOpen", "tongueOut")] == before


@pytest.mark.parametrize(
    ("layout", "told"),
    [("every frame", "572 keys on 52 curves"), ("every third", "104 keys on 52 curves")],
)
def test_the_report_counts_what_was_written(ready: Any, layout: str, told: str) -> None:
    lay_out(ready, layout)
    bpy.ops.emotalk.animate()
    only(ready, 40, 50)

    bpy.ops.emotalk.refresh()

    assert told in ready.takes[0].summary


def test_written_in_slices_it_counts_the_same(ready: Any) -> None:
    from emotalk.addon.bridge.take import takes

    bpy.ops.emotalk.animate()
    only(ready, 40, 50)
    prepared = takes.prepare_take(bpy.context.scene, ready.takes[0])

    result = write_in_slices(prepared, takes.remake(prepared))

    assert (result.n_keys, result.n_curves) == (572, 52)


@pytest.mark.parametrize("again", ["animate", "refresh"])
def test_a_range_that_ends_before_it_begins_is_refused(ready: Any, head: Any, again: str) -> None:
    bpy.ops.emotalk.animate()
    only(ready, 60, 40)
    take = ready.takes[0]
    take.controls.happy = 1.0
    before = keys_of(head, SMILE)[1]

    with pytest.raises(RuntimeError, match=r"ends before it begins: '60 to 40'"):
        getattr(bpy.ops.emotalk, again)()

    np.testing.assert_array_equal(keys_of(head, SMILE)[1], before)
    tick()
    assert live.is_stale(take)
    assert "ends before it begins" in take.warnings


@pytest.mark.parametrize(
    ("layout", "first", "last", "told"),
    [
        ("every frame", 500, 600, "touches no frame of this take"),
        ("every third", 41, 43, "shorter than the way from key to key"),
    ],
)
def test_a_take_of_which_nothing_was_written_is_not_up_to_date(
    ready: Any, head: Any, layout: str, first: int, last: int, told: str
) -> None:
    lay_out(ready, layout)
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    take.controls.happy = 1.0
    only(ready, first, last)
    before = keys_of(head, SMILE)[1]

    bpy.ops.emotalk.refresh()

    np.testing.assert_array_equal(keys_of(head, SMILE)[1], before)
    assert told in take.warnings
    assert take.summary.startswith("no keys on no curves")
    assert live.is_stale(take)
    ready.use_range = False
    tick()
    assert keys_of(head, SMILE)[1].max() > 0.9
    assert not live.is_stale(take)


def test_a_long_take_beside_the_range_is_followed_once(
    ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Any]()
    monkeypatch.setattr(live, "_SHORT_FRAMES", 10)
    monkeypatch.setattr(live, "schedule", asked.append)
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    take.controls.happy = 1.0
    only(ready, 500, 600)
    asked.clear()
    tick()

    follow_to_the_end(SESSION.job)

    assert live.is_stale(take)
    assert not asked
