"""A worker as its parent sees it: asked, watched, ended.

Whoever asks only ever waits for a queue: it looks at the clock and at Esc twenty times a second,
whatever the child is doing.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from .. import errors
from ..errors import Cancelled, EmoTalkError, SetupError, WorkerError
from ..other_python.messages import PROTOCOL, Message
from ..progress import Progress, silent
from .child import Child, Letter

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Call", "WorkerProcess"]

_log = logging.getLogger(__name__)

_LOOK_S: Final = 0.05
_QUIET_S: Final = 30.0  # a worker that lives says so every second
_START_S: Final = 30.0  # and it may take so long to start
_GRACE_S: Final = 15.0  # for a cancelled request to end by itself: a window of a large network

_LAST: Final = frozenset({"hello", "opened", "done", "values", "cancelled", "error"})
"""Replies after which nothing more comes for a request."""

_KINDS: Final = MappingProxyType(
    {name: getattr(errors, name) for name in errors.__all__ if name != "Cancelled"}
)


class Call:
    """One request on its way, and what comes back for it."""

    def __init__(self, number: int, doing: str = "Waiting for the engine") -> None:
        self.number = number
        self.replies: queue.SimpleQueue[Message | None] = queue.SimpleQueue()  # None: it died
        self.is_over = False
        self.told = (0.0, doing)  # the last word of progress


class WorkerProcess:
    """One running child.

    Parameters
    ----------
    python : Path
        The interpreter that runs it.
    progress : Progress
        Looked at while it starts.
    quiet_s : float
        Without a sign of life for so long it counts as hung and is ended.

    Raises
    ------
    SetupError
        This is no Python, or none that can run the worker.
    """

    def __init__(
        self, python: Path, *, progress: Progress = silent, quiet_s: float = _QUIET_S
    ) -> None:
        self.python, self.quiet_s = python, quiet_s
        self.n_heard = 0  # messages so far, signs of life among them
        self._calls: dict[int, Call] = {}
        self._numbers = itertools.count(1)
        self._is_hung = self._is_garbage = self._is_over = False
        hello = self._calls[0] = Call(0, "Starting the engine's Python")
        myself = weakref.ref(self)  # or its threads would keep an unwanted process alive
        self._child = Child(python)
        self._child.listen(
            lambda message: _with(myself, lambda worker: worker._take(message)),
            lambda is_garbage: _with(myself, lambda worker: worker._finish(is_garbage)),
        )
        self._greet(hello, progress)

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._child.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._child.is_alive

    def end(self) -> None:
        """End it, whatever it is doing."""
        self._child.end()

    @contextmanager
    def call(
        self,
        header: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
        *,
        doing: str = "Waiting for the engine",
    ) -> Generator[Call]:
        """A request; if the block is left before the last reply, the child is told to stop."""
        call = Call(next(self._numbers), doing)
        self._calls[call.number] = call
        if self._is_over:
            call.replies.put(None)
        try:
            self.say(call, header, arrays)
            yield call
        finally:
            if call.is_over or not self.is_alive:
                self._calls.pop(call.number, None)
            else:
                self._abandon(call)

    def say(
        self, call: Call, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """One message of a request."""
        self._child.send(Letter({**header, "id": call.number}, arrays))

    def say_in_turn(
        self,
        call: Call,
        header: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        progress: Progress,
    ) -> None:
        """The same for one of many: waits until those before have left."""
        patience = _Patience(self)
        while not self._child.room.acquire(timeout=_LOOK_S):
            progress(*call.told)
            patience.look()
            if not self.is_alive:
                raise self.death()
        self._child.send(Letter({**header, "id": call.number}, arrays, is_one_of_many=True))

    def reply(self, call: Call, progress: Progress, *, quiet_s: float | None = None) -> Message:
        """The next reply that is no progress; `progress` is called at least ten times a second.

        Raises
        ------
        WorkerError
            It died or hung; it is gone then.
        EmoTalkError
            What went wrong in it.
        Cancelled
            It was told to stop, or `progress` says so.
        """
        patience = _Patience(self, quiet_s)
        while True:
            try:
                message = call.replies.get(timeout=_LOOK_S)
            except queue.Empty:
                progress(*call.told)
                patience.look()
                continue
            if message is None:
                call.is_over = True
                raise self.death()
            if message.header["is"] != "progress":
                return _checked(call, message)
            call.told = float(message.header["share"]), str(message.header["what"])
            progress(*call.told)

    def death(self) -> EmoTalkError:
        """Why it is no longer there, in one line."""
        if self._is_hung:
            return WorkerError(
                "The engine's process hung and was ended",
                value=f"no sign of life for {self.quiet_s:g} s",
                remedy="Nothing was changed. Try again.",
            )
        if self._is_garbage:
            return WorkerError(
                "The engine's process wrote something that is no message",
                value=self.python,
                remedy="Choose the Python program itself, not a script that prints.",
            )
        return WorkerError(
            "The engine's process ended",
            value=self._child.how_it_ended(),
            remedy=self._child.advice(),
        )

    def end_hung(self) -> None:
        """It gave no sign of life for too long."""
        self._is_hung = True
        self.end()

    def _greet(self, hello: Call, progress: Progress) -> None:
        try:
            patience_s = max(_START_S, self.quiet_s)
            header = self.reply(hello, progress, quiet_s=patience_s).header
        except WorkerError as error:
            self.end()
            raise self._no_worker(error) from error
        except BaseException:
            self.end()
            raise
        if header.get("protocol") != PROTOCOL:
            self.end()
            raise SetupError(
                "The worker speaks another version",
                value=f"{header.get('protocol')}, not {PROTOCOL}",
                remedy="Restart Blender: EmoTalk was updated while it ran.",
            )
        self._calls.pop(0)

    def _no_worker(self, error: EmoTalkError) -> EmoTalkError:
        if self._is_hung or self._is_garbage:
            return error
        words = self._child.last_words() or "It ended without a word"
        return SetupError(
            "This program cannot run EmoTalk's engine", value=self.python, remedy=f"{words}."
        )

    def _abandon(self, call: Call) -> None:
        """Tell the child to let go of a request, and end it if it does not."""
        self.say(call, {"do": "cancel", "of": call.number})
        timer = threading.Timer(_GRACE_S, self._end_if_busy, args=(call,))
        timer.daemon = True
        timer.start()

    def _end_if_busy(self, call: Call) -> None:
        """Called late: the abandoned request should be over by now."""
        self._calls.pop(call.number, None)
        while not call.is_over and not call.replies.empty():
            message = call.replies.get()
            call.is_over = message is None or message.header["is"] in _LAST
        if not call.is_over and self.is_alive:
            _log.warning("The engine's process did not stop when asked: ended")
            self.end()

    def _take(self, message: Message) -> None:
        """From the reading thread: hand a message to whoever asked."""
        self.n_heard += 1
        call = self._calls.get(int(message.header["id"]))
        if message.header["is"] != "alive" and call is not None:
            call.replies.put(message)

    def _finish(self, is_garbage: bool) -> None:  # noqa: FBT001 - the child's word
        """From the reading thread: no more messages will come."""
        self._is_garbage = is_garbage
        if is_garbage:
            self._child.end()
        else:
            self._child.let_go()
        self._is_over = True
        for call in list(self._calls.values()):
            call.replies.put(None)


class _Patience:
    """Counts how long nothing was heard, in looks and not by the clock: a computer may sleep."""

    def __init__(self, process: WorkerProcess, quiet_s: float | None = None) -> None:
        self._process = process
        self._left_s = self._full_s = quiet_s or process.quiet_s
        self._n_heard = process.n_heard

    def look(self) -> None:
        """One look; WorkerError when patience is at its end."""
        if self._process.n_heard != self._n_heard:
            self._n_heard, self._left_s = self._process.n_heard, self._full_s
            return
        self._left_s -= _LOOK_S
        if self._left_s <= 0:
            self._process.end_hung()
            raise self._process.death()


def _with(owner: Callable[[], WorkerProcess | None], call: Callable[[WorkerProcess], None]) -> None:
    worker = owner()
    if worker is not None:
        call(worker)


def _checked(call: Call, message: Message) -> Message:
    what = message.header["is"]
    call.is_over = what in _LAST
    if what == "cancelled":
        raise Cancelled
    if what == "error":
        header = message.header
        kind = _KINDS.get(str(header["kind"]), WorkerError)
        raise kind(str(header["problem"]), value=header["value"], remedy=str(header["remedy"]))
    return message
