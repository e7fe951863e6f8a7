"""Reports as json files; that of a batch also says what an earlier run has finished."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..atomic_file import atomic_file
from ..errors import InputError

__all__ = ["BatchReport", "write_report"]


def write_report(path: Path, document: object) -> None:
    """Plain values as json."""
    with atomic_file(path) as file:
        file.write(json.dumps(document, indent=1).encode() + b"\n")


class BatchReport:
    """An entry for each job of a list, in its order; on disk after each.

    Jobs that this run has not come to keep the entry of an earlier one: a run that is stopped
    forgets nothing.

    Parameters
    ----------
    path : Path
    field : str
        Which field of an entry tells the jobs apart.
    names : sequence of str
        That field of all jobs, in their order.
    resumes : bool
        Whether to read what an earlier run has finished.

    Raises
    ------
    InputError
        What lies at `path` is no report of a batch.
    """

    def __init__(self, path: Path, field: str, names: Sequence[str], *, resumes: bool) -> None:
        self.path, self._field, self._names = path, field, names
        self._entries = _read_finished(path, field) if resumes else {}

    @property
    def entries(self) -> list[Mapping[str, Any]]:
        """What is known of the jobs of this list."""
        return [self._entries[name] for name in self._names if name in self._entries]

    def finished(self, name: str, options: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The entry of a job that came to its end under these very options."""
        entry = self._entries.get(name)
        return entry if entry is not None and entry["options"] == options else None

    def add(self, entry: Mapping[str, Any]) -> None:
        """Put what became of a job in place of what was known of it."""
        self._entries[entry[self._field]] = entry
        self.write()

    def write(self) -> None:
        """Write the file."""
        write_report(self.path, self.entries)


def _read_finished(path: Path, field: str) -> dict[str, Mapping[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {e[field]: e for e in entries if e["error"] is None and e["options"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "Not a batch report", value=path, remedy="Remove it, or run without --resume."
        ) from error
