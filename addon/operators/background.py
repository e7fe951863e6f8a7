"""Operators that do something slow before they change the scene: in the background with progress
and Esc where a hand in a window asks for it, else they wait. One undo step either way.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import bpy

from ...emotalk_core.progress import Progress, silent
from ..bridge.jobs.job import Job
from ..bridge.jobs.session import SESSION
from ..bridge.jobs.watch import Watch
from .base import WhenIdle

__all__ = ["BackgroundOperator"]

_POLL_S = 0.05


class BackgroundOperator(WhenIdle):
    """`work` says what is slow, `put` puts its result into the scene."""

    by_hand = False  # set by `invoke`; scripts use the result in their next line

    _job: "Job[Any] | None" = None
    _watch: Watch | None = None

    def work(self, context: bpy.types.Context) -> Callable[[Progress], Any]:
        """What is called in a thread, so nothing of Blender's."""
        raise NotImplementedError

    def put(self, context: bpy.types.Context, result: Any) -> str:
        """One line for the user, once the scene shows it; the scene may have changed meanwhile."""
        raise NotImplementedError

    def run(self, context: bpy.types.Context) -> str:
        """Wait for it."""
        return self.put(context, self.work(context)(silent))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Blender's call, that of a dialogue's button too; what F9 changes later is waited for."""
        if not self.by_hand or bpy.app.background:
            return super().execute(context)
        self.by_hand = False
        return self.guarded(partial(self._start, context))

    def _start(self, context: bpy.types.Context) -> set[str]:
        self._job, self._watch = Job(self.work(context)), Watch(_nothing)
        SESSION.job, SESSION.watch = self._job, self._watch
        self._watch.tick(context.window, _POLL_S)
        context.window_manager.modal_handler_add(self)
        self._job.start()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: Any) -> set[str]:
        """Esc stops; the timer looks whether the work is done."""
        job = self._job
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
        if SESSION.job is not job:  # the add-on was disabled, or another file opened
            return self._end({"CANCELLED"})
        if event.type == "TIMER":
            self._watch.show(context.workspace, job)
        if not job.is_done:
            return {"PASS_THROUGH"}
        return self._end(self.guarded(lambda: self.done(self.put(context, job.result()))))

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender closes the window or file, or the dialogue."""
        if self._job is not None:
            self._job.cancel()
            self._end(set())

    def _end(self, result: set[str]) -> set[str]:
        self._watch.end()
        if SESSION.job is self._job:
            SESSION.end_job()
        return result


def _nothing() -> None:
    """Nothing is written before the end."""
