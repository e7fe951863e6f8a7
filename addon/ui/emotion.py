"""The eight emotion sliders, what they mix with."""

from typing import Any

import bpy

from ...emotalk_core.controls import EMOTIONS
from ..bridge.asked import phrases
from ..bridge.asked.same_take import UNHEARD
from ..bridge.take import at_frame, live, takes
from ..languages import translated
from .base import InSequencer, InView, draw_text, is_narrow, slider_columns

__all__ = ["CLASSES"]

_HELD = (
    "Keys of this take are not as they were written, so the sliders leave them alone. Update Keys "
    "writes the take anew; undo brings back what was there"
)

_BEHIND = "The face does not show these sliders yet, as after keys were set on them: Update Keys"

_CLIP = "Imported curves: nothing was heard that could be felt. Shaping works on them"


def _draw_sliders(layout: Any, group: Any, context: bpy.types.Context, *, is_active: bool) -> None:
    layout.enabled = is_active
    columns = slider_columns(context)
    grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True, align=True)
    for name in EMOTIONS:
        grid.prop(group, name, slider=True)
    column = layout.column(align=True)
    column.prop(group, "mix", slider=True)
    column.prop(group, "intensity", slider=True)
    column.prop(group, "contrast", slider=True)
    column.prop(group, "style")


class _Emotion:
    bl_label = "Emotion"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """The presets, in the panel's title."""
        self.layout.menu("EMOTALK_MT_presets", text="", icon="PRESET")

    def draw(self, context: bpy.types.Context) -> None:
        """The sliders, then how they mix with the voice."""
        layout = self.layout
        group = takes.shown_controls(context.scene)
        take = takes.active_take(context.scene)
        if take is not None and len(context.scene.emotalk.takes) > 1:
            draw_text(layout, take.name, "REC", context)
            _draw_here(layout, context)
        is_clip = take is not None and take.source == "CLIP"
        if is_clip:
            draw_text(layout, _CLIP, "INFO", context)
        _draw_sliders(layout.column(), group, context, is_active=not is_clip)
        layout.prop(context.scene.emotalk, "live")
        if take is not None:
            _draw_phrase(layout, take, context)
        if take is not None and live.is_stale(take):
            _draw_behind(layout, take, context)


def _draw_behind(layout: Any, take: Any, context: bpy.types.Context) -> None:
    """What lets the face show what its sliders say, where it does not do so by itself."""
    if take.is_held:
        draw_text(layout, _HELD, "ERROR", context)
    elif context.scene.emotalk.live:
        if live.is_coming():
            return
        draw_text(layout, _BEHIND, "INFO", context)
    layout.operator("emotalk.refresh", icon="FILE_REFRESH")


def _draw_here(layout: Any, context: bpy.types.Context) -> None:
    """The take under the playhead, where the sliders are another one's."""
    place = at_frame.here(context.scene)
    if place is not None:
        name = context.scene.emotalk.takes[place].name
        draw_text(layout, translated("This frame: {name}", name=name), "INFO", context)
        layout.operator("emotalk.take_here")


def _draw_phrase(layout: Any, take: Any, context: bpy.types.Context) -> None:
    """The phrase at the current frame, and what can be felt in it alone."""
    if take.source in UNHEARD:
        return
    spoken = phrases.at_frame(take, take.id_data.frame_current)
    column = layout.column(align=True)
    if spoken is not None:
        row = column.row(align=True)
        row.operator("emotalk.to_phrase", text="", icon="TRIA_LEFT").step = -1
        middle = row.row(align=True)
        middle.alignment = "CENTER"
        middle.label(text=_told_of_phrase(spoken, len(take.phrases), context), translate=False)
        row.operator("emotalk.to_phrase", text="", icon="TRIA_RIGHT").step = 1
    # Grey in a take of an older version, and say what to do.
    buttons = column if is_narrow(context) else column.row(align=True)
    buttons.operator("emotalk.feel_phrase", icon="KEY_HLT")
    buttons.operator("emotalk.voice_phrase", icon="SOUND")
    _draw_usual(layout, take, context)


def _told_of_phrase(spoken: phrases.Spoken, n_phrases: int, context: bpy.types.Context) -> str:
    if is_narrow(context):
        return translated("{number} of {all}", number=spoken.number, all=n_phrases)
    return translated(
        "Phrase {number} of {all}: heard {feeling}",
        number=spoken.number, all=n_phrases, feeling=_named(spoken.heard),
    )  # fmt: skip


def _named(emotion: str) -> str:
    """As its slider is called, which English would not begin with a capital here."""
    name = emotion.capitalize()
    return emotion if translated(name) == name else translated(name)


def _draw_usual(layout: Any, take: Any, context: bpy.types.Context) -> None:
    """Beside which voice feelings are heard."""
    if not take.controls.usual:
        layout.operator("emotalk.usual_voice", icon="USER")
        return
    row = layout.row(align=True)
    name = take.controls.usual_from or translated("another take")
    told = translated("This take") if name == take.name else name
    whole = told if is_narrow(context) else translated("Usual voice: {name}", name=told)
    row.label(text=whole, icon="USER", translate=False)
    row.operator("emotalk.usual_voice", text="", icon="X").forget = True


class EMOTALK_PT_emotion(_Emotion, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_emotion_strip(_Emotion, InSequencer, bpy.types.Panel):
    """In the sequencer."""

    bl_parent_id = "EMOTALK_PT_speech_strip"


CLASSES = (EMOTALK_PT_emotion, EMOTALK_PT_emotion_strip)
