"""The open file saved by the command line; whole, or not there."""

from __future__ import annotations

import contextlib
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
        # Blender's own words may be those of an earlier error: on a full disk "No such file".
        why = getattr(error, "strerror", None) or str(error).strip().removeprefix("Error: ")
        raise SetupError(
            f"The file cannot be saved ({why})",
            value=path,
            remedy="Free disk space, or choose a folder that can be written to.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
