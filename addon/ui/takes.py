"""The list of takes and what can be done with one."""

from typing import Any, ClassVar

import bpy

from .base import InView, Rows, label_at_end
from .engine import draw_errand

__all__ = ["CLASSES"]


class EMOTALK_UL_takes(Rows, bpy.types.UIList):
    """One sound on one character each."""

    def draw_row(self, _context: bpy.types.Context, layout: Any, item: Any) -> None:
        """Name and frames."""
        layout.prop(item, "name", text="", emboss=False, icon="REC")
        label_at_end(layout, f"{item.first_frame:.0f} to {item.last_frame:.0f}")


class EMOTALK_PT_takes(InView, bpy.types.Panel):
    """Takes in this scene."""

    bl_label = "Takes"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """List and buttons."""
        layout, ours = self.layout, context.scene.emotalk
        layout.template_list("EMOTALK_UL_takes", "", ours, "takes", ours, "take_index", rows=3)
        row = layout.row(align=True)
        row.operator("emotalk.refresh", icon="FILE_REFRESH")
        row.operator("emotalk.refresh_all", text="", icon="ANIM_DATA")
        row.operator("emotalk.clear", text="Remove", icon="TRASH")
        if draw_errand(layout, "emotalk.export_clip", context):
            return
        row = layout.row(align=True)
        row.operator("emotalk.export_clip", text="Export", icon="EXPORT")
        row.operator("emotalk.import_clip", text="Import", icon="IMPORT")


CLASSES = (EMOTALK_UL_takes, EMOTALK_PT_takes)
