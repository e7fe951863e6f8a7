"""A file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import math
import os
import platform
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import IO, Final

from .errors import InputError, SetupError

if sys.platform != "win32":
    import fcntl

__all__ = [
    "atomic_file",
    "disk_error",
    "ensure_writable",
    "growing_folder",
    "open_temporary",
    "part_beside",
    "path_beside",
    "patiently",
    "remove",
    "remove_growing",
    "remove_leftovers",
    "temporary_folder",
    "writing_temporary",
]

_LONGEST_NAME: Final = 255  # bytes on Linux; macOS and Windows take as many letters or more
_IN_USE: Final = (5, 32)  # what Windows says of a file that is open, in a spreadsheet for instance
_PAUSE_S: Final = 0.25
_ALIVE_S: Final = 600.0  # far longer than from one row of curves to the next
# Blender adds an @ while it saves.
_LEFTOVER: Final = re.compile(r"(.*)\.[0-9a-f]{8}\.part@?", re.DOTALL)
_growing: Final[list[Path]] = []  # of this process


def disk_error(error: OSError, path: Path) -> SetupError:
    """What went wrong while writing `path`, as an error that the user can mend."""
    if error.errno == errno.ENAMETOOLONG:
        remedy = "Give it a shorter name."
    elif getattr(error, "winerror", None) in _IN_USE:
        remedy = "Close it in other programs, or choose a folder that can be written to."
    else:
        remedy = "Free disk space, or choose a folder that can be written to."
    return SetupError(f"Cannot write ({error.strerror or error})", value=path, remedy=remedy)


def _part_of(path: Path) -> Path:
    """Where the new file grows."""
    if not _is_name(path):
        raise InputError("No name of a file", value=path, remedy="Choose another name.")
    try:
        is_folder = path.is_dir()
        is_special = not is_folder and path.exists() and not path.is_file()
    except OSError as error:  # of a name that is too long, before Python 3.14
        raise disk_error(error, path) from error
    if is_folder:
        raise InputError(
            "A folder stands where a file should go", value=path, remedy="Name a file in it."
        )
    if is_special:  # a pipe or a device would be a plain file from then on, and its reader wait
        raise InputError(
            "A pipe or a device stands where a file should go", value=path, remedy="Name a file."
        )
    if not path.parent.is_dir():
        raise InputError("No such folder", value=path.parent, remedy="Make it first.")
    return _held_beside(path)


def _is_name(path: Path) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half a letter
        return False


def remove_leftovers(paths: Iterable[Path], *, older_than_s: float = _ALIVE_S) -> None:
    """Remove what runs that were killed left of these very files, or folders of pictures: what
    only `part_beside` calls so, and nobody has written to for that long. A younger one may be that
    of a run beside this one, unless it was made here by `atomic_file` or `growing_folder`, and
    nobody holds it.
    """
    oldest_alive_s = time.time() - older_than_s
    ours: dict[Path, set[str]] = {}
    for path in paths:
        start = path_beside(path, ".00000000.part").name.removesuffix(".00000000.part")
        ours.setdefault(path.parent, set()).add(start)
    for folder, starts in ours.items():
        # A folder that is not there yet, cannot be read, or is no name is told by whoever writes
        # into it.
        with contextlib.suppress(OSError, ValueError):
            for other in list(folder.iterdir()):
                named = _LEFTOVER.fullmatch(other.name)
                if named and named[1] in starts:
                    _remove_if_left(other, oldest_alive_s)


def _remove_if_left(part: Path, oldest_alive_s: float) -> None:
    with contextlib.suppress(OSError):  # another user's, in a folder for all
        if part.lstat().st_mtime < oldest_alive_s or _is_let_go(part):
            remove(part)


def patiently(rename: Callable[[], object], *, seconds: float = 1.0) -> None:
    """Try it again for so long: on Windows a virus scanner may hold new files for a moment."""
    for left in reversed(range(int(seconds / _PAUSE_S) + 1)):
        try:
            rename()
        except PermissionError:
            if not left or sys.platform != "win32":
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def part_beside(path: Path) -> Path:
    """Where a new file or folder grows that takes the place of `path`: nobody else's, whoever
    makes the same one at the same time.
    """
    return path_beside(path, f".{secrets.token_hex(4)}.part")


@contextlib.contextmanager
def growing_folder(path: Path) -> Generator[Path]:
    """A folder that is named as `part_beside` does it, for what takes the place of `path`; gone in
    the end. Whoever is killed meanwhile lets go of it, so that the next run removes it at once.

    Raises
    ------
    SetupError
        The disk is full, or the folder that it lies in is not there or cannot be written to.
    """
    part = _held_beside(path)
    # On Windows a film from a folder that is ours alone would be so where it is put, too.
    mode = 0o777 if sys.platform == "win32" else 0o700
    try:
        part.mkdir(mode=mode)
    except OSError as error:
        raise disk_error(error, path) from error
    _growing.append(part)
    lock = _hold(part)
    try:
        yield part
    finally:
        if lock is not None:
            os.close(lock)
        with contextlib.suppress(OSError):
            remove(part)
        _growing.remove(part)


def remove_growing() -> None:
    """Remove every `growing_folder` of this process, whose end is now. Another thread may write on
    meanwhile, into that which was made last.
    """
    for part in [*_growing] * 10:
        with contextlib.suppress(OSError):
            remove(part)


def _held_beside(path: Path) -> Path:
    """As `part_beside`, for what is held while it grows."""
    return path_beside(path, f".{_machine()}{secrets.token_hex(2)}.part")


@functools.cache
def _machine() -> str:
    """Four hex digits: locks of some shared disks are known to one machine alone."""
    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        name = platform.node()
    return hashlib.sha256(name.encode()).hexdigest()[:4]


def _hold(folder: Path) -> int | None:
    """A descriptor that holds the folder for as long as it is open; None where there are no such
    locks.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    _lock(descriptor)
    return descriptor


