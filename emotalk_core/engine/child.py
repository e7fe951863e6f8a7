"""The worker's process itself: how it is started, its pipes served by threads, how it ended.

Three threads for each child: one reads its messages, one its stderr (an unread pipe would stop
it), one writes (a stopped child would stop the writer).
"""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import SetupError
from ..other_python.interpreter import our_command
from ..other_python.messages import (
    CutShortError,
    Message,
    MessageError,
    read_message,
    write_message,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Child", "Letter"]

_log = logging.getLogger(__name__)

_EXIT_S: Final = 2.0
_MAX_WAITING: Final = 4  # blocks of sound on their way
_KILLED: Final = -9  # Linux says so of what the kernel ended, mostly for want of memory


class Letter(NamedTuple):
    """What is to be written."""

    header: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] | None = None
    is_one_of_many: bool = False  # it took a place in `Child.room`


class Child:
    """A running process and its three threads.

    Parameters
    ----------
    python : Path
        The interpreter that runs it.
    """

    def __init__(self, python: Path) -> None:
        self.process = _start(python)
        weakref.finalize(self, _kill, self.process)
        self.room = threading.Semaphore(_MAX_WAITING)
        self._is_ended = False
        self._outbox: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self._words: deque[str] = deque(maxlen=50)
        _in_thread(_write, self._outbox, self.room, self.process.stdin)
        self._stderr = _in_thread(_keep, self._words, self.process.stderr)

    def listen(self, on_message: Callable[[Message], None], on_end: Callable[[bool], None]) -> None:
        """From now on call `on_message` with each message, and `on_end` once when no more will
        come: with True if what came was no message. Both are called in the reading thread.
        """
        _in_thread(_read, self.process.stdout, on_message, on_end)

    @property
    def is_alive(self) -> bool:
        """Whether it runs, and nobody has ended it."""
        # While another thread waits for the end, poll() does not know it yet.
        return not self._is_ended and self.process.poll() is None

    def send(self, letter: Letter) -> None:
        """Have it written; never waits."""
        self._outbox.put(letter)

    def end(self) -> None:
        """End it, whatever it is doing; it has nothing to save."""
        self._is_ended = True
        _kill(self.process)
        self._outbox.put(None)

    def let_go(self) -> None:
        """End it after its pipe has ended: if it is on its way out, its exit code is its own."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_EXIT_S)
        self.end()

    def last_words(self) -> str:
        """What it said last; of a crash the headline, not the end of the stack."""
        self._stderr.join(_EXIT_S)  # they may still be on their way
        fatal = [line for line in self._words if line.startswith("Fatal Python error")]
        return (fatal or [*self._words] or [""])[-1].rstrip(".")

    def how_it_ended(self) -> str:
        """`exit code 1: ModuleNotFoundError: ...`, `killed by signal 9`."""
        code = self.process.wait()
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        words = self.last_words()
        return f"{how}: {words}" if words else how

    def advice(self) -> str:
        """What to do after such an end."""
        if self.process.wait() == _KILLED:
            return "Nothing was changed. Again? Then memory is short: take a shorter sound."
        return "Nothing was changed. Try again."


def _start(python: Path) -> subprocess.Popen[bytes]:
    command = our_command(python, "worker")
    # On Windows no console may flash up.
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, creationflags=flags)
    except OSError as error:
        raise SetupError(
            f"Not a Python program ({error.strerror or error})",
            value=python,
            remedy="Choose the program file of a Python 3.11 or newer.",
        ) from error


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _in_thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name="EmoTalk worker", daemon=True)
    thread.start()
    return thread


def _read(
    pipe: IO[bytes], on_message: Callable[[Message], None], on_end: Callable[[bool], None]
) -> None:
    is_garbage = False
    with pipe:
        try:
            while (message := read_message(pipe)) is not None:
                on_message(message)
        except CutShortError as error:
            _log.info("From the worker: %s", error)
        except (MessageError, KeyError, ValueError, TypeError) as error:
            is_garbage = True
            _log.info("From the worker: %s", error)
    on_end(is_garbage)


def _keep(lines: deque[str], pipe: IO[bytes]) -> None:
    with pipe:
        while data := pipe.readline(4096):
            if text := data.decode(errors="replace").strip():
                lines.append(text)
                _log.info("Worker: %s", text)


def _write(
    outbox: queue.SimpleQueue[Letter | None], room: threading.Semaphore, pipe: IO[bytes]
) -> None:
    with suppress(OSError), pipe:  # it died: the reading thread notices
        while (letter := outbox.get()) is not None:
            write_message(pipe, letter.header, letter.arrays)
            if letter.is_one_of_many:
                room.release()
