"""Recordings for the gallery: sound files of a folder, what is known of each, and their phones."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from ....emotalk_core.audio.decoders import AUDIBLE_SUFFIXES
from ....emotalk_core.errors import InputError

__all__ = ["LIST_NAME", "Phone", "Recording", "find_recordings", "phones_beside", "read_phones"]

LIST_NAME: Final = "gallery.csv"
"""Beside the recordings: file, title, note, credit; all but `file` may be empty."""

Phone = tuple[float, float, str]  # start_s, end_s, ARPABET or IPA


@dataclass(frozen=True)
class Recording:
    """One sound file and what is told of it on the page."""

    path: Path
    title: str
    note: str = ""  # what it is there for
    credit: str = ""

    @property
    def name(self) -> str:
        """Its own name in the gallery."""
        return self.path.stem

    @cached_property
    def phones(self) -> tuple[Phone, ...]:
        """From beside it; read when they are asked for, so that a bad file fails by itself."""
        return phones_beside(self.path)


def find_recordings(folders: Sequence[Path], only: Sequence[str] = ()) -> list[Recording]:
    """All recordings of the folders; with `only`, those of these names."""
    found = [recording for folder in folders for recording in _of_folder(folder)]
    names = [recording.name for recording in found]
    for name in only:
        if name not in names:
            raise InputError(
                "No such recording", value=name, remedy=f"Choose from: {', '.join(names)}."
            )
    return [recording for recording in found if not only or recording.name in only]


def phones_beside(path: Path) -> tuple[Phone, ...]:
    """Phones from NAME.phones.csv beside a recording; none where there is no such file."""
    beside = path.with_suffix(".phones.csv")
    return read_phones(beside) if beside.is_file() else ()


def read_phones(path: Path) -> tuple[Phone, ...]:
    """Rows of a csv with the columns start_s, end_s, phone."""
    try:
        return tuple(
            (float(row["start_s"]), float(row["end_s"]), row["phone"]) for row in _rows(path)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "Phones cannot be read",
            value=f"{path.name} ({error})",
            remedy="Give a csv with the columns start_s, end_s, phone.",
        ) from error


def _of_folder(folder: Path) -> list[Recording]:
    if not folder.is_dir():
        raise InputError(
            "There is no such folder", value=str(folder), remedy="Name one with sound files."
        )
    told = _told(folder / LIST_NAME)
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in AUDIBLE_SUFFIXES]
    if not paths:
        raise InputError(
            "No sound file in the folder",
            value=str(folder),
            remedy=f"Put {', '.join(sorted(AUDIBLE_SUFFIXES))} files there.",
        )
    order = {name: number for number, name in enumerate(told)}
    paths.sort(key=lambda path: (order.get(path.name, len(order)), path.name))
    return [_recording(path, told.get(path.name, {})) for path in paths]


def _recording(path: Path, row: dict[str, str]) -> Recording:
    title = row.get("title") or path.stem.replace("_", " ")
    return Recording(path, title, row.get("note") or "", row.get("credit") or "")


def _told(path: Path) -> dict[str, dict[str, str]]:
    """Rows of the list by file name; nothing where there is no list."""
    if not path.is_file():
        return {}
    rows = _rows(path)
    if any("file" not in row for row in rows):
        raise InputError(
            "The list has no column named file", value=path.name, remedy="Add it, or take it away."
        )
    return {row["file"]: row for row in rows}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
