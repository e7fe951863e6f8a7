"""The open file saved by the command line; whole, or not there."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import bpy

from ....emotalk_core.atomic_file import part_beside
from ....emotalk_core.cli.places import make_folder
from ....emotalk_core.errors import SetupError
from .. import compat

__all__ = ["save"]


def save(path: Path) -> None:
    """Save a copy; the file appears when it is whole."""
    make_folder(path.parent)
    part = part_beside(path)
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(part), copy=True)
        # 5.2 says that all went well when the disk was full: the end of the file tells.
        compat.names_in(part)
        part.replace(path)
    except (RuntimeError, OSError) as error:
        raise SetupError(
            f"The file cannot be saved{_why(error, path)}",
            value=path,
            remedy="Free disk space, or choose a folder that can be written to.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _why(error: Exception, path: Path) -> str:
    """The system's words; none where they are those of an earlier error, as Blender's are on a full
    disk: "No such file", of one that is to be made.
    """
    told = getattr(error, "strerror", None) or str(error).strip().removeprefix("Error: ")
    is_old = told == os.strerror(errno.ENOENT) and path.parent.is_dir()
    return "" if is_old else f" ({told})"
