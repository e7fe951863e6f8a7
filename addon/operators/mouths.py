"""Drawn mouths: a number of the active object that switches drawings follows the sound."""

from collections.abc import Callable
from functools import partial
from typing import Any

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ...emotalk_core.clip_files.cues import MOUTHS, cue_frames
from ...emotalk_core.controls import ControlTrack
from ...emotalk_core.errors import InputError, RigError
from ...emotalk_core.progress import Progress
from ...emotalk_core.retarget import faces_of
from ...emotalk_core.timing import NETWORK_FPS
from ..bridge.asked import controls
from ..bridge.counting import counted
from ..bridge.jobs import settings, work
from ..bridge.jobs.session import SESSION
from ..bridge.keying import drawn_mouths
from ..bridge.sounds import sources
from .background import BackgroundOperator

__all__ = ["CLASSES"]

_SHOWN: list[tuple[str, str, str]] = []  # Blender keeps no words of its own for a list made anew


def _switches(_operator: Any, context: bpy.types.Context) -> list[tuple[str, str, str]]:
    found = drawn_mouths.switches_of(context.object) if context.object is not None else ()
    _SHOWN[:] = [(switch.place, switch.label, switch.place) for switch in found]
    return _SHOWN


class EMOTALK_OT_key_mouths(BackgroundOperator):
    """Key what switches drawings of the active object, so that they show the mouths of the sound"""

    bl_idname = "emotalk.key_mouths"
    bl_label = "Key Drawn Mouths"

    switch: EnumProperty(
        name="Switch", items=_switches,
        description="A Time Offset modifier, a custom property that is a number, or a texture's "
        "sequence of images",
    )  # fmt: skip
    order: StringProperty(
        name="Mouths", default=MOUTHS,
        description="In the order of the drawings: A lips shut, B teeth near each other, C open, D "
        "wide open, E round, F puckered, G lip under the teeth, X at rest",
    )  # fmt: skip
    first: IntProperty(name="First Number", default=1, description="Of the first drawing")

    _name, _place = "", ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the active object has something that switches drawings."""
        if context.object is None or not drawn_mouths.switches_of(context.object):
            return cls.refuse(
                "The active object switches no drawings: give it a Time Offset modifier, a custom "
                "property that is a number, or a sequence of images"
            )
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """Ask."""
        self.by_hand = True
        return context.window_manager.invoke_props_dialog(self, width=360)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], list[tuple[int, str]]]:
        """Hear the sound of the panel."""
        letters = {*self.order}
        if not letters.issuperset(MOUTHS) or len(letters) < len(self.order):
            raise InputError(
                "The order must name each mouth once", value=self.order, remedy=f"As {MOUTHS} does."
            )
        ours = context.scene.emotalk
        heard, _strip = sources.of_panel(ours, context)
        self._name, self._place = context.object.name, self.switch
        track = ControlTrack(controls.read(ours.controls))
        room, asked = SESSION.room, settings.engine_settings()
        return partial(_mouths, partial(work.curves_in, heard, track, asked, room), heard)

    def put(self, _context: bpy.types.Context, result: list[tuple[int, str]]) -> str:
        """Key them."""
        thing = bpy.data.objects.get(self._name)
        found = drawn_mouths.switches_of(thing) if thing is not None else ()
        switch = next((one for one in found if one.place == self._place), None)
        if switch is None:
            raise RigError(
                "What switches the drawings is gone", value=self._place, remedy="Choose another."
            )
        numbers = [(frame, self.first + self.order.index(mouth)) for frame, mouth in result]
        drawn_mouths.key(switch, numbers)
        return f"{counted(len(numbers), 'mouth')} on {switch.label} of {self._name}"


def _mouths(hear: Callable[[Progress], Any], heard: Any, progress: Progress) -> Any:
    clip = hear(progress)
    step = float(heard.rate / NETWORK_FPS)
    first = heard.start_frame + clip.start_s * float(heard.rate)
    return cue_frames(faces_of(clip), first, step)


CLASSES = (EMOTALK_OT_key_mouths,)
