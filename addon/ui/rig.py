"""What was found of the 52 channels on each mesh, and what is missing."""

from typing import Any, ClassVar

import bpy

from ..bridge import characters
from ..bridge.heads import parts
from ..bridge.keying.kept_matrix import has_kept_matrix
from ..languages import CONTEXT, translated
from .base import InView, Rows, draw_text, is_narrow, label_at_end

__all__ = ["CLASSES"]


class EMOTALK_UL_targets(Rows, bpy.types.UIList):
    """Meshes of the character."""

    def draw_row(self, _context: bpy.types.Context, layout: Any, item: Any) -> None:
        """Switch, name, count."""
        row = layout.row(align=True)
        row.prop(item, "use", text="")
        is_there = item.object is not None and not characters.is_deleted(item.object)
        shown = item.object.name if is_there else translated("{name} (deleted)", name=item.name)
        row.label(text=shown, icon="MESH_DATA" if is_there else "ERROR", translate=False)
        label_at_end(row, str(item.n_found or translated("none")))


class EMOTALK_PT_rig(InView, bpy.types.Panel):
    """Matching of shape keys and bones."""

    bl_label = "Rig"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """List, details of the chosen mesh, switches."""
        layout = self.layout
        group = context.scene.emotalk.rig
        layout.template_list(
            "EMOTALK_UL_targets", "", group, "targets", group, "target_index", rows=3
        )
        layout.operator("emotalk.find_rig", icon="VIEWZOOM")
        self._draw_details(context)
        layout.prop(group, "use_head")
        layout.prop(group, "use_poses")
        row = layout.column() if is_narrow(context) else layout.row()
        row.label(text="Names file", text_ctxt=CONTEXT)
        row.operator("emotalk.save_names", icon="EXPORT")
        layout.prop(group, "names_path", text="")
        _draw_flame(layout, context)

    def _draw_details(self, context: bpy.types.Context) -> None:
        layout, group = self.layout, context.scene.emotalk.rig
        if not 0 <= group.target_index < len(group.targets):
            return
        item, box = group.targets[group.target_index], self.layout.box()
        box.label(text=item.label or translated("No known names"), icon="SHAPEKEY_DATA")
        if group.n_missing:
            text = translated("Missing everywhere: {names}", names=group.missing)
            draw_text(box, text, "ERROR", context)
        elif item.label:
            draw_text(box, "Every channel moves something", "CHECKMARK", context)
        for note in group.notes.splitlines():
            draw_text(layout, note, "INFO", context)


def _draw_flame(layout: Any, context: bpy.types.Context) -> None:
    group = context.scene.emotalk.rig
    skin = parts.skin_asked(group.character, context.object)
    if not (group.matrix_path or (skin is not None and parts.has_expressions(skin))):
        return  # most faces never need one
    layout.label(text="FLAME matrix file")
    if skin is None or not has_kept_matrix(skin):
        layout.prop(group, "matrix_path", text="")
        return
    row = layout.row(align=True)
    row.prop(group, "matrix_path", text="")
    row.operator("emotalk.place_guides", text="", icon="FILE_REFRESH").anew = True
    row.operator("emotalk.save_matrix", text="", icon="EXPORT")


CLASSES = (EMOTALK_UL_targets, EMOTALK_PT_rig)
