"""Animate: the one click. Modal where there is a window, blocking where there is none."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import bpy

from ..bridge.asked import cast
from ..bridge.jobs.session import SESSION
from ..bridge.sounds import strips
from ..bridge.take import takes
from .watched import WatchedOperator

__all__ = ["CLASSES"]


def reason_against(context: bpy.types.Context) -> str:
    """Why Animate is greyed out; empty when it is not."""
    ours = context.scene.emotalk
    if ours.source == "SPEAKER" and ours.speaker is None:
        return "Pick a Speaker object"
    if ours.source == "FILE" and not ours.filepath:
        return "Pick a sound file"
    if ours.source == "STRIP" and not ours.strip and strips.chosen(context) is None:
        return "Select a sound strip in the Video Sequencer, or pick a file"
    if ours.rig.character is None and context.object is None:
        return "Choose a character, or add the demo character"
    return ""


class EMOTALK_OT_animate(WatchedOperator):
    """The one click."""

    bl_idname = "emotalk.animate"
    bl_label = "Animate"
    bl_description = (
        "Hear the sound and key the character's face to it. Keys that are there from this sound "
        "are written anew. Esc stops, and nothing has changed"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a sound and a character."""
        reason = reason_against(context)
        return cls.refuse(reason) if reason else super().poll(context)

    def asked(self, context: bpy.types.Context) -> Sequence[Callable[[], takes.Prepared]]:
        """The panel's sound and character; of several selected strips each."""
        ours = context.scene.emotalk
        lines = cast.lines_selected(context) if ours.source == "STRIP" and not ours.strip else []
        if len(lines) > 1:
            return [partial(takes.prepare_line, context.scene, line) for line in lines]
        return [partial(takes.prepare, context)]


class EMOTALK_OT_stop(bpy.types.Operator):
    """Stop the work. Nothing changes, but for takes of several that are in place already"""

    bl_idname = "emotalk.stop"
    bl_label = "Stop"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the job to stop."""
        if SESSION.job is not None:
            SESSION.job.cancel()
        return {"FINISHED"}


CLASSES = (EMOTALK_OT_animate, EMOTALK_OT_stop)
