"""Who speaks which strips."""

from typing import Any, ClassVar

import bpy

from ..bridge.asked import cast
from ..bridge.sounds import sound, strips
from ..languages import CONTEXT, translated
from .base import InSequencer, InView, Rows, draw_object, is_narrow, label_at_end
from .speech import draw_job

__all__ = ["CLASSES"]


class EMOTALK_UL_cast(Rows, bpy.types.UIList):
    """One of the cast each."""

    def draw_row(self, context: bpy.types.Context, layout: Any, item: Any) -> None:
        """Who, and how many strips."""
        who = item.rig.character
        name = who.name if who else translated("{name} (deleted)", name=item.name)
        layout.label(text=name, icon="USER", translate=False)
        spoken = [s for s in strips.every_sound(context) if cast.speaks(item, s)]
        n = sum(not sound.is_muted(s) for s in spoken)
        many = translated("1 strip" if n == 1 else "{number} strips", number=n)
        label_at_end(layout, str(n) if is_narrow(context) else many)


class _Cast:
    bl_label = "Cast"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """List, what the chosen one speaks, the script of all, the button."""
        layout, ours = self.layout, context.scene.emotalk
        row = layout.row()
        row.template_list("EMOTALK_UL_cast", "", ours, "cast", ours, "cast_index", rows=3)
        buttons = row.column(align=True)
        buttons.operator("emotalk.add_role", text="", icon="ADD")
        buttons.operator("emotalk.remove_role", text="", icon="REMOVE")
        if 0 <= ours.cast_index < len(ours.cast):
            role = ours.cast[ours.cast_index]
            column = layout.column()
            column.prop(role.rig, "character", text="")
            column.prop(role, "strips")
            is_short = is_narrow(context)
            column.prop(
                role, "strip_channel", text_ctxt=CONTEXT,
                text="On Channel" if role.strip_channel or is_short else "On Channel (0: any)",
            )  # fmt: skip
            column.prop(
                role, "channel", text_ctxt=CONTEXT,
                text="Sound's Channel" if role.channel or is_short else "Sound's Channel (0: all)",
            )  # fmt: skip
            draw_object(column, role, "look_at", context)
        column = layout.column(align=True)
        column.label(text="Script", text_ctxt=CONTEXT)  # above it: beside it no name has room
        column.template_ID(ours, "script", new="text.new", open="text.open")
        if ours.script is not None:
            layout.prop(ours, "script_language")
        if not draw_job(layout):  # the panel above may be closed
            layout.operator("emotalk.animate_cast", icon="PLAY")


class EMOTALK_PT_cast(_Cast, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_cast_strips(_Cast, InSequencer, bpy.types.Panel):
    """In the sequencer, where the strips are."""


CLASSES = (EMOTALK_UL_cast, EMOTALK_PT_cast, EMOTALK_PT_cast_strips)
