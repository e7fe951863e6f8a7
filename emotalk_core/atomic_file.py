"""A file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Generator
from pathlib import Path
from typing import IO

from .errors import InputError, SetupError

__all__ = ["atomic_file", "disk_error"]


def disk_error(error: OSError, path: Path) -> SetupError:
    """What went wrong while writing `path`, as an error that the user can mend."""
    return SetupError(
        f"Cannot write ({error.strerror or error})",
        value=path,
        remedy="Free disk space, or choose a folder that can be written to.",
    )


@contextlib.contextmanager
def atomic_file(path: Path) -> Generator[IO[bytes]]:
    """A binary file beside `path` that takes its place when the block ends without an error.

    Whatever happens inside, the old file stays as it was until then, and no part of the new one is
    left behind.

    Raises
    ------
    InputError
        `path` is a folder, or its folder does not exist.
    SetupError
        The disk is full, or the folder cannot be written to.
    """
    if path.is_dir():
        raise InputError(
            "A folder stands where a file should go", value=path, remedy="Name a file in it."
        )
    if not path.parent.is_dir():
        raise InputError("No such folder", value=path.parent, remedy="Make it first.")
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
