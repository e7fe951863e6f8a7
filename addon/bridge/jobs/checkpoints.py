"""The authors' checkpoint becomes a model folder, in the Python that has torch; no bpy."""

from __future__ import annotations

import json
import logging
import re
import shutil
import textwrap
from pathlib import Path
from typing import Final

from ....emotalk_core.errors import InputError, SetupError
from ....emotalk_core.other_python.interpreter import our_command
from ....emotalk_core.other_python.programs import run_program
from ....emotalk_core.progress import Progress, silent

__all__ = ["LICENCE", "convert", "folder_for"]

_log = logging.getLogger(__name__)

_LETTERS: Final = 300

LICENCE: Final = (
    "The authors of EmoTalk (Psyche AI Inc.) release their weights under CC BY-NC 4.0: for "
    "non-commercial use only; commercial use by arrangement with them. The model that ships with "
    "this extension is free for any use."
)


def folder_for(checkpoint: Path, models: Path) -> Path:
    """A new folder in `models`, named after the file."""
    stem = re.sub(r"[^\w.-]+", "_", checkpoint.stem) or "checkpoint"
    names = (stem, *(f"{stem}_{number}" for number in range(2, 1000)))
    return next(models / name for name in names if not (models / name).exists())


def convert(
    checkpoint: Path, folder: Path, python: Path, progress: Progress = silent
) -> tuple[str, ...]:
    """Write the model folder; what the command said.

    Raises
    ------
    InputError
        There is no such file, or it is no checkpoint of this network.
    Cancelled
        From `progress`; the folder is not there then.
    """
    if not checkpoint.is_file():
        raise InputError("No such file", value=checkpoint, remedy="Choose the authors' .pth file.")
    heard = (0.0, "Reading the checkpoint")

    def take(line: str) -> None:
        nonlocal heard
        if line.startswith('{"progress"'):
            told = json.loads(line)
            heard = float(told["progress"]), str(told["doing"])

    flags = ("-o", folder, "--progress", "json")
    command = our_command(python, "cli", "import-checkpoint", checkpoint, *flags)
    folder.parent.mkdir(parents=True, exist_ok=True)
    is_whole = False
    try:
        ended = run_program(command, on_line=take, progress=lambda: progress(*heard))
        is_whole = ended.code == 0 and (folder / "config.json").is_file()
        if not is_whole:
            told = ended.last_line.removeprefix("emotalk: ")
            _log.warning("%s", told)  # every tensor that does not fit: too long for a panel
            told = textwrap.shorten(told, _LETTERS, placeholder=" ... (the console has all of it)")
            raise SetupError(
                "The checkpoint was not imported", value=checkpoint.name, remedy=f"{told}."
            )
    finally:
        if not is_whole:
            shutil.rmtree(folder, ignore_errors=True)
    return ended.lines
