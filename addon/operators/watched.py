"""Operators whose work goes on in the background while the window stays free: progress, Esc, keys
in slices. Where there is no window they wait.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import bpy

from ...emotalk_core.errors import Cancelled
from ...emotalk_core.progress import Progress, silent
from ..bridge.counting import counted
from ..bridge.jobs.job import Job
from ..bridge.jobs.session import SESSION
from ..bridge.jobs.watch import Watch
from ..bridge.jobs.work import Outcome, animate
from ..bridge.keying import bake
from ..bridge.keying.draft import PAUSE_S
from ..bridge.take import at_frame, takes
from ..bridge.take.adopted import Adoption, adopt
from ..bridge.take.several import Made, Outcomes, Several
from .base import WhenIdle

__all__ = ["WatchedOperator"]

_POLL_S = 0.02
_LET_GO = "Stopped, as the file was saved or undone while its frames were played: press it again"
_LOOK_S = 0.1  # a window that takes nothing but Esc may stutter, and drawing it takes time


class WatchedOperator(WhenIdle):
    """From requests to keys. Esc stops, and until the first take's keys are whole nothing has
    changed.
    """

    verb = "Animated"
    noun = "take"

    _job: "Job[Outcomes] | None" = None
    _several: Several | None = None
    _watch: Watch | None = None
    _adoption: Adoption | None = None

    def asked(self, context: bpy.types.Context) -> Sequence[Callable[[], takes.Prepared]]:
        """What is to be done, each still to be checked; in the main thread."""
        raise NotImplementedError

    def nothing_asked(self) -> str:
        """What else there is to do where `asked` returns nothing; one line for the user."""
        return "There is nothing to do"

    def work(self, prepared: takes.Prepared) -> Callable[[Progress], Outcome]:
        """What does one of it, from the sound on; called in a thread, so nothing of Blender's."""
        return partial(animate, prepared.request, SESSION.room)

    def tell(self, prepared: takes.Prepared, result: bake.BakeResult) -> str:
        """One line for the user, of a single take: who, and how much."""
        return f"{self.verb} {takes.name_now(prepared)}: {bake.described(result)}"

    def choose(self, made: Sequence[Made]) -> None:
        """Show in the list what was made; of several takes the one at the current frame, or else
        the last one.
        """
        takes.make_active(made[-1].prepared)
        scene = takes.scene_of(made[-1].prepared)
        if scene is not None:
            at_frame.choose(scene, {one.uid for one in made})

    def run(self, context: bpy.types.Context) -> str:
        """Without a window: wait for the work."""
        SESSION.forget_results()
        with self.knowing_copies(context.scene):
            asked = self.asked(context)
            if not asked:
                return self.nothing_asked()
            self._several = Several(asked)
            self._several.look_on(silent, float("inf"))
            try:
                outcomes = self._several.work(self.work)(silent)
            finally:
                SESSION.room.words.close()
            self._several.write(outcomes)
            return self._told()

    def invoke(self, context: bpy.types.Context, _event: Any) -> set[str]:
        """With a window: start the work and watch it."""
        self._adoption = adopt(context.scene)
        result = self.guarded(partial(self._start, context))
        return result if result == {"RUNNING_MODAL"} else self._settle_copies(result)

    def modal(self, context: bpy.types.Context, event: Any) -> set[str]:
        """Esc stops. The timer plays frames a slice at a time where something is looked at, looks
        whether the work is done, and writes keys a slice at a time.
        """
        job = self._job
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
        if SESSION.job is not job:  # the add-on was disabled, or another file opened
            if not job.is_started:  # or this one saved
                self.report({"WARNING"}, _LET_GO)
            return self._end({"CANCELLED"})
        if event.type != "TIMER":
            # While frames are played, and while keys are written, a tenth of a second a take,
            # nothing else may change the scene.
            return {"RUNNING_MODAL"} if self._several.holds_scene else {"PASS_THROUGH"}
        self._watch.show(context.workspace, job)
        if self._several.is_looking:
            result = self.guarded(self._look_on)
        elif job.is_done:
            result = self.guarded(partial(self._write_on, context))
        else:
            return {"PASS_THROUGH"}
        return result if result == {"PASS_THROUGH"} else self._end(result)

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender closes the window or file: stop the work."""
        self._job.cancel()
        self._end(set())

    def _start(self, context: bpy.types.Context) -> set[str]:
        SESSION.forget_results()
        asked = self.asked(context)
        if not asked:
            return self.done(self.nothing_asked())
        self._several = Several(asked)
        self._job = Job(self._several.work(self.work))
        self._watch = Watch(self._several.abandon)
        SESSION.job, SESSION.watch = self._job, self._watch
        self._watch.tick(context.window, _POLL_S)
        context.window_manager.modal_handler_add(self)
        if not self._several.is_looking:
            self._job.start()
        return {"RUNNING_MODAL"}

    def _look_on(self) -> set[str]:
        """One slice of frames; after the last one sounds are heard."""
        self._several.look_on(self._job.progress, _LOOK_S)
        if not self._several.is_looking:
            self._job.start()
        return {"PASS_THROUGH"}

    def _write_on(self, context: bpy.types.Context) -> set[str]:
        """One slice of keys."""
        several = self._several
        try:
            outcomes = self._job.result()
        except Cancelled:
            if not several.made:
                raise
            return self.done(f"{self._told()}. Stopped there; one undo takes it back")
        if not several.is_writing:
            self._watch.tick(context.window, PAUSE_S)
        self._job.progress(*several.written)
        several.advance(outcomes)
        return self.done(self._told()) if several.is_complete else {"PASS_THROUGH"}

    def _told(self) -> str:
        """Report warnings; one line on what was made."""
        several = self._several
        several.check_made()
        several.forget_past()
        SESSION.left_out = several.reasons
        last = several.made[-1]
        self.choose(several.made)
        if several.told:
            self.warn("; ".join(several.told))
        if several.is_one:
            return self.tell(last.prepared, last.result)
        left = f", {len(several.failed)} left out" if several.failed else ""
        made, keys = counted(len(several.made), self.noun), counted(several.n_keys, "key")
        return f"{self.verb} {made}: {keys}{left}"

    def _end(self, result: set[str]) -> set[str]:
        self._watch.end()
        if SESSION.job is self._job:
            SESSION.end_job()
        # What is in place already is for undo to take back, which counts what is finished.
        is_made = result == {"CANCELLED"} and self._several.made
        return self._settle_copies({"FINISHED"} if is_made else result)

    def _settle_copies(self, result: set[str]) -> set[str]:
        """Takes that copies have got stay if the work is done; `result`."""
        if result == {"FINISHED"}:
            self.keep(self._adoption)
        else:
            self._adoption.take_back()
        return result
