"""Where a command writes: looked at before the work, and never in place of what it reads."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..atomic_file import ensure_writable
from ..errors import InputError

__all__ = [
    "ensure_places",
    "ensure_report",
    "ensure_still_there",
    "make_folder",
    "place_of",
    "refuse_overwriting",
    "resolved",
    "shared_places",
]


def resolved(path: Path) -> Path:
    """Without links and `..`, as far as there are such things; its fault is told in its turn."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL, half a letter
        return path.absolute()


def place_of(path: Path) -> Path:
    """The same for every spelling of a path; the last part may be a link, and stays one."""
    return resolved(path.parent) / path.name


def refuse_overwriting(what: str, written: Iterable[Path], kept: Iterable[Path]) -> None:
    """Raise if one of the files that are to be written is one that has to stay.

    Links count as the files that they lead to; where case does not tell names apart, it does not
    here either.

    Raises
    ------
    InputError
        `what` (the report, the curves) would overwrite it.
    """
    stay = {identity for path in kept for identity in _identities(path)}
    lost = next((path for path in written if stay.intersection(_identities(path))), None)
    if lost is not None:
        raise InputError(
            f"{what} would overwrite what this run reads or makes",
            value=lost,
            remedy="Choose another name or folder.",
        )


def _identities(path: Path) -> list[object]:
    """By name, and by file where there is one: macOS resolves links, but no case."""
    try:
        info = path.stat()
    except (OSError, ValueError):
        return [resolved(path)]
    file = [(info.st_dev, info.st_ino)] if info.st_ino else []  # some file systems count none
    return [resolved(path), *file]


def shared_places(sounds: Sequence[Path], outputs: Sequence[Path]) -> dict[int, InputError]:
    """Which sounds would make a file that another one makes too, by their numbers, and what to
    tell of each; `outputs` has the file of each sound. None of them has a right to it: which one
    came last, nobody could tell the file.
    """
    makers: dict[Path, list[int]] = {}
    for i, output in enumerate(outputs):
        makers.setdefault(_without_case(place_of(output)), []).append(i)
    return {
        i: _shared(outputs[i], sounds[i], sounds[next(j for j in makers_of_one if j != i)])
        for makers_of_one in makers.values()
        if len(makers_of_one) > 1
        for i in makers_of_one
    }


def _without_case(place: Path) -> Path:
    """The same for all names that are one on most disks of macOS; paths of Windows tell so
    themselves.
    """
    if sys.platform != "darwin":
        return place
    return Path(unicodedata.normalize("NFC", str(place)).casefold())


def _shared(output: Path, sound: Path, other: Path) -> InputError:
    if sound == other:
        return InputError(
            f"A sound would make one file twice ({output.name})",
            value=sound,
            remedy="Name it once, or give each row of a list an `output` of its own.",
        )
    return InputError(
        f"Two sounds would make one file ({output.name})",
        value=f"{sound}, {other}",
        remedy="Give one of them another name.",
    )


def ensure_report(report: Path | None, folder: Path) -> None:
    """Raise now if the report cannot be written, unless `folder`, which is still to be made, is
    its place.

    Raises
    ------
    InputError, SetupError
        As `ensure_writable`.
    """
    if report is not None and (folder.is_dir() or resolved(report.parent) != resolved(folder)):
        ensure_writable(report)


def ensure_places(folder: Path, report: Path | None) -> None:
    """Make the folder that results go to; raise now if it or the report cannot be written.

    Raises
    ------
    InputError
        The folder cannot be made, or that of the report is not there.
    SetupError
        The report cannot be written.
    """
    ensure_report(report, folder)  # first: no folder is made for a command that is refused
    make_folder(folder)
    ensure_report(report, folder)


def ensure_still_there(folder: Path) -> None:
    """Raise InputError if the folder of a batch's results is gone: made again, it would have some
    of them, and the one that was moved the others.
    """
    if not folder.is_dir():
        raise InputError(
            "The folder for the results was moved or removed meanwhile",
            value=folder,
            remedy="Put it back, and run this again with --resume.",
        )


def make_folder(folder: Path) -> None:
    """Make a folder and those that it lies in, where they are not there.

    Raises
    ------
    InputError
        It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError("Folder cannot be made", value=folder, remedy=f"{why}.") from error
