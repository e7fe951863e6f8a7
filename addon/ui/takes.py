"""The list of takes and what can be done with one."""

from typing import Any, ClassVar

import bpy
import numpy as np

from ..bridge.take import adopted, moved, takes
from ..languages import CONTEXT, translated
from .base import InSequencer, InView, Rows, draw_text, is_narrow, label_at_end
from .engine import draw_errand

__all__ = ["CLASSES"]

_MOVED = (
    "The sound has been moved or trimmed since, or the frame rate changed: Update Keys follows it"
)


_ICONS = {"CLIP": "ANIM_DATA", "PAUSE": "HIDE_OFF"}


class EMOTALK_UL_takes(Rows, bpy.types.UIList):
    """One sound on one character each."""

    def draw_row(self, context: bpy.types.Context, layout: Any, item: Any) -> None:
        """Name and frames."""
        icon = "ERROR" if moved.has_moved(item) else _ICONS.get(item.source, "REC")
        layout.prop(item, "name", text="", emboss=False, icon=icon)
        if not is_narrow(context):  # else the name counts more
            first, last = f"{item.first_frame:.0f}", f"{item.last_frame:.0f}"
            label_at_end(layout, translated("{first} to {last}", first=first, last=last))

    def filter_items(
        self, _context: bpy.types.Context, data: Any, name: str
    ) -> tuple[list[int], list[int]]:
        """In the order in which they are said, unless names are asked for."""
        items: Any = getattr(data, name)
        helpers: Any = bpy.types.UI_UL_list
        shown: list[int] = []
        if self.filter_name:
            flag = self.bitflag_filter_item
            shown = helpers.filter_items_by_name(self.filter_name, flag, items, "name")
        if self.use_filter_sort_alpha:
            return shown, helpers.sort_items_by_name(items, "name")
        first = np.empty(len(items), np.float32)
        items.foreach_get("first_frame", first)
        places = np.empty(len(items), np.int64)
        places[np.argsort(first, kind="stable")] = np.arange(len(items))
        return shown, places.tolist()


class _Takes:
    bl_label = "Takes"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """List and buttons."""
        layout, ours = self.layout, context.scene.emotalk
        layout.template_list("EMOTALK_UL_takes", "", ours, "takes", ours, "take_index", rows=3)
        take = takes.active_take(context.scene)
        if take is not None and moved.has_moved(take):
            draw_text(layout, _MOVED, "ERROR", context)
        strangers = adopted.strangers(context.scene)
        if strangers:
            text = translated(
                "{names}: keys of takes that are not listed, as of a copy",
                names=adopted.names_of(strangers),
            )
            draw_text(layout, text, "ERROR", context)
            layout.operator("emotalk.adopt_keys", icon="DUPLICATE")
        row = layout.column(align=True) if is_narrow(context) else layout.row(align=True)
        row.operator("emotalk.refresh", icon="FILE_REFRESH")
        row.operator("emotalk.refresh_all", text="Update All", text_ctxt=CONTEXT, icon="ANIM_DATA")
        layout.operator("emotalk.fill_pauses", icon="HIDE_OFF")
        if not draw_errand(layout, "emotalk.export_clip", context):
            row = layout.row(align=True)
            row.operator("emotalk.export_clip", text="Export", text_ctxt=CONTEXT, icon="EXPORT")
            row.operator("emotalk.import_clip", text="Import", text_ctxt=CONTEXT, icon="IMPORT")
        layout.operator("emotalk.key_mouths", icon="GREASEPENCIL")
        layout.separator()  # far from what is pressed all the time
        layout.operator("emotalk.clear", text="Remove", text_ctxt=CONTEXT, icon="TRASH")


class EMOTALK_PT_takes(_Takes, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_takes_strips(_Takes, InSequencer, bpy.types.Panel):
    """In the sequencer, where strips are moved: open, as the list tells what has to follow."""

    bl_options: ClassVar[set[str]] = set()


CLASSES = (EMOTALK_UL_takes, EMOTALK_PT_takes, EMOTALK_PT_takes_strips)
