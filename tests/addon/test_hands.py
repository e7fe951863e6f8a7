"""What hands have done to a take is told as what it is: changed, removed, on an NLA track."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from tests.addon.scenes import fcurves, push_down

JAW = ('key_blocks["jawOpen"].value', 0)
SMILE = ('key_blocks["mouthSmileLeft"].value', 0)


def remove_keys(curve: Any) -> None:
    """Those of the take; a key far behind it stays."""
    curve.keyframe_points.clear()
    curve.keyframe_points.insert(500, 0.5)


def by_hands(take: Any) -> list[str]:
    return [line for line in take.warnings.splitlines() if " by hand" in line or "by now" in line]


def test_keys_that_were_pushed_down_are_on_a_track(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    push_down(head.data.shape_keys)

    bpy.ops.emotalk.refresh()

    told = "52 curves on an NLA track by now, written anew above it"
    assert by_hands(ready.takes[0]) == [told]


def test_keys_that_were_deleted_are_removed(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge import compat

    bpy.ops.emotalk.animate()
    fcurves(head.data.shape_keys)[JAW].keyframe_points[20].co.y = 0.9
    remove_keys(fcurves(head.data.shape_keys)[SMILE])
    curves = compat.fcurves_of(head.data.shape_keys)
    curves.remove(fcurves(head.data.shape_keys)['key_blocks["tongueOut"].value', 0])

    bpy.ops.emotalk.refresh()

    assert by_hands(ready.takes[0]) == [
        "1 curve changed by hand, written anew: undo brings back what was there",
        "2 curves removed by hand, written anew",
    ]


def test_update_all_says_why_a_take_stays_as_it_is(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    push_down(head.data.shape_keys)

    with pytest.raises(RuntimeError, match="52 curves on an NLA track by now, so this take stays"):
        bpy.ops.emotalk.refresh_all()


def test_keys_of_an_action_that_was_taken_off_are_removed(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    head.data.shape_keys.animation_data.action = None

    bpy.ops.emotalk.refresh()

    assert by_hands(ready.takes[0]) == ["52 curves removed by hand, written anew"]
