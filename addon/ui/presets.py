"""The menu of presets: those that ship, one's own, and what is done with these."""

import bpy

from ...emotalk_core.controls import PRESETS
from ..bridge import presets

__all__ = ["CLASSES"]


class EMOTALK_MT_presets(bpy.types.Menu):
    """Settings of all sliders."""

    bl_label = "Presets"

    def draw(self, _context: bpy.types.Context) -> None:
        """One entry each."""
        layout, own = self.layout, presets.own()
        for names in (PRESETS, own):
            for name in names:
                layout.operator("emotalk.preset", text=name, translate=False).name = name
            if names:
                layout.separator()
        layout.operator("emotalk.save_preset", text="Save Preset...", icon="ADD")
        if own:
            layout.menu("EMOTALK_MT_remove_preset", icon="REMOVE")


class EMOTALK_MT_remove_preset(bpy.types.Menu):
    """One's own presets, to be removed."""

    bl_label = "Remove Preset"

    def draw(self, _context: bpy.types.Context) -> None:
        """One entry each."""
        for name in presets.own():
            self.layout.operator("emotalk.remove_preset", text=name, translate=False).name = name


CLASSES = (EMOTALK_MT_presets, EMOTALK_MT_remove_preset)
