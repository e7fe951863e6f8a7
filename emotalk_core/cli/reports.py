"""Reports as json files; that of a batch also says what an earlier run has finished."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..atomic_file import atomic_file
from ..errors import EmoTalkError, InputError
from .places import place_of
from .streams import say, tell

__all__ = [
    "BatchReport",
    "file_stamp",
    "file_stamps",
    "summed_up",
    "telling_how_far",
    "with_sound",
    "write_report",
]

_T = TypeVar("_T")
Name = tuple[Path, ...]  # of a job: its files that tell it apart


def write_report(path: Path, document: object) -> None:
    """Plain values as json."""
    _write(path, json.dumps(document, indent=1))


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as file:
        file.write(f"{text}\n".encode())


def file_stamp(path: Path) -> list[int] | None:
    """Size and time of change, another one when the file changes; None where there is none."""
    try:
        info = path.stat()
    except (OSError, ValueError):
        return None
    return [info.st_size, info.st_mtime_ns]


def file_stamps(paths: Iterable[Path]) -> dict[str, list[int] | None]:
    """Of several, by their names."""
    return {str(path): file_stamp(path) for path in paths}


def with_sound(sound: Path, error: str) -> str:
    """What went wrong, and with which sound; most errors name it, one about a flag does not."""
    return error if sound.name in error else f"{sound}: {error}"


@contextlib.contextmanager
def telling_how_far(report: BatchReport, n_jobs: int) -> Generator[None]:
    """A batch that no job can go on with, as its folder is gone, says what was done before."""
    try:
        yield
    except EmoTalkError:
        n_done = sum(entry["error"] is None for entry in report.entries)
        say(f"{n_done} of {n_jobs} done; the others were not made")
        raise


def summed_up(report: BatchReport, n_jobs: int) -> int:
    """Say how many jobs are done, how many of them with warnings, and which failed; the exit
    code.
    """
    failed = [entry for entry in report.entries if entry["error"] is not None]
    made = [entry["report"] for entry in report.entries if entry["error"] is None]
    n_warned = sum(bool(one and one["warnings"]) for one in made)
    warned = f", {n_warned} with warnings" if n_warned else ""
    say(f"{n_jobs - len(failed)} of {n_jobs} done{warned}; report: {report.path}")
    for entry in failed:
        tell(f"emotalk: failed: {entry['audio']}")
    return 3 if failed else 0


class BatchReport:
    """An entry for each job of a list, in its order; on disk after each.

    Jobs that this run has not come to keep the entry of an earlier one: a run that is stopped
    forgets nothing.

    Parameters
    ----------
    path : Path
    fields : tuple of str
        Which fields of an entry, which are paths, tell the jobs apart.
    names : sequence of tuple of Path
        These fields of all jobs, in their order.
    resumes : bool
        Whether to read what an earlier run has finished.

    Raises
    ------
    InputError
        What lies at `path` is no report of a batch.
    """

    def __init__(
        self, path: Path, fields: tuple[str, ...], names: Sequence[Name], *, resumes: bool
    ) -> None:
        self.path, self._fields, self._names = path, fields, [_places(name) for name in names]
        self._entries = _read_finished(path, fields) if resumes else {}
        self._is_written = False  # until then an earlier run's entries stand there
        # Json of each entry: making that of all of them anew after each of 5,000 jobs took longer
        # than the jobs.
        self._texts = {name: _as_item(entry) for name, entry in self._entries.items()}

    @property
    def entries(self) -> list[Mapping[str, Any]]:
        """What is known of the jobs of this list."""
        return self._in_order(self._entries)

    def finished(
        self, name: Name, options: Mapping[str, Any], files: Iterable[Path]
    ) -> Mapping[str, Any] | None:
        """The entry of a job that came to its end under these very options, if its files are
        there still.
        """
        entry = self._entries.get(_places(name))
        if entry is None or entry["options"] != options or not all(map(_has_content, files)):
            return None
        return entry

    def begin(self, name: Name) -> None:
        """Forget what was known of a job, whose files are about to change: a run that is killed
        meanwhile leaves no entry that vouches for them.
        """
        known = self._entries.pop(_places(name), None)
        self._texts.pop(_places(name), None)
        if known is not None or not self._is_written:
            self.write()

    def add(self, entry: Mapping[str, Any]) -> None:
        """Put what became of a job in place of what was known of it."""
        name = _places_in(entry, self._fields)
        self._entries[name], self._texts[name] = entry, _as_item(entry)
        self.write()

    def write(self) -> None:
        """Write the file."""
        self._is_written = True
        items = ",\n".join(self._in_order(self._texts))
        _write(self.path, f"[\n{items}\n]" if items else "[]")

    def _in_order(self, known: Mapping[Name, _T]) -> list[_T]:
        return [known[name] for name in self._names if name in known]


def _as_item(entry: Mapping[str, Any]) -> str:
    """An entry as `json.dumps` writes it within a list."""
    return " " + json.dumps(entry, indent=1).replace("\n", "\n ")


def _places(name: Name) -> Name:
    return tuple(map(place_of, name))


def _places_in(entry: Mapping[str, Any], fields: tuple[str, ...]) -> Name:
    return _places(tuple(Path(entry[field]) for field in fields))


def _has_content(path: Path) -> bool:
    """An empty file, or folder of pictures, is what a crash or a full disk leaves behind."""
    if path.is_dir():
        return any(path.iterdir())
    return path.is_file() and path.stat().st_size > 0


def _read_finished(path: Path, fields: tuple[str, ...]) -> dict[Name, Mapping[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {_places_in(e, fields): e for e in entries if e["error"] is None and e["options"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "Not a batch report", value=path, remedy="Remove it, or run without --resume."
        ) from error
