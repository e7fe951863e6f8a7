"""Where panels sit, and text that fits the sidebar's width."""

import textwrap
import unicodedata
from collections.abc import Callable
from typing import Any

import bpy

from ..languages import CONTEXT, translated

__all__ = [
    "InSequencer",
    "InView",
    "Rows",
    "button_row",
    "draw_object",
    "draw_text",
    "is_narrow",
    "label_at_end",
    "shortened",
    "slider_columns",
]

_PIXELS_OF_A_LETTER = 7.5  # of Blender's own font, measured
_FEWEST_LETTERS = 8  # of a line, however narrow the region is
_TWO_COLUMNS = 270  # pixels below which the names of sliders side by side are cut to a letter
_ONE_THING = 220  # pixels below which a name beside other things is cut to nothing


class InView:
    """A panel in the 3D view's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "EmoTalk"


class InSequencer:
    """A panel in the sequencer's sidebar."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "EmoTalk"


class Rows:
    """A list that says what it draws of each thing in `draw_row(context, layout, item)`."""

    draw_row: Callable[[bpy.types.Context, Any, Any], None]

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: Any,
        _data: Any,
        item: Any,
        _icon: int,
        _active: Any,
        _name: str,
    ) -> None:
        """As Blender asks for it."""
        self.draw_row(context, layout, item)


def label_at_end(layout: Any, text: str) -> None:
    """Text at the right end of a row."""
    end = layout.row()
    end.alignment = "RIGHT"
    end.label(text=text, translate=False)


def button_row(layout: Any) -> Any:
    """A row for buttons below properties that are split into name and value."""
    split = layout.split(factor=0.4)
    split.label()
    return split.row(align=True)


def slider_columns(context: bpy.types.Context) -> int:
    """How many sliders have room side by side."""
    scale = context.preferences.system.ui_scale
    return 2 if context.region.width / scale >= _TWO_COLUMNS else 1


def is_narrow(context: bpy.types.Context) -> bool:
    """Whether there is room for one thing in a row, and no more."""
    return context.region.width / context.preferences.system.ui_scale < _ONE_THING


def draw_object(layout: Any, group: Any, name: str, context: bpy.types.Context) -> None:
    """A field for an object, below its name where there is no room beside it."""
    if is_narrow(context):
        layout.label(text=group.bl_rna.properties[name].name, text_ctxt=CONTEXT)
        layout.prop(group, name, text="")
    else:
        layout.prop(group, name)


def draw_text(layout: Any, text: str, icon: str, context: bpy.types.Context) -> None:
    """A sentence over as many lines as the region is wide, in Blender's language."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    words = translated(text)
    for number, line in enumerate(textwrap.wrap(words, _letters(words, context))):
        column.label(text=line, icon="BLANK1" if number else icon, translate=False)


def shortened(text: str, context: bpy.types.Context) -> str:
    """The beginning of a text, as much as has room on a button; Blender cuts the middle out."""
    letters = _letters(text, context)
    return text if len(text) <= letters else f"{text[: letters - 3].rstrip()}..."


def _letters(text: str, context: bpy.types.Context) -> int:
    """How many of such a text have room beside an icon."""
    scale = context.preferences.system.ui_scale
    pixels = _PIXELS_OF_A_LETTER * (2 if _is_wide(text) else 1)
    return max(_FEWEST_LETTERS, int((context.region.width / scale - 60) / pixels))


def _is_wide(text: str) -> bool:
    """Whether it has letters twice as wide as others, of which any may end a line: Chinese,
    Japanese.
    """
    return any(unicodedata.east_asian_width(letter) == "W" for letter in text)
