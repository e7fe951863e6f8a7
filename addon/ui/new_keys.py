"""A face without shape keys, in the main panel: guides, then the keys."""

from typing import Any

import bpy

from ..bridge import characters
from ..bridge.heads import guides, parts
from ..bridge.jobs.session import SESSION
from ..bridge.keying.kept_matrix import has_kept_matrix
from ..bridge.keying.rigs import NO_MOUTH
from ..languages import CONTEXT, translated
from .base import draw_text

__all__ = ["draw_made_keys", "draw_new_keys"]


def draw_new_keys(layout: Any, context: bpy.types.Context) -> None:
    """The offer where a face has no keys that speak; once its guides are there, what to do."""
    group, active = context.scene.emotalk.rig, context.object
    skin = parts.skin_asked(group.character, active)
    is_flame = skin is not None and parts.has_expressions(skin)
    if _is_known(group) and characters.guided_by(active) is None and not is_flame:
        return
    if skin is None:
        _ask_for_mesh(layout, group.character or active, context)
    elif guides.are_there(skin):
        _draw_guides(layout.box(), skin, context)
    elif is_flame:
        if not (group.matrix_path or has_kept_matrix(skin) or parts.can_speak(skin)):
            layout.operator("emotalk.place_guides", text="Fit Expressions...", icon="SHAPEKEY_DATA")
    elif len(skin.data.polygons) and not parts.can_speak(skin):
        layout.operator("emotalk.place_guides", text="Make Shape Keys...", icon="SHAPEKEY_DATA")


def draw_made_keys(layout: Any, context: bpy.types.Context) -> None:
    """Which keys were made last, and what to know of them."""
    for number, line in enumerate(SESSION.new_keys):
        draw_text(layout, line, "INFO" if number else "CHECKMARK", context)


def _ask_for_mesh(layout: Any, thing: bpy.types.Object | None, context: bpy.types.Context) -> None:
    if thing is not None and characters.all_meshes(thing) and not parts.can_speak(thing):
        draw_text(
            layout, "A face without shape keys? Select its mesh to make some", "INFO", context
        )


def _draw_guides(box: Any, skin: bpy.types.Object, context: bpy.types.Context) -> None:
    active = context.object
    draw_text(box, "Move guides that are not where they belong", "INFO", context)
    if characters.guided_by(active) is None:
        draw_text(box, "Select one to see what it stands for", "BLANK1", context)
    else:
        name = active[characters.GUIDE]
        draw_text(box, f"{name}: {translated(guides.hint_of(active))}", "EMPTY_AXIS", context)
    if not guides.is_whole(skin):
        box.operator("emotalk.place_guides", text="Place Missing Guides", icon="ADD")
    if parts.has_expressions(skin):
        box.operator("emotalk.fit_expressions", icon="SHAPEKEY_DATA")
    box.operator("emotalk.make_shape_keys", icon="SHAPEKEY_DATA")
    row = box.row(align=True)
    is_one_sided = guides.are_one_sided(skin)
    sides = row.operator(
        "emotalk.place_guides", text="Symmetric", text_ctxt=CONTEXT, depress=is_one_sided
    )
    sides.symmetric = not is_one_sided
    row.operator("emotalk.place_guides", text="", icon="FILE_REFRESH").anew = True
    box.operator("emotalk.remove_guides", icon="X")


def _is_known(group: Any) -> bool:
    """Whether the character was found to move: by bones, or an armature's meshes, of which it would
    be slow to ask each time.
    """
    if group.character is None or NO_MOUTH in group.notes:
        return False
    if not group.targets:
        return bool(group.notes)
    return group.character.type != "MESH" and any(item.n_found for item in group.targets)
