"""A face without shape keys, in the main panel: guides, then the keys."""

from typing import Any

import bpy

from ..bridge import characters
from ..bridge.heads import guides, parts
from ..bridge.jobs.session import SESSION
from .base import draw_text

__all__ = ["draw_made_keys", "draw_new_keys"]


def draw_new_keys(layout: Any, context: bpy.types.Context) -> None:
    """The offer where a face has no keys that speak; once its guides are there, what to do."""
    group = context.scene.emotalk.rig
    skin = parts.skin_asked(group.character, context.object)
    if skin is None:
        return
    if guides.are_there(skin):
        _draw_guides(layout.box(), skin, context)
    elif _is_silent(group, skin):
        layout.operator("emotalk.place_guides", text="Make Shape Keys...", icon="SHAPEKEY_DATA")


def draw_made_keys(layout: Any, context: bpy.types.Context) -> None:
    """Which keys were made last, and what to know of them."""
    for number, line in enumerate(SESSION.new_keys):
        draw_text(layout, line, "INFO" if number else "CHECKMARK", context)


def _draw_guides(box: Any, skin: bpy.types.Object, context: bpy.types.Context) -> None:
    active = context.object
    if active is not None and characters.is_guide(active):
        name = active[characters.GUIDE]
        draw_text(box, f"{name}: {guides.hint_of(active)}", "EMPTY_AXIS", context)
    else:
        text = "Move each guide to where it belongs; select one to see where"
        draw_text(box, text, "INFO", context)
    box.operator("emotalk.make_shape_keys", icon="SHAPEKEY_DATA")
    row = box.row(align=True)
    is_one_sided = guides.are_one_sided(skin)
    sides = row.operator("emotalk.place_guides", text="Symmetric", depress=is_one_sided)
    sides.symmetric = not is_one_sided
    row.operator("emotalk.place_guides", text="", icon="FILE_REFRESH").anew = True
    box.operator("emotalk.remove_guides", icon="X")


def _is_silent(group: Any, skin: bpy.types.Object) -> bool:
    is_of_bones = group.character is not None and group.notes and not group.targets
    return not (is_of_bones or parts.can_speak(skin)) and len(skin.data.polygons) > 0
