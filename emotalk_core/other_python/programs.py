"""Other programs: what they say line by line, with progress, cancel and a limit.

For pip, `venv`, a look at another Python, a recogniser. The engine's worker, which is sent arrays,
is `engine/worker_process.py`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ..errors import SetupError

__all__ = ["Ended", "Program", "run_program", "running"]

_LOOK_S: Final = 0.1
_TAIL: Final = 40  # lines that are kept
_MAX_LINE: Final = 1 << 20
_NO_WINDOW: Final = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
"""Else a black one is seen for a moment, as Blender has none of its own."""


@dataclass(frozen=True)
class Ended:
    """How a program ended, and its last lines of both streams together."""

    code: int
    lines: tuple[str, ...]

    @property
    def last_line(self) -> str:
        """What it said last, without its full stop; of pip and of ourselves the last error."""
        errors = [line for line in self.lines if line.startswith(("ERROR:", "emotalk:"))]
        return (errors or [*self.lines] or ["It said nothing"])[-1].rstrip(".")


class Program:
    """A running program, heard and told line by line; `running` makes one, and ends it."""

    def __init__(self, command: Sequence[str | Path], *, is_told: bool) -> None:
        self._command = command
        self._process = _start(command, is_told=is_told)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._tail: deque[str] = deque(maxlen=_TAIL)
        assert self._process.stdout is not None  # it is a pipe
        self._reader = threading.Thread(
            target=_read, args=(self._process.stdout, self._lines), daemon=True
        )
        self._reader.start()

    def tell(self, line: str) -> None:
        """Write a line to it; one that has died says so when it is heard."""
        assert self._process.stdin is not None  # it is a pipe, by `is_told`
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def lines(
        self,
        progress: Callable[[], object] = lambda: None,
        timeout_s: float | None = None,
    ) -> Iterator[str]:
        """What it says, until it has ended; whoever leaves off before may go on later.

        Raises
        ------
        SetupError
            It was silent for `timeout_s` in all.
        Cancelled
            From `progress`, which is called ten times a second.
        """
        left_s = timeout_s
        while True:
            progress()
            try:
                line = self._lines.get(timeout=_LOOK_S)
            except queue.Empty:
                left_s = _less(left_s, self._command)
                continue
            if line is None:
                return
            self._tail.append(line)
            yield line

    def ended(self) -> Ended:
        """How it ended, after its last line."""
        return Ended(self._process.wait(), tuple(self._tail))

    def end(self) -> None:
        """Make sure that it is gone, with all that it started."""
        _end(self._process)
        self._reader.join(1.0)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # what it never read
                self._process.stdin.close()


@contextlib.contextmanager
def running(command: Sequence[str | Path], *, is_told: bool = False) -> Generator[Program]:
    """A program that is gone when the block is left, with all that it started; `is_told`: lines
    may be written to it.

    Raises
    ------
    SetupError
        There is no such program.
    """
    program = Program(command, is_told=is_told)
    try:
        yield program
    finally:
        program.end()


def run_program(
    command: Sequence[str | Path],
    *,
    on_line: Callable[[str], object] = lambda _line: None,
    progress: Callable[[], object] = lambda: None,
    timeout_s: float | None = None,
) -> Ended:
    """Run a program and wait for it; `progress` is called ten times a second and may cancel.

    Raises
    ------
    SetupError
        There is no such program, or it took longer than `timeout_s`.
    Cancelled
        From `progress`; the program and what it started are gone then.
    """
    with running(command) as program:
        for line in program.lines(progress, timeout_s):
            on_line(line)
        return program.ended()


def _less(left_s: float | None, command: Sequence[str | Path]) -> float | None:
    if left_s is None:
        return None
    if left_s <= 0:
        raise SetupError(
            "A program does not answer", value=command[0], remedy="Choose another, or try again."
        )
    return left_s - _LOOK_S


def _start(command: Sequence[str | Path], *, is_told: bool) -> subprocess.Popen[bytes]:
    # A group of its own, so that what it starts (venv starts ensurepip) ends with it.
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE if is_told else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, creationflags=_NO_WINDOW,
            start_new_session=sys.platform != "win32",
        )  # fmt: skip
    except OSError as error:
        raise SetupError(
            f"Program cannot be started ({error.strerror or error})",
            value=command[0],
            remedy="Choose a program that is there.",
        ) from error


def _read(pipe: IO[bytes], lines: queue.SimpleQueue[str | None]) -> None:
    with pipe:
        while data := pipe.readline(_MAX_LINE):
            if text := data.decode(errors="replace").strip():
                lines.put(text)
    lines.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False,
            creationflags=_NO_WINDOW,
        )  # fmt: skip
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
