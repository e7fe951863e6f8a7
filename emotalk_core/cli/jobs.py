"""What `emotalk batch` has to do: the sounds of a folder, or the rows of a list."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..audio.decoders import AUDIBLE_SUFFIXES
from ..errors import InputError
from ..rows import Form, csv_rows, read_number, read_text
from .animate import Job, with_faults
from .options import CONTROL_FLAGS
from .places import resolved
from .tables import FILES, tables_beside
from .texts import is_text_file

__all__ = ["Task", "find_sounds", "read_tasks"]

_LIST: Final = Form("list of jobs", ("audio",), "audio,output,emotion")
_APPLE_DOUBLE: Final = "._"  # what macOS writes beside a file on a disk of another system


@dataclass(frozen=True)
class Task:
    """A job and the controls that are its own."""

    job: Job
    options: Mapping[str, str | float]


def read_tasks(source: Path, output: Path, form: str) -> list[Task]:
    """The jobs of a folder or of a list, each with a file of its own in `output`, or its fault.

    Raises
    ------
    InputError
        There is nothing to do, or the list is damaged.
    """
    if source.is_dir():
        tasks = _tasks_of_folder(source, output, form)
    else:
        tasks = [_task(row, source.parent, output, form) for row in _read_rows(source)]
    if not tasks:
        raise InputError(
            "Nothing to do", value=source, remedy="Put sound files into it, or name them in it."
        )
    jobs = with_faults(task.job for task in tasks)
    return [replace(task, job=job) for task, job in zip(tasks, jobs, strict=True)]


def find_sounds(folder: Path, *, apart: Path | None = None) -> list[Path]:
    """The sound files in a folder and the folders in it, but for those within `apart`.

    Raises
    ------
    InputError
        One of the folders cannot be read: what is in it would be lost without a word.
    """
    return sorted(
        path
        for path in _paths_in(folder)
        if path.suffix.lower() in AUDIBLE_SUFFIXES
        and not path.name.startswith(_APPLE_DOUBLE)
        and _is_file(path)
        and not (apart is not None and resolved(path.parent).is_relative_to(apart))
    )


def _paths_in(folder: Path) -> Iterator[Path]:
    """Of linked folders too: a show's sounds are often on another disk."""
    for place, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        folders[:] = [name for name in folders if not _leads_back(Path(place, name))]
        yield from (Path(place, name) for name in names)


def _leads_back(folder: Path) -> bool:
    """Whether it is a link, a junction perhaps, to a folder that it lies in: there would be no end
    to it.
    """
    return resolved(folder) in map(resolved, folder.absolute().parents)


def _refuse_folder(error: OSError) -> None:
    raise InputError(
        "Folder cannot be read",
        value=error.filename,
        remedy=f"{error.strerror}: see to its rights, or list the sounds in a file.",
    ) from error


def _is_file(path: Path) -> bool:
    """A link to nothing is one too: a job that fails, where leaving it out would tell nobody."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _tasks_of_folder(folder: Path, output: Path, form: str) -> list[Task]:
    return [
        Task(
            Job(path, (output / path.relative_to(folder)).with_suffix(f".{form}")),
            tables_beside(path),
        )
        for path in find_sounds(folder)
    ]


def _read_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    """The rows of a csv or json list of jobs."""
    if path.suffix.lower() in AUDIBLE_SUFFIXES:
        raise InputError(
            "A sound, where a folder or a list of jobs should be",
            value=path,
            remedy="Use `emotalk animate`, or name its folder.",
        )
    if not path.exists():
        raise InputError("No such folder or list of jobs", value=path, remedy="Check the name.")
    text = read_text(path, "list of jobs")
    if path.suffix.lower() == ".csv":
        return csv_rows(text, _LIST)
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            "List of jobs is neither csv nor json", value=path, remedy=f"{error}."
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            "List of jobs is no list of objects", value=path, remedy='Write [{"audio": "a.wav"}].'
        )
    return rows


def _task(row: Mapping[str, Any], base: Path, output: Path, form: str) -> Task:
    given = {k.strip(): v for k, v in row.items() if k and v not in (None, "")}
    if "audio" not in given:
        raise InputError("A job without a sound", value=dict(row), remedy="Fill in `audio`.")
    audio = _control("audio", str, given.pop("audio"))
    name = _control("output", str, given.pop("output", f"{Path(audio).stem}.{form}"), audio)
    options: dict[str, Any] = {}
    for key, value in given.items():
        kind = CONTROL_FLAGS.get(key)
        if kind is None:
            raise InputError(
                "No such control", value=key, remedy=f"Use {', '.join(CONTROL_FLAGS)}."
            )
        options[key] = _control(key, kind, value, audio)
    for file in {*FILES} & options.keys():
        options[file] = str(base / options[file])
    if is_text_file(str(options.get("text", ""))):
        options["text"] = str(base / options["text"])
    if str(options.get("preset", "")).lower().endswith(".json"):
        options["preset"] = str(base / options["preset"])
    return Task(Job(base / audio, output / name), options)


def _control(name: str, kind: Callable[[Any], Any], value: Any, audio: str = "") -> Any:
    """The value of a control of the sound `audio`; json has true, lists and 1.7, which are no
    seeds.
    """
    is_plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    if kind is int and isinstance(value, float):
        is_plain = value.is_integer()
    try:
        if is_plain:
            return read_number(value) if kind is float and isinstance(value, str) else kind(value)
    except (ValueError, OverflowError):
        pass
    what = "a whole number" if kind is int else "a number" if kind is float else "text"
    of = f" of {audio}" if audio else ""
    raise InputError(f"Not a value for {name}{of}", value=value, remedy=f"Write {what}.")
