"""Panels in the narrowest sidebar that Blender makes, 181 pixels: names and buttons can be read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.addon.layouts import Layout, context_of

NARROW, LESS, USUAL = 181, 242, 292
_PANELS = ("shaping", "keys")


def _panel(name: str) -> Any:
    return getattr(bpy.types, f"EMOTALK_PT_{name}")


def _drawn(panel: Any, width: int) -> Layout:
    """With what the panel's own methods need of it."""
    layout = Layout()
    own = SimpleNamespace(layout=layout)
    for name in ("_draw_notes", "_draw_details"):
        if hasattr(panel, name):
            setattr(own, name, getattr(panel, name).__get__(own))
    panel.draw(own, context_of(width))
    return layout


@pytest.fixture
def animated(ready: Any) -> Any:
    """A take of one character, who is of the cast."""
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.add_role()
    bpy.ops.emotalk.animate()
    return ready


@pytest.mark.parametrize("name", _PANELS)
def test_names_of_properties_stand_on_them(animated: Any, name: str) -> None:
    panel = _panel(name)

    assert not _drawn(panel, NARROW).use_property_split
    assert _drawn(panel, USUAL).use_property_split


def test_bars_of_what_was_heard_stand_below_each_other(animated: Any) -> None:
    result = _panel("result")

    assert _drawn(result, NARROW).columns == 1
    assert _drawn(result, USUAL).columns == 2


@pytest.mark.parametrize(
    "name",
    ["takes", "rig", "speech"],
)
def test_buttons_stand_below_each_other(animated: Any, name: str) -> None:
    panel = _panel(name)

    assert _drawn(panel, NARROW).rows == _drawn(panel, USUAL).rows - 1


def test_sources_of_sound_stand_below_each_other_as_soon_as_a_name_would_be_cut(
    animated: Any,
) -> None:
    speech = _panel("speech")

    assert _drawn(speech, LESS).rows == _drawn(speech, USUAL).rows - 1


@pytest.mark.parametrize("name", ["cast", "shaping"])
def test_the_name_of_an_objects_field_stands_above_it(animated: Any, name: str) -> None:
    narrow, usual = _drawn(_panel(name), NARROW), _drawn(_panel(name), USUAL)

    assert "Look At" in narrow.labels
    assert narrow.names["look_at"] == ""
    assert "Look At" not in usual.labels
    assert "look_at" not in usual.names


def test_names_beside_values_are_short(animated: Any) -> None:
    shaping = _panel("shaping")

    assert _drawn(shaping, USUAL).names["upper_smoothing"] == "Upper"
    assert _drawn(shaping, NARROW).names["upper_smoothing"] == "Upper Smoothing"


@pytest.mark.parametrize(
    ("width", "shown"), [(USUAL, "Text: one two three four fi..."), (600, None)]
)
def test_a_text_is_shown_from_its_beginning(animated: Any, width: int, shown: str | None) -> None:
    text = animated.takes[0].controls.text = "one two three four five six"

    assert (shown or f"Text: {text}") in _drawn(_panel("lips"), width).texts


@pytest.mark.parametrize("width", [NARROW, USUAL])
def test_remove_stands_apart_from_update_and_both_are_named(animated: Any, width: int) -> None:
    drawn = _drawn(_panel("takes"), width)

    texts = dict(zip(drawn.buttons, drawn.texts, strict=True))
    assert texts["emotalk.refresh_all"] == "Update All"
    assert texts["emotalk.clear"] == "Remove"
    assert drawn.buttons[:2] == ["emotalk.refresh", "emotalk.refresh_all"]
    assert drawn.buttons[-1] == "emotalk.clear"


@pytest.mark.parametrize("name", ["takes", "result", "cast"])
def test_the_sequencer_has_what_belongs_to_its_strips(animated: Any, name: str) -> None:
    animated.id_data.frame_end = 2  # Result has a button then
    own, of_view = _panel(f"{name}_strips"), _panel(name)

    assert (own.bl_space_type, own.bl_label) == ("SEQUENCE_EDITOR", of_view.bl_label)
    assert _drawn(own, USUAL).buttons == _drawn(of_view, USUAL).buttons != []
    assert ("DEFAULT_CLOSED" in getattr(own, "bl_options", ())) == (name == "cast")


@pytest.mark.parametrize("name", ["speech", "emotion", "rig"])
def test_no_label_is_longer_than_the_sidebar(animated: Any, name: str) -> None:
    animated.id_data.frame_current = 20
    labels = _drawn(_panel(name), NARROW).labels

    assert max(map(len, labels), default=0) <= 18
