"""Lips by hand: what the mouth does at a frame, and files of phones."""

from typing import Any, ClassVar

import bpy

from ..bridge.counting import counted
from ..bridge.take import phones, takes
from .base import InSequencer, InView

__all__ = ["CLASSES"]


class _Lips:
    bl_label = "Lips"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Six mouths, the way back, files."""
        layout: Any = self.layout
        column = layout.column(align=True)
        grid = column.grid_flow(row_major=True, columns=3, even_columns=True, align=True)
        grid.operator_enum("emotalk.tell_lips", "mouth")
        column.operator("emotalk.hear_lips", icon="SOUND")
        take = takes.active_take(context.scene)
        n = len(phones.all_of(take.controls)) if take is not None else 0
        text = take.controls.text if take is not None else ""
        layout.operator(
            "emotalk.tell_text", text=f"Text: {text}" if text else "Text...", icon="TEXT"
        )
        row = layout.row(align=True)
        row.label(text=f"{counted(n, 'sound')} set")
        row.operator("emotalk.load_phones", text="", icon="IMPORT")
        row.operator("emotalk.save_phones", text="", icon="EXPORT")
        row.operator("emotalk.hear_all_lips", text="", icon="X")


class EMOTALK_PT_lips(_Lips, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_lips_strip(_Lips, InSequencer, bpy.types.Panel):
    """In the sequencer."""

    bl_parent_id = "EMOTALK_PT_speech_strip"


CLASSES = (EMOTALK_PT_lips, EMOTALK_PT_lips_strip)
