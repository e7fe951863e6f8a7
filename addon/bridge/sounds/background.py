"""A second Blender without a window, for what would hold up the first one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ....emotalk_core.other_python.programs import Ended, run_program
from ....emotalk_core.progress import Progress

__all__ = ["run_script"]


def run_script(
    blender: str, script: str, request: Sequence[object], progress: Progress, what: str
) -> Ended:
    """How `script`, a file beside this one, ended with `request`.

    Raises
    ------
    SetupError
        The program is not there.
    Cancelled
        From `progress`; the second Blender is gone then.
    """
    command = [blender, "-b", "--factory-startup", "--python-exit-code", "2", "--python"]
    command += [str(Path(__file__).with_name(script)), "--", json.dumps(list(request))]
    return run_program(command, progress=lambda: progress(0.0, what))
