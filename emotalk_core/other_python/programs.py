"""Other programs run to their end: what they say line by line, with progress, cancel and a limit.

For pip, `venv`, a look at another Python. A worker that is talked to is `engine/worker_process.py`.
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ..errors import SetupError

__all__ = ["Ended", "run_program"]

_LOOK_S: Final = 0.1
_TAIL: Final = 40  # lines that are kept
_MAX_LINE: Final = 1 << 20


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


def run_program(
    command: Sequence[str | Path],
    *,
    on_line: Callable[[str], object] = lambda _line: None,
    progress: Callable[[], object] | None = None,
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
    process = _start(command)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    assert process.stdout is not None  # it is a pipe
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    tail: deque[str] = deque(maxlen=_TAIL)
    left_s = timeout_s
    try:
        while True:
            if progress is not None:
                progress()
            try:
                line = lines.get(timeout=_LOOK_S)
            except queue.Empty:
                left_s = _less(left_s, command)
                continue
            if line is None:
                return Ended(process.wait(), tuple(tail))
            tail.append(line)
            on_line(line)
    finally:
        _end(process)
        reader.join(1.0)


def _less(left_s: float | None, command: Sequence[str | Path]) -> float | None:
    if left_s is None:
        return None
    if left_s <= 0:
        raise SetupError(
            "A program does not answer", value=command[0], remedy="Choose another, or try again."
        )
    return left_s - _LOOK_S


def _start(command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    # A group of its own, so that what it starts (venv starts ensurepip) ends with it.
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    try:
        return subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, creationflags=flags,
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
    """Make sure that it is gone, with all that it started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
        )
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
