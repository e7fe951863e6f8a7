"""A character's scene that an edit shows by a Scene strip."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import needs_sound, voice_of

pytestmark = needs_sound


@pytest.fixture
def edit(ready: Any, speech: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Strips of an edit whose sound begins at its frame 120, to be spoken in a shot from 1 on."""
    from emotalk.addon.bridge import compat

    scene = bpy.data.scenes.new("Edit")
    strips = compat.top_strips(scene)
    strips.new_sound("line", str(speech), 1, 120)
    monkeypatch.setattr(compat, "sequencer_scene", lambda _context: scene)
    ready.source, ready.strip = "STRIP", "line"
    return strips


def _show_shot(edit: Any, frame: int) -> Any:
    return edit.new_scene("shot", bpy.context.scene, 2, frame)


@pytest.mark.parametrize(("starts", "shot_starts", "expected"), [(101, 1, 20), (151, 11, -20)])
def test_keys_lie_where_the_edit_shows_the_shot(
    edit: Any, head: Any, starts: int, shot_starts: int, expected: int
) -> None:
    bpy.context.scene.frame_start = shot_starts
    _show_shot(edit, starts)

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == expected


def test_the_edits_line_counts_where_the_shot_has_one_that_looks_alike(
    edit: Any, speech: Path, head: Any
) -> None:
    from emotalk.addon.bridge import compat

    here = compat.top_strips(bpy.context.scene).new_sound("line", str(speech), 1, 120)
    here.sound = edit["line"].sound
    _show_shot(edit, 101)

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == 20


def test_a_shot_that_is_not_shown_meanwhile_counts_as_the_edit_does(edit: Any, head: Any) -> None:
    _show_shot(edit, 101).mute = True
    edit.new_scene("later", bpy.context.scene, 3, 900)
    edit.new_scene("other", bpy.data.scenes.new("Other"), 4, 101)

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == 120


def test_frames_that_are_trimmed_off_a_shot_count(edit: Any, head: Any) -> None:
    from emotalk.addon.bridge import compat

    shot = _show_shot(edit, 101)
    name = "content_trim_start" if hasattr(shot, "content_trim_start") else "animation_offset_start"
    setattr(shot, name, 5)
    first_shown = compat.span(shot)[2]  # 5.2 leaves the others where they are

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == 120 - first_shown + 1 + 5


def test_a_shot_in_a_muted_channel_or_meta_is_not_shown(edit: Any, head: Any) -> None:
    _show_shot(edit, 101)
    bpy.data.scenes["Edit"].sequence_editor.channels[2].mute = True
    meta = edit.new_meta("meta", 3, 111)
    edit.new_scene("inside", bpy.context.scene, 4, 111).move_to_meta(meta)
    meta.mute = True

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == 120


def test_of_shots_above_each_other_the_uppermost_is_shown(edit: Any, head: Any) -> None:
    _show_shot(edit, 101)
    edit.new_scene("upper", bpy.context.scene, 3, 111)

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == 10


def test_a_shot_that_is_shown_backwards_is_told(ready: Any, edit: Any) -> None:
    _show_shot(edit, 101).use_reverse_frames = True

    bpy.ops.emotalk.animate()

    assert "shot shows this scene backwards" in ready.takes[0].warnings


def test_a_take_follows_a_shot_that_was_moved_in_the_edit(ready: Any, edit: Any, head: Any) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.take import moved

    shot = _show_shot(edit, 101)
    bpy.ops.emotalk.animate()
    assert not moved.has_moved(ready.takes[0])

    compat.move_strip(shot, 10)
    assert moved.has_moved(ready.takes[0])
    bpy.ops.emotalk.refresh()

    assert voice_of(head, "jawOpen")[0][0] == 10
    assert not moved.has_moved(ready.takes[0])


def test_a_scene_strip_counts_frames_whatever_their_rate(ready: Any, edit: Any, head: Any) -> None:
    bpy.context.scene.render.fps = 48
    _show_shot(edit, 101)

    bpy.ops.emotalk.animate()

    assert voice_of(head, "jawOpen")[0][0] == 20
    assert "24 frames a second, this one 48" in ready.takes[0].warnings


@pytest.mark.parametrize("name", ["line", ""])
def test_the_panel_says_where_a_strip_is_not_heard_with_this_scene(
    edit: Any, ready: Any, name: str
) -> None:
    ready.strip = name
    alone = _said_of_strip()

    _show_shot(edit, 101)

    assert "In Edit: not heard when this scene plays" in alone
    assert "not heard" not in _said_of_strip()


def _said_of_strip() -> str:
    layout = Layout()
    bpy.types.EMOTALK_PT_speech.draw(SimpleNamespace(layout=layout), context_of(600))
    return " ".join(layout.labels)
