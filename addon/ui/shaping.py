"""How far each part of the face moves, and the life beside the speech."""

from typing import ClassVar

import bpy

from ...emotalk_core.reshaping import RESHAPING
from ..bridge.take import takes
from ..languages import CONTEXT
from .base import InView, draw_object, draw_text, is_narrow

__all__ = ["CLASSES"]

_NO_SLIDERS = frozenset({"sync_offset_ms", "ease_s", "seed"})
_CUT = {"upper_smoothing": "Upper"}  # beside their value, below Smoothing here


class EMOTALK_PT_shaping(InView, bpy.types.Panel):
    """Gains and timing."""

    bl_label = "Shaping"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Regions, curves, life."""
        layout = self.layout
        layout.use_property_split = not is_narrow(context)  # else names are cut to a letter
        layout.use_property_decorate = False
        group, take = takes.shown_controls(context.scene), takes.active_take(context.scene)
        is_clip = take is not None and take.source == "CLIP"
        for names in (
            ("brows", "eyes", "mouth", "jaw"),
            ("articulation", "smoothing", "upper_smoothing", "lip_closure"),
            ("sync_offset_ms", "ease_s"),
            ("blink", "gaze", "look_at"),
            ("head", "asymmetry", "seed"),
        ):
            column = layout.column(align=True)
            for name in names:
                row = column.row(align=True)
                row.enabled = not is_clip or name in {*RESHAPING, "ease_s"}
                if name == "look_at":
                    draw_object(row.column(), group, name, context)
                    continue
                is_cut = name in _CUT and layout.use_property_split
                text = _CUT[name] if is_cut else group.bl_rna.properties[name].name
                row.prop(group, name, text=text, text_ctxt=CONTEXT, slider=name not in _NO_SLIDERS)
        if take is not None and not is_clip and take.controls.look_at != take.looked_at:
            draw_text(layout, "Update Keys lets the eyes follow Look At", "INFO", context)


class EMOTALK_PT_keys(InView, bpy.types.Panel):
    """How keys are laid out."""

    bl_label = "Keys"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Step, thinning, range."""
        layout = self.layout
        layout.use_property_split = not is_narrow(context)
        layout.use_property_decorate = False
        ours = context.scene.emotalk
        layout.prop(ours, "key_step")
        row = layout.row()
        row.active = ours.key_step > 1
        row.prop(ours, "hold_keys")
        layout.prop(ours, "max_error")
        layout.prop(ours, "use_range")
        column = layout.column(align=True)
        column.active = ours.use_range
        column.prop(ours, "range_start")
        column.prop(ours, "range_end")
        column.prop(ours, "blend_frames")


CLASSES = (EMOTALK_PT_shaping, EMOTALK_PT_keys)