def _lock(descriptor: int) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _is_let_go(part: Path) -> bool:
    """Whether this machine has made it, held, and whose maker has ended."""
    if sys.platform == "win32" or part.is_symlink():
        return False
    if not part.name.removesuffix(".part")[-8:].startswith(_machine()):
        return False
    descriptor = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held, or a disk without locks
        return False
    finally:
        os.close(descriptor)
    return True


def path_beside(path: Path, ending: str) -> Path:
    """`path` with an ending more, and as much less of its name as that takes to be a name.

    A name has 255 bytes, whatever its letters take; one is left for Blender, which adds an `@`
    while it saves.
    """
    room = _LONGEST_NAME - 1 - len(ending.encode())
    name = os.fsencode(path.name)
    kept = path.name
    if len(name) > room:  # half a letter at the end goes, as the system's own names are spelt
        kept = name[:room].decode(sys.getfilesystemencoding(), errors="ignore")
    return path.with_name(kept + ending)


def ensure_writable(path: Path) -> None:
    """Raise now what `atomic_file` would raise for this path after the work."""
    part = _part_of(path)
    try:
        part.touch()
        part.unlink()
    except OSError as error:
        raise disk_error(error, path) from error


def open_temporary() -> IO[bytes]:
    """A nameless file that is gone when it is closed; SetupError if there is no place for it."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise _no_temporary() from error


@contextlib.contextmanager
def temporary_folder(name: str) -> Generator[Path]:
    """A folder that is gone when the block is left. What runs that were killed left under this
    name, unreleased sounds perhaps, goes too.

    Raises
    ------
    SetupError
        There is no place for it.
    """
    try:
        place = Path(tempfile.gettempdir()) / f"emotalk-{name}"
    except OSError as error:
        raise _no_temporary() from error
    remove_leftovers([place], older_than_s=math.inf)  # of any age, if nobody holds them
    with growing_folder(place) as folder:
        yield folder


def _no_temporary() -> SetupError:
    return SetupError(
        "No temporary folder can be written to",
        value=os.environ.get("TMPDIR", "TMPDIR"),
        remedy="Set TMPDIR to a folder with free space.",
    )


@contextlib.contextmanager
def writing_temporary() -> Generator[None]:
    """A block that writes to a file of `open_temporary`, and does nothing else with files.

    Raises
    ------
    SetupError
        The disk is full.
    """
    try:
        yield
    except OSError as error:
        raise disk_error(error, Path(tempfile.gettempdir())) from error


@contextlib.contextmanager
def atomic_file(path: Path) -> Generator[IO[bytes]]:
    """A binary file beside `path` that takes its place when the block ends without an error.

    Whatever happens inside, the old file stays as it was until then, and no part of the new one is
    left behind.

    Raises
    ------
    InputError
        `path` is a folder, a pipe or a device, or its folder does not exist.
    SetupError
        The disk is full, or the folder cannot be written to.
    """
    part = _part_of(path)
    try:
        with part.open("x+b") as file:
            _lock(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":  # let go, it would be a leftover for a run beside this one
                part.replace(path)
        if sys.platform == "win32":
            patiently(lambda: part.replace(path))
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
