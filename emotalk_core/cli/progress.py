"""Progress on stderr: a bar for people, JSON lines for programs."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import Final, TextIO

from ..progress import Progress, silent
from .streams import on_one_line, silence

__all__ = ["progress_for"]

_INTERVAL_S: Final = 0.1


def progress_for(style: str, *, label: str = "") -> Progress:
    """What the `--progress` flag asks for; `label` names the file where there are several."""
    stream = sys.stderr
    if style == "json":
        return _JsonLines(stream, label)
    if style == "bar" or (style == "auto" and stream.isatty()):
        return _Bar(stream, label)
    return silent


class _Throttled:
    """Calls `show` ten times a second at most, and for the end."""

    def __init__(self, stream: TextIO, label: str) -> None:
        self._stream, self._label, self._last_s = stream, label, 0.0

    def __call__(self, share: float, what: str) -> None:
        now_s = time.monotonic()
        if share >= 1.0 or now_s - self._last_s >= _INTERVAL_S:
            self._last_s = now_s
            try:
                self.show(share, what)
                self._stream.flush()
            except OSError:  # whoever watched went away: no reason for a job to fail
                silence(self._stream)

    def show(self, share: float, what: str) -> None:
        raise NotImplementedError


class _JsonLines(_Throttled):
    def show(self, share: float, what: str) -> None:
        line: dict[str, object] = {"progress": round(share, 4), "doing": what}
        if self._label:
            line["file"] = self._label
        self._stream.write(json.dumps(line) + "\n")


class _Bar(_Throttled):
    def show(self, share: float, what: str) -> None:
        width = shutil.get_terminal_size((80, 24)).columns
        if share >= 1.0:
            self._stream.write("\r" + " " * (width - 1) + "\r")
            return
        text = on_one_line(f" {share:4.0%} {self._label} {what}")[: width - 24]
        filled = round(20 * share)
        self._stream.write(("\r" + "#" * filled + "." * (20 - filled) + text).ljust(width - 1))
