"""Folders that a command writes into: looked at before its work, held during it, complete after."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from emotalk_core.errors import InputError

__all__ = ["copy_unchanged", "held", "ready_folder"]

log = logging.getLogger(__name__)

_LOCK: Final = "run.lock"
_WRITTEN: Final = {"model.safetensors", "config.json", "MODEL_CARD.md"}
"""Of a model's files, those that are not true of one that was trained from it."""


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


def copy_unchanged(model: Path, out: Path) -> None:
    """What a model folder that was trained from another has of it: encoder, licences, notices."""
    for path in model.iterdir():
        if path.is_file() and path.name not in _WRITTEN:
            shutil.copyfile(path, out / path.name)


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Keep other runs out of a folder meanwhile; the system lets go of it when this one dies.

    Raises
    ------
    InputError
        Another run is at work in it.
    """
    with (folder / _LOCK).open("ab") as file:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError) as error:  # as Linux and as Windows say it
            raise InputError(
                "Another run is at work in this folder",
                value=folder,
                remedy="Wait until it ends, or give this one a folder of its own.",
            ) from error
        except OSError:
            log.warning("%s is on a disk that knows no locks: let no other run work there", folder)
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
