"""Faces that live on while they say nothing."""

from collections.abc import Callable, Sequence
from functools import partial

import bpy

from ...emotalk_core.progress import Progress
from ..bridge.faces import stretches
from ..bridge.jobs.work import Outcome
from ..bridge.keying import bake
from ..bridge.take import takes
from ..bridge.take.several import asked_of_pauses, settle_pauses
from .watched import WatchedOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_fill_pauses(WatchedOperator):
    """Between the lines."""

    bl_idname = "emotalk.fill_pauses"
    bl_label = "Fill Pauses"
    bl_description = (
        "Let all who speak or are of the cast blink, look around and move a little while they say "
        "nothing, over the scene's frame range. Each pause is a take with sliders of its own. "
        "Press it again after lines were moved"
    )
    verb = "Filled"
    noun = "pause"

    _gone: Sequence[str] = ()
    _chosen = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether somebody is there."""
        ours = context.scene.emotalk
        if not ours.takes and not ours.cast:
            return cls.refuse("Nobody speaks yet: press Animate, or add somebody to the cast")
        return super().poll(context)

    def asked(self, context: bpy.types.Context) -> Sequence[Callable[[], takes.Prepared]]:
        """Every pause of everybody."""
        stretches.check_range(context.scene.emotalk)
        chosen = takes.active_take(context.scene)
        self._chosen = chosen.uid if chosen is not None else ""
        asked, self._gone = asked_of_pauses(context.scene)
        return asked

    def nothing_asked(self) -> str:
        """Pauses that are no more go all the same."""
        settle_pauses(bpy.context.scene, self._gone, self._chosen)
        return "Nobody pauses for a second any more, so pauses that were filled are removed"

    def work(self, prepared: takes.Prepared) -> Callable[[Progress], Outcome]:
        """From what was heard before, if it is at hand."""
        return partial(takes.remake, prepared)

    def tell(self, prepared: takes.Prepared, result: bake.BakeResult) -> str:
        """Who, and how much."""
        return f"Filled a pause of {takes.name_now(prepared)}: {bake.described(result)}"

    def _told(self) -> str:
        """Pauses that are no more go; the list shows the take that it showed before."""
        text = super()._told()
        scene = takes.scene_of(self._several.made[-1].prepared)  # the window may show another now
        if scene is not None:
            settle_pauses(scene, self._gone, self._chosen)
            self._tell_of_end(scene)
        return text

    def _tell_of_end(self, scene: bpy.types.Scene) -> None:
        """Where somebody speaks on behind the frame range, listeners freeze there."""
        if takes.last_frame(scene) > scene.frame_end:
            self.warn(
                f"Pauses behind the scene's end, frame {scene.frame_end}, stay empty: press Extend "
                "Scene (panel Result), then Fill Pauses again"
            )


CLASSES = (EMOTALK_OT_fill_pauses,)
