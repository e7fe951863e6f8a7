"""What was told of a sound stays at its second when the strip's speed changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.lip_scenes import FIRST, jaw, panel_of
from tests.addon.scenes import add_strip, write_wav
from tests.core.babble import babble

LAST = FIRST + 96  # four seconds

needs_retiming = pytest.mark.skipif(
    bpy.app.version < (5, 1), reason="retiming_keys.add crashes older wheels"
)


@pytest.fixture
def strip(addon: Any, head: Any, tmp_path: Path) -> Any:
    """Four seconds of babble as a strip, felt as surprise: lips hardly meet."""
    ours = panel_of(head)
    strip = add_strip(write_wav(tmp_path / "babble.wav", babble(4.0)), FIRST, 1)
    ours.source, ours.strip, ours.controls.surprised = "STRIP", strip.name, 1.0
    return strip


def _take() -> Any:
    return bpy.context.scene.emotalk.takes[0]


def _close_lips(frame: int, length: int = 5) -> None:
    bpy.context.scene.frame_set(frame)
    assert bpy.ops.emotalk.tell_lips(mouth="m", length=length) == {"FINISHED"}
    bpy.ops.emotalk.refresh()


def _retime(strip: Any, *moves: tuple[int, int]) -> None:
    """Keys at frames, and where they go; all at once, from the last to the first."""
    for was, _ in moves:
        strip.retiming_keys.add(timeline_frame=was)
    for key, (_, now) in [*zip(strip.retiming_keys, moves, strict=True)][::-1]:
        key.timeline_frame = now


def _are_shut(head: Any, frame: int) -> bool:
    """Whether what is told shuts the jaw there."""
    shut = jaw(head, frame)[0]
    told = _take().controls.phones
    bpy.ops.emotalk.hear_all_lips()
    bpy.ops.emotalk.refresh()
    heard = jaw(head, frame)[0]
    _take().controls.phones = told
    bpy.ops.emotalk.refresh()
    return shut < 0.5 * heard


@needs_retiming
def test_half_as_fast_it_comes_twice_as_late(strip: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    _close_lips(40)
    told = _take().controls.phones
    _retime(strip, (FIRST, FIRST), (LAST, LAST + 96))

    bpy.ops.emotalk.refresh()

    there = FIRST + 2 * (40 - FIRST)
    assert _take().controls.phones == told
    assert _are_shut(head, there)
    assert not _are_shut(head, 40)
    bpy.context.scene.frame_set(there)
    bpy.ops.emotalk.hear_lips(length=11)
    assert not _take().controls.phones


@needs_retiming
def test_each_part_of_a_strip_has_its_speed(strip: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    _close_lips(40)
    _close_lips(76)
    _retime(strip, (FIRST, FIRST), (FIRST + 48, FIRST + 72), (LAST, LAST))

    bpy.ops.emotalk.refresh()

    assert _are_shut(head, round(FIRST + 1.5 * (40 - FIRST)))
    assert _are_shut(head, round(FIRST + 72 + 0.5 * (76 - FIRST - 48)))


@needs_retiming
def test_what_is_told_at_another_speed_is_about_the_sound_too(strip: Any, head: Any) -> None:
    _retime(strip, (FIRST, FIRST), (LAST, LAST + 96))
    bpy.ops.emotalk.animate()
    _close_lips(75, 10)
    strip.retiming_keys.reset()

    bpy.ops.emotalk.refresh()

    assert not _take().speeds
    assert _are_shut(head, 40)


@needs_retiming
def test_speeds_that_make_no_sense_are_not_believed(
    strip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat

    _retime(strip, (FIRST, FIRST), (LAST, LAST + 96))
    assert [share for _, share in compat.retiming(strip)] == [0.0, 1.0]

    monkeypatch.setattr(compat, "_SHARE_AT_5_0", 8)  # its flags lie there

    assert compat.retiming(strip) == []


def test_there_and_back_is_the_same_second(addon: Any) -> None:
    from emotalk.addon.bridge.sounds.speeds import to_clock, to_file

    speeds = ((0.0, 0.5), (3.0, 2.0), (4.0, 4.5))

    assert [to_file(speeds, at) for at in (-1.0, 0.0, 1.5, 3.5, 5.0)] == [
        -0.5,
        0.5,
        1.25,
        3.25,
        5.5,
    ]
    assert all(to_clock(speeds, to_file(speeds, at)) == at for at in (-1.0, 1.5, 3.5, 5.0))
    assert to_file((), 2.0) == to_clock((), 2.0) == 2.0
