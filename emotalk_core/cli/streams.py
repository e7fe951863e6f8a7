"""What is told while work goes on: results that are files do not depend on who reads of them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import TextIO

__all__ = ["ready_streams", "say", "silence", "tell"]


def ready_streams() -> None:
    """Whatever is told can be told: names that are no UTF-8 escaped, to a closed stream nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell (>&-): the null device also keeps its number
            nobody = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it stays open
            setattr(sys, name, nobody)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """A line on stdout, at once: a log tells what was done when the run is killed."""
    _write(sys.stdout, line)


def tell(line: str) -> None:
    """A line on stderr."""
    _write(sys.stderr, line)


def silence(stream: TextIO) -> None:
    """Write what is left of a stream, and what is still to come, to nobody."""
    with contextlib.suppress(OSError, ValueError):  # Python flushes once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(stream: TextIO, line: str) -> None:
    """Whoever read it may have gone away, and the disk of the log be full. A name may have line
    breaks, which would make two of one.
    """
    line = "\\n".join(line.splitlines())
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except OSError:
        silence(stream)
