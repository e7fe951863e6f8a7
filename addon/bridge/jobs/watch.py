"""What Blender shows of a job: a timer, the status bar, the cursor; and keys not in place yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ...languages import translated
from ...languages.steps import step_told
from .job import Job
from .panels import redraw_panels

__all__ = ["Watch"]


class Watch:
    """A job as the user sees it. `end` takes all of it back and may be called twice: whoever ends
    the job calls it, because Blender tells a modal operator nothing when its add-on is disabled.
    """

    def __init__(self, abandon: Callable[[], None]) -> None:
        """`abandon` takes away what the job has written and not put in place."""
        self._abandon = abandon
        self._timer: Any = None
        self._shown = ""
        self._told: set[int] = set()  # workspaces: each has a status bar's text of its own
        self._is_over = False
        bpy.context.window_manager.progress_begin(0.0, 1.0)

    def tick(self, window: Any, interval_s: float) -> None:
        """Let the timer tick this often."""
        self._stop_timer()
        self._timer = bpy.context.window_manager.event_timer_add(interval_s, window=window)

    def show(self, workspace: Any, job: Job[Any]) -> None:
        """Progress, where it has moved: drawing takes the processors that the work could use."""
        stop = translated("Stop")
        text = f"EmoTalk: {step_told(job.what)} ({job.share:.0%})   Esc: {stop}"
        if text == self._shown and workspace.session_uid in self._told:
            return
        self._shown = text
        self._told.add(workspace.session_uid)
        bpy.context.window_manager.progress_update(job.share)
        workspace.status_text_set(text)
        redraw_panels()

    def end(self) -> None:
        """Nothing of it is seen any more, and keys that are not in place are gone."""
        if self._is_over:
            return
        self._is_over = True
        self._abandon()
        self._stop_timer()
        bpy.context.window_manager.progress_end()
        for workspace in bpy.data.workspaces:
            if workspace.session_uid in self._told:
                workspace.status_text_set(None)
        redraw_panels()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            bpy.context.window_manager.event_timer_remove(self._timer)
            self._timer = None
