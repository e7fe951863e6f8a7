"""Operators whose work goes on in the background while the window stays free: progress, Esc, keys
in slices. Where there is no window they wait.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import bpy

from ...emotalk_core.progress import Progress, silent
from ..bridge import takes
from ..bridge.bake import BakeResult
from ..bridge.draft import PAUSE_S, SLICE_S, Draft
from ..bridge.job import Job
from ..bridge.session import SESSION
from ..bridge.watch import Watch
from ..bridge.work import Outcome
from .base import EmoTalkOperator

__all__ = ["WatchedOperator"]

_POLL_S = 0.02


class WatchedOperator(EmoTalkOperator):
    """From a request to keys. Esc stops, and nothing has changed."""

    _job: "Job[Outcome] | None" = None
    _prepared: takes.Prepared | None = None
    _watch: Watch | None = None

    def prepare(self, context: bpy.types.Context) -> takes.Prepared:
        """What is to be done, checked; in the main thread."""
        raise NotImplementedError

    def work(self, prepared: takes.Prepared) -> Callable[[Progress], Outcome]:
        """What does it; called in a thread, so nothing of Blender's."""
        raise NotImplementedError

    def tell(self, prepared: takes.Prepared, result: BakeResult) -> str:
        """One line for the user."""
        raise NotImplementedError

    def run(self, context: bpy.types.Context) -> str:
        """Without a window: wait for the work."""
        prepared = self.prepare(context)
        return self._write(prepared, self.work(prepared)(silent))

    def invoke(self, context: bpy.types.Context, _event: Any) -> set[str]:
        """With a window: start the work and watch it."""
        return self.guarded(partial(self._start, context))

    def modal(self, context: bpy.types.Context, event: Any) -> set[str]:
        """Esc stops, the timer looks whether the work is done and writes keys a slice at a time."""
        job = self._job
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
        if SESSION.job is not job:  # the add-on was disabled, or another file opened
            return self._end({"CANCELLED"})
        if event.type != "TIMER":
            # While keys are written, a tenth of a second, nothing else may change the scene.
            return {"RUNNING_MODAL"} if self._watch.draft else {"PASS_THROUGH"}
        self._watch.show(context.workspace, job)
        if not job.is_done:
            return {"PASS_THROUGH"}
        result = self.guarded(partial(self._write_on, context))
        return result if result == {"PASS_THROUGH"} else self._end(result)

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender closes the window or file: stop the work."""
        self._job.cancel()
        self._end(set())

    def _start(self, context: bpy.types.Context) -> set[str]:
        self._prepared = self.prepare(context)
        self._job = Job(self.work(self._prepared))
        self._watch = Watch()
        SESSION.job, SESSION.watch = self._job, self._watch
        self._watch.tick(context.window, _POLL_S)
        context.window_manager.modal_handler_add(self)
        self._job.start()
        return {"RUNNING_MODAL"}

    def _write_on(self, context: bpy.types.Context) -> set[str]:
        """One slice of keys; after the last one they are put in place."""
        outcome = self._job.result()
        draft = self._watch.draft
        if draft is None:
            draft = self._watch.draft = takes.begin(self._prepared, outcome)
            self._watch.tick(context.window, PAUSE_S)
        if not draft.is_complete:
            draft.advance(SLICE_S)
        if not draft.is_complete:
            return {"PASS_THROUGH"}
        return self.done(self._write(self._prepared, outcome, draft))

    def _write(self, prepared: takes.Prepared, outcome: Outcome, draft: Draft | None = None) -> str:
        result = takes.finish(prepared, outcome, draft)
        takes.make_active(prepared)
        notes = (*outcome.report.warnings, *prepared.request.heard.notes, *result.notes)
        if notes:
            self.report({"WARNING"}, "; ".join(notes))
        return self.tell(prepared, result)

    def _end(self, result: set[str]) -> set[str]:
        self._watch.end()
        if SESSION.job is self._job:
            SESSION.end_job()
        return result
