"""Lips by hand: what the mouth does at a frame, and files of phones."""

from functools import lru_cache
from typing import Any, ClassVar, Final

import bpy

from ...emotalk_core.speech.script import said
from ..bridge.asked import phones
from ..bridge.take import takes
from ..languages import CONTEXT, translated
from ..operators.lips import MOUTHS, NAMES
from .base import InSequencer, InView, is_narrow, shortened

__all__ = ["CLASSES"]

_SHOWN: Final = 60  # letters of a text: that of half an hour is a book's chapter


class _Lips:
    bl_label = "Lips"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Six mouths, the way back, what is set here, files."""
        layout: Any = self.layout
        take = takes.active_take(context.scene)
        told = phones.told_at(take, context.scene.frame_current) if take is not None else None
        column = layout.column(align=True)
        for first in range(0, len(MOUTHS), 3):
            row = column.row(align=True)
            for symbol, name, _ in MOUTHS[first : first + 3]:
                is_set = told is not None and told.symbol == symbol
                row.operator(
                    "emotalk.tell_lips", text=name, text_ctxt=CONTEXT, depress=is_set
                ).mouth = symbol
        column.operator("emotalk.hear_lips", icon="SOUND")
        if told is not None:
            first_frame, last_frame = phones.frames_of(take, told)
            name = NAMES.get(told.symbol, told.symbol)
            text = translated(
                "{mouth}: frames {first} to {last}",
                mouth=translated(name), first=first_frame, last=last_frame,
            )  # fmt: skip
            layout.label(text=text, translate=False)
        n = len(phones.all_of(take.controls)) if take is not None else 0
        text = take.controls.text if take is not None else ""
        label = translated("Text: {beginning}", beginning=_beginning(text)) if text else ""
        label = shortened(label or translated("Text..."), context)
        layout.operator("emotalk.tell_text", text=label, icon="TEXT", translate=False)
        row = layout.column(align=True) if is_narrow(context) else layout.row(align=True)
        row.operator("emotalk.hear_words", icon="SPEAKER")
        row.operator("emotalk.hear_words", text="All Takes", text_ctxt=CONTEXT).every = True
        row = layout.row(align=True)
        told_in_all = translated("{number} set in all" if n else "Nothing set", number=n)
        row.label(text=told_in_all, translate=False)
        row.operator("emotalk.load_phones", text="", icon="IMPORT")
        row.operator("emotalk.save_phones", text="", icon="EXPORT")
        row.operator("emotalk.hear_all_lips", text="", icon="X")


@lru_cache(maxsize=8)
def _beginning(text: str) -> str:
    """What is said first; without names and times, of which subtitles have many."""
    return " ".join(said(text)[:_SHOWN].split())


class EMOTALK_PT_lips(_Lips, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_lips_strip(_Lips, InSequencer, bpy.types.Panel):
    """In the sequencer."""

    bl_parent_id = "EMOTALK_PT_speech_strip"


CLASSES = (EMOTALK_PT_lips, EMOTALK_PT_lips_strip)
