"""A take whose strip was moved or trimmed after Animate is told as that in the list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import add_strip, needs_sound, set_span, trim_end, trim_start


@pytest.fixture
def strip(ready: Any, speech: Path) -> Any:
    """One that is animated, from frame 10 on."""
    made = add_strip(speech, 10)
    ready.source, ready.strip = "STRIP", made.name
    bpy.ops.emotalk.animate()
    return made


def has_moved(ours: Any) -> bool:
    from emotalk.addon.bridge.take import moved

    return moved.has_moved(ours.takes[0])


@needs_sound
def test_a_strip_that_moved_is_told_until_the_take_follows(ready: Any, strip: Any) -> None:
    from emotalk.addon.bridge import compat

    told = [has_moved(ready)]
    compat.move_strip(strip, 25)
    told.append(has_moved(ready))
    compat.move_strip(strip, -25)
    told.append(has_moved(ready))
    compat.move_strip(strip, 25)
    bpy.ops.emotalk.refresh()
    told.append(has_moved(ready))

    assert told == [False, True, False, False]
    assert ready.takes[0].first_frame == 35.0


@needs_sound
@pytest.mark.parametrize("trim", [trim_start, trim_end])
def test_so_is_one_that_was_trimmed(ready: Any, strip: Any, trim: Any) -> None:
    trim(strip, 6)

    assert has_moved(ready)


@needs_sound
def test_so_is_one_whose_meta_strip_was_trimmed(ready: Any, strip: Any) -> None:
    from emotalk.addon.bridge.compat import top_strips

    meta = top_strips(bpy.context.scene).new_meta("Meta", 3, 10)
    strip.move_to_meta(meta)
    set_span(meta, 1, 500)
    told = [has_moved(ready)]
    set_span(meta, 20, 30)
    told.append(has_moved(ready))
    bpy.ops.emotalk.refresh()
    told.append(has_moved(ready))

    assert told == [False, True, False]
    assert (ready.takes[0].first_frame, ready.takes[0].last_frame) == (20.0, 30.0)


@needs_sound
def test_a_range_alone_does_not_follow_a_strip(ready: Any, strip: Any) -> None:
    """A part that is written again leaves the rest where it was."""
    trim_end(strip, 1)
    ready.use_range, ready.range_start, ready.range_end = True, 20, 30
    bpy.ops.emotalk.refresh()

    assert has_moved(ready)


@needs_sound
def test_a_renamed_strip_or_one_that_is_gone_is_no_false_alarm(ready: Any, strip: Any) -> None:
    strip.name = "another"

    assert not has_moved(ready)


def test_another_frame_rate_is_told_of_a_file_too(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    before = has_moved(ready)
    bpy.context.scene.render.fps_base = 1.001

    assert (before, has_moved(ready)) == (False, True)


@needs_sound
def test_lines_that_change_places_share_no_frames_in_the_end(ready: Any, lines: list[Any]) -> None:
    from emotalk.addon.bridge import compat

    bpy.ops.emotalk.animate()
    first, _, third = lines
    third.channel = 3
    compat.move_strip(first, 200)
    compat.move_strip(third, -200)

    bpy.ops.emotalk.refresh_all()

    assert [take.first_frame for take in ready.takes] == [201.0, 101.0, 1.0]
    assert [take.warnings for take in ready.takes] == ["", "", ""]
