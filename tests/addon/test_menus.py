"""The menu by which Blender's search finds what the panels have."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import Mock

import bpy
import pytest

MENUS = "VIEW3D_MT_object_animation", "SEQUENCER_MT_strip"


def _ours_in(name: str) -> list[Any]:
    """Our entries among what has been added to one of Blender's menus."""
    drawn = getattr(bpy.types, name).draw._draw_funcs
    return [draw for draw in drawn if "emotalk" in draw.__module__]


@pytest.mark.parametrize("name", MENUS)
def test_blenders_menus_have_ours_while_the_addon_is_enabled(addon: ModuleType, name: str) -> None:
    (draw,) = _ours_in(name)
    menu = Mock()

    draw(menu, bpy.context)

    menu.layout.menu.assert_called_once_with("EMOTALK_MT_lip_sync")
    addon.unregister()
    try:
        assert not _ours_in(name)
    finally:
        addon.register()


def test_it_has_what_an_artist_does(addon: ModuleType) -> None:
    from emotalk.addon.ui.menus import EMOTALK_MT_lip_sync

    names, layout = list[str](), Mock()
    layout.operator = lambda name, **_: names.append(name)
    menu: Any = SimpleNamespace(layout=layout)

    EMOTALK_MT_lip_sync.draw(menu, bpy.context)

    there = {f"emotalk.{name}" for name in dir(bpy.ops.emotalk)}
    assert {"emotalk.animate", "emotalk.hear_words", "emotalk.use_sound"} <= set(names) <= there
