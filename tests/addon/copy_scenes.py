"""Copies of animated characters: what the tests of them share."""

from __future__ import annotations

from typing import Any

import bpy

from tests.addon.scenes import fcurves

APART = 150  # a frame at which a second take has room for its eases


def duplicate(*things: Any, is_linked: bool = False) -> list[Any]:
    """Shift-D, or Alt-D; the copies in the order of their originals."""
    bpy.ops.object.select_all(action="DESELECT")
    for thing in things:
        thing.select_set(state=True)
    bpy.context.view_layer.objects.active = things[0]
    bpy.ops.object.duplicate(linked=is_linked)
    return sorted(bpy.context.selected_objects, key=lambda thing: thing.name)


def adopt() -> None:
    assert bpy.ops.emotalk.adopt_keys() == {"FINISHED"}


def of(ours: Any, thing: Any) -> list[Any]:
    """The takes of a character."""
    return [take for take in ours.takes if take.rig.character == thing]


def all_keys(head: Any) -> dict[Any, Any]:
    """Of each curve."""
    curves = fcurves(head.data.shape_keys)
    return {path: [tuple(p.co) for p in curve.keyframe_points] for path, curve in curves.items()}
