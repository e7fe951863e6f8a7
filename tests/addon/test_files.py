"""Sound files dropped into the 3D view."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.addon.scenes import add_strip, needs_sound


@needs_sound
def test_a_dropped_sound_becomes_a_strip_that_is_heard_and_chosen(
    ready: Any, speech: Path, second: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from emotalk.addon.bridge import compat

    other = add_strip(speech, 10)
    other.select = True
    bpy.context.scene.frame_set(42)

    bpy.ops.emotalk.use_sound(filepath=second)

    (strip,) = [s for s in compat.strips_all(bpy.context.scene) if s != other]
    assert (strip.channel, compat.span(strip)[0], strip.select, other.select) == (
        2,
        42,
        True,
        False,
    )
    assert (ready.source, ready.strip) == ("STRIP", "")
    assert f"{Path(second).name} starts at frame 42: press Animate" in capfd.readouterr().out
    bpy.ops.emotalk.animate()
    assert (ready.takes[0].strip, ready.takes[0].first_frame) == (strip.name, 42.0)


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="earlier ones show the window's scene")
@pytest.mark.parametrize("shows_another", [False, True])
def test_the_sequencer_shows_the_strip_where_it_shows_no_scene_yet(
    ready: Any, second: str, *, shows_another: bool
) -> None:
    workspace: Any = bpy.context.workspace
    other = bpy.data.scenes.new("Edit") if shows_another else None
    workspace.sequencer_scene = other

    bpy.ops.emotalk.use_sound(filepath=second)

    assert workspace.sequencer_scene == (other or bpy.context.scene)


@pytest.mark.parametrize("is_dropped", [False, True])
def test_the_button_asks_for_a_file_and_a_dropped_one_is_taken_at_once(
    addon: Any, *, is_dropped: bool
) -> None:
    from emotalk.addon.operators.takes import EMOTALK_OT_use_sound

    done: list[str] = []
    asked = SimpleNamespace(fileselect_add=lambda _operator: done.append("asked"))
    path = "talk.wav" if is_dropped else ""
    operator: Any = SimpleNamespace(filepath=path, execute=lambda _: done.append("taken"))
    context: Any = SimpleNamespace(window_manager=asked)

    EMOTALK_OT_use_sound.invoke(operator, context, None)

    assert done == ["taken" if is_dropped else "asked"]


def test_where_there_can_be_no_strip_the_file_is_chosen(
    ready: Any, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.sounds import strips

    monkeypatch.setattr(strips, "new", lambda *_: None)
    ready.source = "STRIP"
    bpy.context.scene.frame_set(42)

    bpy.ops.emotalk.use_sound(filepath=second)

    assert (ready.source, ready.filepath, ready.start_frame) == ("FILE", second, 42)


@pytest.mark.parametrize("name", ["", "gone.wav"])
def test_a_folder_or_a_file_that_is_gone_becomes_no_strip(
    ready: Any, tmp_path: Path, name: str
) -> None:
    from emotalk.addon.bridge import compat

    ready.source = "STRIP"

    with pytest.raises(RuntimeError, match="No sound file"):
        bpy.ops.emotalk.use_sound(filepath=f"{tmp_path}/{name}")

    assert not compat.strips_all(bpy.context.scene)
    assert ready.source == "STRIP"


@needs_sound
def test_a_file_without_sound_becomes_no_strip(ready: Any, tmp_path: Path) -> None:
    from emotalk.addon.bridge import compat

    (tmp_path / "notes.wav").write_text("No sound.")

    with pytest.raises(RuntimeError, match=r"Blender finds no sound in this file: 'notes\.wav'"):
        bpy.ops.emotalk.use_sound(filepath=str(tmp_path / "notes.wav"))

    assert not compat.strips_all(bpy.context.scene)
    assert not bpy.data.sounds


def test_only_the_3d_view_takes_dropped_sounds(addon: Any) -> None:
    from emotalk.addon.ui.files import EMOTALK_FH_sound

    def takes(area: Any) -> bool:
        context: Any = SimpleNamespace(area=area)
        return EMOTALK_FH_sound.poll_drop(context)

    assert takes(SimpleNamespace(type="VIEW_3D"))
    assert not takes(SimpleNamespace(type="SEQUENCE_EDITOR"))
    assert not takes(None)
    assert ".wav" in EMOTALK_FH_sound.bl_file_extensions.split(";")
