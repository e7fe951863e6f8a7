"""A second Blender without a window, for what would hold up the first one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ...emotalk_core.progress import Progress

__all__ = ["run_script"]

_LOOK_S = 0.1


def run_script(
    blender: str, script: str, request: Sequence[object], progress: Progress, what: str
) -> bool:
    """Whether `script`, a file beside this one, did what `request` asks; ends it when cancelled."""
    command = [blender, "-b", "--factory-startup", "--python-exit-code", "2", "--python"]
    command += [str(Path(__file__).with_name(script)), "--", json.dumps(list(request))]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while True:
                try:
                    return process.wait(_LOOK_S) == 0
                except subprocess.TimeoutExpired:
                    progress(0.0, what)
        finally:
            if process.poll() is None:
                process.kill()
