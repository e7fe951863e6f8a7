"""Sound files dropped into the 3D view."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest


def test_a_dropped_sound_is_chosen_from_the_current_frame_on_and_told(
    ready: Any, second: str, capfd: pytest.CaptureFixture[str]
) -> None:
    ready.source = "STRIP"
    bpy.context.scene.frame_set(42)

    bpy.ops.emotalk.use_sound(filepath=second)

    assert (ready.source, ready.filepath, ready.start_frame) == ("FILE", second, 42)
    assert f"{Path(second).name} starts at frame 42: press Animate" in capfd.readouterr().out


def test_only_the_3d_view_takes_dropped_sounds(addon: Any) -> None:
    from emotalk.addon.ui.files import EMOTALK_FH_sound

    def takes(area: Any) -> bool:
        context: Any = SimpleNamespace(area=area)
        return EMOTALK_FH_sound.poll_drop(context)

    assert takes(SimpleNamespace(type="VIEW_3D"))
    assert not takes(SimpleNamespace(type="SEQUENCE_EDITOR"))
    assert not takes(None)
    assert ".wav" in EMOTALK_FH_sound.bl_file_extensions.split(";")
