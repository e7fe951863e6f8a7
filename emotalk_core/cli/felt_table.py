"""A table of feelings, phrase by phrase, as a track of controls."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..controls import EMOTIONS, MOVING, Controls, ControlTrack, emotion_weights
from ..errors import InputError
from ..rows import Form, csv_rows, read_number, read_text
from ..speech.phrases import Phrase, felt_track

__all__ = ["COLUMNS", "is_filled_in", "read_feelings"]

_TIMES: Final = ("start_s", "end_s")
COLUMNS: Final = (*_TIMES, "heard", *MOVING)
"""Of the table; `heard` is there to be read by people."""

_TABLE: Final = Form("table of feelings", _TIMES, "start_s,end_s,happy,sad")


def read_feelings(path: Path, base: Controls) -> ControlTrack:
    """`base`, with the feelings of the table's phrases in their times.

    Raises
    ------
    InputError
        The table cannot be read, a cell is no number or out of range, or phrases overlap.
    """
    rows = csv_rows(read_text(path, _TABLE.what), _TABLE)
    return felt_track(base, [*_felt(rows, base)])


def is_filled_in(path: Path) -> bool:
    """Whether somebody has written into a table that is there; False for any other file."""
    try:
        rows = csv_rows(read_text(path, _TABLE.what), _TABLE)
    except InputError:
        return False
    return any(row.get(name) for row in rows for name in MOVING)


def _felt(rows: list[dict[str, str]], base: Controls) -> Iterator[tuple[Phrase, Controls]]:
    for number, row in enumerate(rows, 1):
        unknown = next((name for name in row if name and name not in COLUMNS), None)
        if unknown is not None:
            raise InputError("No such column", value=unknown, remedy=f"Use {', '.join(COLUMNS)}.")
        start_s, end_s = (_number(row, name, number) for name in _TIMES)
        if start_s is None or end_s is None:
            raise InputError("A phrase without its times", value=f"row {number}", remedy="Fill in.")
        given = {name: x for name in MOVING if (x := _number(row, name, number)) is not None}
        if given:
            yield Phrase(start_s, end_s), _controls(given, base)


def _controls(given: Mapping[str, float], base: Controls) -> Controls:
    """A row that has emotions is felt by them alone, unless it says how far."""
    numbers: dict[str, Any] = {n: given[n] for n in ("mix", "intensity") if n in given}
    weights = {name: given[name] for name in EMOTIONS if name in given}
    if weights:
        numbers = {"emotions": emotion_weights(weights), "mix": 1.0} | numbers
    return replace(base, **numbers)


def _number(row: Mapping[str, str], name: str, number: int) -> float | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    try:
        value = read_number(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"Not a number for {name}", value=text, remedy=f"Mend row {number} of the table."
        )
    return value
