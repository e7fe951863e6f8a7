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
from ..bridge.panels import redraw_panels
from ..bridge.session import SESSION
from ..bridge.work import Outcome
from .base import EmoTalkOperator

__all__ = ["WatchedOperator"]

_POLL_S = 0.02


class WatchedOperator(EmoTalkOperator):
    """From a request to keys. Esc stops, and nothing has changed."""

    _job: "Job[Outcome] | None" = None
    _prepared: takes.Prepared | None = None
    _draft: Draft | None = None
    _timer: Any = None
    _shown = ""

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
            return self._end(context, {"CANCELLED"})
        if event.type != "TIMER":
            # While keys are written, a tenth of a second, nothing else may change the scene.
            return {"RUNNING_MODAL"} if self._draft else {"PASS_THROUGH"}
        self._show(context, f"EmoTalk: {job.what} ({job.share:.0%})   Esc: stop")
        if not job.is_done:
            return {"PASS_THROUGH"}
        result = self.guarded(partial(self._write_on, context))
        return result if result == {"PASS_THROUGH"} else self._end(context, result)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or file: stop the work."""
        self._job.cancel()
        self._end(context, set())

    def _show(self, context: bpy.types.Context, text: str) -> None:
        """Progress, where it has moved: drawing takes the processors that the work could use."""
        if text == self._shown:
            return
        self._shown = text
        context.window_manager.progress_update(self._job.share)
        context.workspace.status_text_set(text)
        redraw_panels()

    def _start(self, context: bpy.types.Context) -> set[str]:
        self._prepared = self.prepare(context)
        self._job = Job(self.work(self._prepared))
        SESSION.job = self._job
        manager = context.window_manager
        self._watch(context, _POLL_S)
        manager.progress_begin(0.0, 1.0)
        manager.modal_handler_add(self)
        self._job.start()
        return {"RUNNING_MODAL"}

    def _write_on(self, context: bpy.types.Context) -> set[str]:
        """One slice of keys; after the last one they are put in place."""
        outcome = self._job.result()
        if self._draft is None:
            self._draft = takes.begin(self._prepared, outcome)
            self._watch(context, PAUSE_S)
        if not self._draft.is_complete:
            self._draft.advance(SLICE_S)
        if not self._draft.is_complete:
            return {"PASS_THROUGH"}
        return self.done(self._write(self._prepared, outcome, self._draft))

    def _write(self, prepared: takes.Prepared, outcome: Outcome, draft: Draft | None = None) -> str:
        result = takes.finish(prepared, outcome, draft)
        takes.make_active(prepared)
        notes = (*outcome.report.warnings, *prepared.request.heard.notes, *result.notes)
        if notes:
            self.report({"WARNING"}, "; ".join(notes))
        return self.tell(prepared, result)

    def _watch(self, context: bpy.types.Context, interval_s: float) -> None:
        """Let the timer tick this often."""
        manager = context.window_manager
        if self._timer is not None:
            manager.event_timer_remove(self._timer)
        self._timer = manager.event_timer_add(interval_s, window=context.window)

    def _end(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        manager = context.window_manager
        if self._draft is not None and result != {"FINISHED"}:
            self._draft.abandon()
        if self._timer is not None:
            manager.event_timer_remove(self._timer)
            self._timer = None
        manager.progress_end()
        context.workspace.status_text_set(None)
        if SESSION.job is self._job:
            SESSION.job = None
        redraw_panels()
        return result
