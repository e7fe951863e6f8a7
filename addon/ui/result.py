"""What was heard and made, and what looks wrong."""

from typing import Any

import bpy

from ...emotalk_core.controls import EMOTIONS
from ..bridge.asked.same_take import UNHEARD
from ..bridge.jobs.session import SESSION
from ..bridge.take import takes
from ..languages import translated
from .base import InSequencer, InView, draw_text, is_narrow
from .new_keys import draw_made_keys

__all__ = ["CLASSES"]


class _Result:
    bl_label = "Result"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Once something was animated, or could not be."""
        return takes.active_take(context.scene) is not None or bool(
            SESSION.left_out or SESSION.new_keys
        )

    def draw(self, context: bpy.types.Context) -> None:
        """What was left out, bars of the feelings heard, then notes."""
        layout, take = self.layout, takes.active_take(context.scene)
        draw_made_keys(layout, context)
        for reason in SESSION.left_out:
            draw_text(layout, translated("Left out: {reason}", reason=reason), "ERROR", context)
        if take is None:
            return
        draw_text(layout, take.summary, "CHECKMARK", context)
        end = context.scene.frame_end
        if take.last_frame > end:
            text = translated(
                "Goes on to frame {last}; the scene ends at {end}",
                last=f"{take.last_frame:.0f}", end=end,
            )  # fmt: skip
            draw_text(layout, text, "INFO", context)
            layout.operator("emotalk.extend_scene", icon="TIME")
        if take.source in UNHEARD:
            self._draw_notes(take, context)
            return
        heard = translated(
            "Heard on channel {number}" if take.channel else "Heard in the voice",
            number=take.channel,
        )
        layout.label(text=heard, icon="SOUND", translate=False)
        columns = 1 if is_narrow(context) else 2
        grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True, align=True)
        for name, share in zip(EMOTIONS, take.heard, strict=True):
            grid.progress(
                factor=share, text=f"{translated(name.capitalize())} {share:.0%}", translate=False
            )
        self._draw_notes(take, context)

    def _draw_notes(self, take: Any, context: bpy.types.Context) -> None:
        for warning in take.warnings.splitlines():
            draw_text(self.layout, warning, "ERROR", context)


class EMOTALK_PT_result(_Result, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_result_strips(_Result, InSequencer, bpy.types.Panel):
    """In the sequencer."""


CLASSES = (EMOTALK_PT_result, EMOTALK_PT_result_strips)
