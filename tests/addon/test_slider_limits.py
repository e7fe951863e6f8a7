"""Ranges of sliders are widened where a face asks for more, and given back with Remove."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import babble, write_wav


def limits_of(head: Any, name: str) -> tuple[float, float]:
    block = head.data.shape_keys.key_blocks[name]
    return block.slider_min, block.slider_max


@pytest.fixture
def wide(ready: Any, head: Any, tmp_path: Path) -> Any:
    """A head of which two keys ask for more than their sliders' range."""
    path = tmp_path / "names.json"
    rows = [
        {"object": "Head", "key": key, "sources": {"jawOpen": 1.0}, "lower": -2.0, "upper": 3.0}
        for key in ("mouthPucker", "cheekPuff")
    ]
    path.write_text(json.dumps({"emotalk_binding": 1, "driven": rows}), encoding="utf-8")
    ready.rig.names_path = str(path)
    head.data.shape_keys.key_blocks["mouthPucker"].slider_max = 1.5
    return head


def test_sliders_that_were_widened_get_their_range_back(ready: Any, wide: Any) -> None:
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.animate()
    assert limits_of(wide, "mouthPucker") == (-2.0, 3.0)

    bpy.ops.emotalk.clear()

    assert limits_of(wide, "mouthPucker") == (0.0, 1.5)
    assert limits_of(wide, "cheekPuff") == (0.0, 1.0)
    assert "emotalk_limits" not in wide.data.shape_keys


def test_a_key_that_was_renamed_gets_its_range_back(ready: Any, wide: Any) -> None:
    bpy.ops.emotalk.animate()
    wide.data.shape_keys.key_blocks["mouthPucker"].name = "Pucker"

    bpy.ops.emotalk.clear()

    assert limits_of(wide, "Pucker") == (0.0, 1.5)


def test_keys_that_move_alike_are_told_apart_when_both_were_renamed(ready: Any, wide: Any) -> None:
    bpy.ops.emotalk.animate()
    for name, now in (("mouthPucker", "A Pucker"), ("cheekPuff", "B Puff")):
        wide.data.shape_keys.key_blocks[name].name = now

    bpy.ops.emotalk.clear()

    assert limits_of(wide, "A Pucker") == (0.0, 1.5)
    assert limits_of(wide, "B Puff") == (0.0, 1.0)


def test_a_range_that_somebody_has_set_since_stays(ready: Any, wide: Any) -> None:
    bpy.ops.emotalk.animate()
    wide.data.shape_keys.key_blocks["mouthPucker"].slider_max = 5.0

    bpy.ops.emotalk.clear()

    assert limits_of(wide, "mouthPucker") == (0.0, 5.0)


def test_while_another_take_is_there_the_range_stays_wide(
    ready: Any, wide: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()
    ready.filepath = str(write_wav(tmp_path / "second.wav", babble(1.0)))
    ready.start_frame = 200
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()
    assert limits_of(wide, "mouthPucker") == (-2.0, 3.0)
    bpy.ops.emotalk.clear()

    assert limits_of(wide, "mouthPucker") == (0.0, 1.5)
