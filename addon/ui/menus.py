"""Our buttons as a menu of Blender's own menus: F3 searches these, and finds no panel's buttons."""

from typing import Any

import bpy

from ..languages import CONTEXT

__all__ = ["CLASSES", "add", "remove"]

_ENTRIES = (
    ("animate", "Animate Speech"),
    ("animate_cast", ""),
    ("fill_pauses", ""),
    ("", ""),
    ("refresh", ""),
    ("refresh_all", ""),
    ("feel_phrase", ""),
    ("voice_phrase", ""),
    ("hear_lips", "Lips as Heard"),
    ("tell_text", "Text..."),
    ("hear_words", ""),
    ("clear", ""),
    ("", ""),
    ("use_sound", ""),
    ("add_demo_character", ""),
    ("place_guides", ""),
    ("make_shape_keys", ""),
    ("fit_expressions", ""),
    ("import_clip", ""),
    ("export_clip", ""),
    ("key_mouths", "Key Drawn Mouths..."),
    ("", ""),
    ("manual", ""),
)


class EMOTALK_MT_lip_sync(bpy.types.Menu):
    """What an artist does, in its order."""

    bl_label = "EmoTalk Lip Sync"

    def draw(self, _context: bpy.types.Context) -> None:
        """One entry each."""
        for name, text in _ENTRIES:
            if not name:
                self.layout.separator()
            elif name == "hear_lips":
                self.layout.operator_menu_enum("emotalk.tell_lips", "mouth")
                self.layout.operator("emotalk.hear_lips", text=text, text_ctxt=CONTEXT)
            elif text:
                self.layout.operator(f"emotalk.{name}", text=text, text_ctxt=CONTEXT)
            else:
                self.layout.operator(f"emotalk.{name}")


def _draw_in(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.menu("EMOTALK_MT_lip_sync")


def _menus() -> tuple[Any, ...]:
    """Object or Pose › Animation, and the sequencer's Strip."""
    return bpy.types.VIEW3D_MT_object_animation, bpy.types.SEQUENCER_MT_strip


def add() -> None:
    """Put our menu into Blender's."""
    for menu in _menus():
        menu.append(_draw_in)


def remove() -> None:
    """Take it away."""
    for menu in _menus():
        menu.remove(_draw_in)


CLASSES = (EMOTALK_MT_lip_sync,)
