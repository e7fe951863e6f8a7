"""Folders that a command writes into, looked at before its work and not after it."""

from __future__ import annotations

from pathlib import Path

from emotalk_core.errors import InputError

__all__ = ["ready_folder"]


def ready_folder(path: Path) -> None:
    """Make a folder where it is not there.

    Raises
    ------
    InputError
        A file stands there or on the way, or the folder cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "Not a folder to write into",
            value=path,
            remedy=f"{error.strerror}: give another.",
        ) from error
