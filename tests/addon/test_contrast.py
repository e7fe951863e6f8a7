"""Contrast in the panel: it moves the keys, goes along in presets, and older files do without."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import brows_of


def test_the_slider_moves_the_keys_at_once_and_back(real: Any, head: Any) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    take, heard = real.takes[0], brows_of(head)

    take.controls.contrast = 1.0
    assert live.is_stale(take)
    live._tick()
    strongest = brows_of(head)
    assert not live.is_stale(take)

    take.controls.contrast = 0.0
    live._tick()
    assert np.abs(strongest - heard).max() > 0.02
    np.testing.assert_array_equal(brows_of(head), heard)


def test_a_preset_keeps_it_and_an_older_one_means_none(
    ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path))
    ready.controls.contrast = 0.6
    bpy.ops.emotalk.save_preset(name="clear")
    (file,) = (tmp_path / "presets" / "emotalk").iterdir()
    older = json.loads(file.read_text())
    assert older["controls"].pop("contrast") == pytest.approx(0.6)
    file.with_name("older.json").write_text(json.dumps(older))

    found = []
    for name in ("older", "clear"):
        bpy.ops.emotalk.preset(name=name)
        found.append(ready.controls.contrast)

    assert found == pytest.approx([0.0, 0.6])


def test_a_take_of_an_older_version_shows_what_its_sliders_say(ready: Any) -> None:
    from emotalk.addon.bridge.asked import controls
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    assert "contrast" not in json.loads(take.baked)[0]  # as in a file from before there was one

    take.controls.contrast = 0.5
    assert live.is_stale(take)
    controls.put_back(take.controls, take.baked)

    assert take.controls.contrast == 0.0
    assert not live.is_stale(take)


def test_the_panel_shows_it(ready: Any) -> None:
    from emotalk.addon.ui.emotion import _Emotion

    layout = Layout()
    panel: Any = SimpleNamespace(layout=layout)
    _Emotion.draw(panel, context_of(300))

    assert "contrast" in layout.props
