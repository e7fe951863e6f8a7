"""Tables that users write: csv files by the names in their first line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError

__all__ = ["Form", "csv_rows", "read_number", "read_text"]


@dataclass(frozen=True)
class Form:
    """What a table is, for the words of errors, and what it must have."""

    what: str
    needs: tuple[str, ...]  # columns
    example: str  # of a first line


def read_text(path: Path, what: str) -> str:
    """The text of a file.

    Raises
    ------
    InputError
        It is not there, is no file, or is neither UTF-8 nor UTF-16.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode(_coding(raw))
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError as error:
        raise InputError(f"No such {what}", value=path, remedy="Check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{what.capitalize()} cannot be read", value=path, remedy="Save it as UTF-8."
        ) from error
    except OSError as error:  # Windows says of a folder that it may not be opened
        if path.is_dir():
            why, remedy = "a folder", "Name a file in it."
        else:
            why, remedy = error.strerror or str(error), "See to its rights and its disk."
        raise InputError(
            f"{what.capitalize()} cannot be read ({why})", value=path, remedy=remedy
        ) from error


def read_number(cell: str) -> float:
    """What a cell says, with a comma too, as spreadsheets write it beside semicolons; ValueError
    where it is no number.
    """
    return float(cell.replace(",", "."))


def _coding(raw: bytes) -> str:
    """UTF-8, or the UTF-16 that Praat and some spreadsheets write once a letter is not of ASCII;
    without a mark it shows by the zero beside the first letter, which is one of ASCII.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(raw) > 1 and 0 in raw[:2]:
        return "utf-16-be" if raw[0] == 0 else "utf-16-le"
    return "utf-8-sig"


def csv_rows(text: str, form: Form) -> list[dict[str, str]]:
    """The rows of a csv in which something stands, by the names in its head.

    Raises
    ------
    InputError
        A column is missing or there twice, a row is longer than the head, or a quote is open.
    """
    first = text.lstrip().partition("\n")[0]
    # Spreadsheets write semicolons where numbers have commas.
    delimiter = ";" if ";" in first and "," not in first else ","
    table = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    rows = _whole_rows(table, form)
    head = [name.strip() for name in next(rows, form.needs)]
    _check_head(head, form)
    return [_by_name(head, row, table.line_num) for row in rows]


def _whole_rows(table: Any, form: Form) -> Iterator[list[str]]:
    """Rows in which something stands."""
    try:
        yield from (row for row in table if any(map(str.strip, row)))
    except csv.Error as error:
        raise InputError(
            f"{form.what.capitalize()} cannot be read",
            value=f"line {table.line_num}: {error}",
            remedy="Close its quotes, or shorten the cell.",
        ) from error


def _check_head(head: Sequence[str], form: Form) -> None:
    missing = next((name for name in form.needs if name not in head), None)
    if missing is not None:
        raise InputError(
            f"No column `{missing}` in the {form.what}",
            value=",".join(head),
            remedy=f"Name the columns in the first line: {form.example}.",
        )
    twice = next((name for name in head if name and head.count(name) > 1), None)
    if twice is not None:
        raise InputError("Two columns of one name", value=twice, remedy="Remove one of them.")


def _by_name(head: Sequence[str], row: Sequence[str], line: int) -> dict[str, str]:
    """A row by the names of its cells; one with more cells than names has lost part of a list."""
    if any(row[len(head) :]):
        raise InputError(
            f"More cells than the head has, in line {line}",
            value=",".join(row[: len(head)]),
            remedy='Quote the list: a.wav,"happy=0.5,sad=0.5".',
        )
    return dict(zip(head, row, strict=False))
