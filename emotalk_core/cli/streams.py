"""What is told while work goes on: results that are files do not depend on who reads of them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import unicodedata
from pathlib import Path
from typing import Final, TextIO

__all__ = ["on_one_line", "ready_streams", "say", "silence", "tell"]


_CONTROLS: Final = ("Cc", "Zl", "Zp")  # as Unicode calls them: escapes, bells, ends of lines


def on_one_line(text: str) -> str:
    """The same with what would break a line, or move a terminal's cursor, spelled out: names of
    files and takes may have any letter.
    """
    return "".join(
        one.encode("unicode_escape").decode() if unicodedata.category(one) in _CONTROLS else one
        for one in text
    )


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
    """Whoever read it may have gone away, and the disk of the log be full."""
    try:
        stream.write(f"{on_one_line(line.rstrip())}\n")
        stream.flush()
    except OSError:
        silence(stream)
