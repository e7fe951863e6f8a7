"""A piece of work in a background thread, as a modal timer sees it: start, poll, cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ....emotalk_core.errors import Cancelled
from ....emotalk_core.progress import Progress

__all__ = ["Job"]

T = TypeVar("T")


class Job(Generic[T]):
    """Runs `work(progress)` in a thread; nothing in it may touch bpy."""

    def __init__(self, work: Callable[[Progress], T]) -> None:
        self._work = work
        self._stop = threading.Event()
        self._done = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        self.share = 0.0
        self.what = "Starting"
        self._thread = threading.Thread(target=self._run, name="EmoTalk", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop at its next progress call, which may be seconds away."""
        self._stop.set()
        self.what = "Stopping"

    @property
    def is_started(self) -> bool:
        """Whether the work itself has begun."""
        return self._thread.ident is not None

    @property
    def is_done(self) -> bool:
        """Whether `result` can be asked for."""
        return self._done.is_set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the work has ended, well or not."""
        self._done.wait(timeout_s)

    def result(self) -> T:
        """What the work returned; raises what it raised, `Cancelled` after `cancel`."""
        assert self._done.is_set(), "ask is_done first"
        if self._stop.is_set():
            raise Cancelled
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value] - T, once done without error

    def progress(self, share: float, what: str) -> None:
        """How far the work is; before `start` how far what has to be done first. Raises `Cancelled`
        after `cancel`.
        """
        if self._stop.is_set():
            raise Cancelled
        self.share, self.what = share, what

    def _run(self) -> None:
        try:
            self._result = self._work(self.progress)
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._error = error
        finally:
            self._done.set()
