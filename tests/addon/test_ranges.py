"""Only a Range: what lies outside of it stays as it is, and belongs to the take still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import (
    add_strip,
    babble,
    keys_of,
    needs_sound,
    trim_end,
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
