"""Files of phones: Praat's TextGrid (long and short, as aligners write it), csv, and Audacity's
labels.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..atomic_file import atomic_file
from ..errors import InputError
from ..rows import Form, csv_rows, read_number, read_text
from .phone_names import plain_name, speller
from .phones import MOST_PARTS, SILENCE, Phone, letters_of

__all__ = ["SUFFIXES", "ensure_phone_file", "read_phones", "write_phones"]

_WHAT: Final = "file of phones"
_COLUMNS: Final = ("start_s", "end_s", "phone")
_CSV: Final = Form(_WHAT, _COLUMNS, ",".join(_COLUMNS))
_MFA_COLUMNS: Final = ("Begin", "End", "Label", "Type")
_MFA: Final = Form(_WHAT, _MFA_COLUMNS, ",".join(_MFA_COLUMNS))
_MAUS_COLUMNS: Final = ("BEGIN", "DURATION", "MAU")
_MAUS: Final = Form(_WHAT, _MAUS_COLUMNS, ";".join(_MAUS_COLUMNS))

_TIERS: Final = ("phones", "phone", "phonemes", "segments", "mau")
"""Names of the tier with phones, as MFA, WebMAUS and others give it."""

_ROUNDING_S: Final = 0.001  # times that overlap by less were rounded

_UNKNOWN: Final = "spn"  # as aligners call what they do not know: it stays as it was heard

_Row = tuple[str, str, str]  # start, end, symbol


def read_phones(path: Path) -> tuple[Phone, ...]:
    """The phones of a file, in the order of their times; what it leaves out stays as it is heard.

    Raises
    ------
    InputError
        The file cannot be read, has no tier of phones, a time is no number, phones overlap, or a
        symbol is none of IPA, ARPABET or SAMPA.
    """
    ensure_phone_file(path)
    reader = _READERS[path.suffix.lower()]
    rows = [(*times, plain_name(name)) for *times, name in reader(read_text(path, _WHAT), path)]
    said = [(start, end, name) for start, end, name in rows if name is not None]
    spell = speller(name for *_, name in said)
    phones = sorted((_phone(row, spell, path) for row in said), key=lambda one: one.start_s)
    for one, other in pairwise(phones):
        if other.start_s < one.end_s - _ROUNDING_S:
            raise InputError(
                f"Two phones overlap in {path.name}",
                value=f"{one.symbol} to {one.end_s:g} s, {other.symbol} from {other.start_s:g} s",
                remedy="Let one end before the other starts.",
            )
    if not phones:
        raise InputError("No phones in the file", value=path, remedy="Check what it holds.")
    return tuple(phones)


def _phone(row: _Row, spell: Callable[[str], str], path: Path) -> Phone:
    start, end, name = row
    start_s, end_s = (_seconds(text.strip(), name, path) for text in (start, end))
    if not 0.0 <= start_s < end_s:
        raise InputError(
            f"A phone must start at 0 or later and end after that, in {path.name}",
            value=f"{name} {start_s:g} to {end_s:g} s",
            remedy="Mend its times.",
        )
    symbol = SILENCE if name == SILENCE else spell(name)
    if name != SILENCE and not 1 <= len(letters_of(symbol)) <= MOST_PARTS:
        raise InputError(
            f"No such phone in {path.name}",
            value=f"{name} at {start_s:g} s",
            remedy="Write phones, not words: IPA, ARPABET or SAMPA.",
        )
    return Phone(start_s, end_s, symbol)


def _seconds(text: str, name: str, path: Path) -> float:
    try:
        seconds = read_number(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise InputError(
            f"Not a time in {path.name}",
            value=f"{text} ({name})",
            remedy="Write start and end in seconds.",
        )
    return seconds


def _rows_of_csv(text: str, path: Path) -> Iterator[_Row]:
    """Our own, one of MFA, which has words as well, or one of WebMAUS."""
    if text.lstrip().startswith("BEGIN"):
        yield from _rows_of_maus(csv_rows(text, _MAUS), path)
        return
    is_mfa = text.startswith(",".join(_MFA_COLUMNS))
    columns = _MFA_COLUMNS if is_mfa else _COLUMNS
    for row in csv_rows(text, _MFA if is_mfa else _CSV):
        start, end, phone, *kind = (row.get(name) or "" for name in columns)
        if kind in ([], ["phones"]):
            yield start, end, phone


def _rows_of_maus(rows: Iterable[Mapping[str, str]], path: Path) -> Iterator[_Row]:
    """Columns BEGIN;DURATION;TOKEN;MAU;ORT and others: begin and length of each phone."""
    said = [tuple((row.get(name) or "").strip() for name in _MAUS_COLUMNS) for row in rows]
    if said and all(begin.isdigit() and length.isdigit() for begin, length, _ in said):
        begin, _, phone = said[-1]
        raise InputError(
            f"Times in samples, where seconds should be, in {path.name}",
            value=f"{begin} ({phone})",
            remedy="Let WebMAUS write a TextGrid.",
        )
    for begin, length, phone in said:
        end_s = _seconds(begin, phone, path) + _seconds(length, phone, path)
        yield begin, str(end_s), phone


def _rows_of_labels(text: str, path: Path) -> Iterator[_Row]:
    """Audacity's: start, end, label, with tabs between them; lines with a backslash are the
    pitches of spectral labels.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("\\"):
            continue
        start, end, *label = line.split("\t") + [""] * 2
        if not end:
            raise InputError(
                f"Not a label in {path.name}",
                value=f"line {number}: {line[:40]}",
                remedy="Write start, end and phone with tabs between them.",
            )
        yield start, end, label[0]


# What a TextGrid says is its texts in quotes (a quote is written twice) and its numbers, in order.
# The long form has names before them, with numbers in brackets, and everything else is left over.
_TOKENS: Final = re.compile(
    r'"((?:[^"]|"")*)"|(?<![\w\[.+-])([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?![\w\].])'
)


@dataclass(frozen=True)
class _Tier:
    name: str
    rows: tuple[_Row, ...]


def _rows_of_grid(text: str, path: Path) -> tuple[_Row, ...]:
    """Of the tier that phones are on."""
    try:
        tiers = [*_tiers(_Tokens(text))]
    except (ValueError, IndexError) as error:
        raise InputError(
            "TextGrid cannot be read", value=path, remedy="Save it in Praat as text, long or short."
        ) from error
    exact = [tier for tier in tiers if _is_of_phones(tier.name)]
    # Of several speakers a tier is called "anna - phones". That of WebMAUS is MAU, beside ORT-MAU.
    ends = exact or [tier for tier in tiers if _is_of_phones(tier.name.split("-")[-1])]
    if len(ends) != 1:
        raise InputError(
            "More than one tier of phones" if ends else "No tier of phones",
            value=f"{path.name}: {', '.join(tier.name for tier in ends or tiers)}",
            remedy="Call the one that counts `phones`, and no other.",
        )
    return ends[0].rows


def _is_of_phones(name: str) -> bool:
    return name.strip().lower() in _TIERS


class _Tokens:
    """The texts and numbers of a TextGrid, one after another."""

    def __init__(self, text: str) -> None:
        self._found = [(match[1], match[2]) for match in _TOKENS.finditer(text)]
        self._at = 0

    def text(self) -> str:
        text, _ = self._next()
        if text is None:
            raise ValueError
        return text.replace('""', '"')

    def numbers(self, n: int) -> list[str]:
        return [self.number() for _ in range(n)]

    def number(self) -> str:
        _, number = self._next()
        if number is None:
            raise ValueError
        return number

    def _next(self) -> tuple[str | None, str | None]:
        self._at += 1
        return self._found[self._at - 1]


def _tiers(tokens: _Tokens) -> Iterator[_Tier]:
    """Tiers of intervals; those of points have no phones."""
    kind, holds = tokens.text(), tokens.text()
    if not kind.startswith("ooTextFile") or holds != "TextGrid":
        raise ValueError
    tokens.numbers(2)
    for _tier in range(int(tokens.number())):
        kind, name = tokens.text(), tokens.text()
        tokens.numbers(2)
        n = int(tokens.number())
        if kind == "IntervalTier":
            rows = ((tokens.number(), tokens.number(), tokens.text()) for _ in range(n))
            yield _Tier(name, tuple(rows))
        else:
            for _ in range(n):
                tokens.number()
                tokens.text()


_READERS: Final[Mapping[str, Callable[[str, Path], Iterator[_Row] | tuple[_Row, ...]]]] = (
    MappingProxyType({".textgrid": _rows_of_grid, ".csv": _rows_of_csv, ".txt": _rows_of_labels})
)
SUFFIXES: Final = (".TextGrid", ".csv", ".txt")
"""Of files of phones."""


def ensure_phone_file(path: Path) -> None:
    """Raise InputError for a name that is none of a file of phones."""
    if path.suffix.lower() not in _READERS:
        raise InputError(
            "No such kind of phone file", value=path.name, remedy=f"Use {', '.join(SUFFIXES)}."
        )


def write_phones(phones: Sequence[Phone], path: Path) -> None:
    """Write phones that follow each other without gaps; by suffix TextGrid, csv or txt.

    Raises
    ------
    InputError
        No such kind of file.
    SetupError
        The file cannot be written.
    """
    ensure_phone_file(path)
    writer = _WRITERS[path.suffix.lower()]
    with atomic_file(path) as file:
        file.write(writer(phones).encode())


def _csv(phones: Sequence[Phone]) -> str:
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    rows.writerows((f"{p.start_s:.3f}", f"{p.end_s:.3f}", p.symbol) for p in phones)
    return text.getvalue()


def _labels(phones: Sequence[Phone]) -> str:
    return "".join(f"{p.start_s:.6f}\t{p.end_s:.6f}\t{p.symbol}\n" for p in phones)


def _grid(phones: Sequence[Phone]) -> str:
    """Praat wants intervals from 0 on, also of a sound whose beginning nobody has heard."""
    begin_s, end_s = (phones[0].start_s, phones[-1].end_s) if phones else (0.0, 0.0)
    if round(begin_s, 3) > 0.0:
        phones = [Phone(0.0, begin_s, _UNKNOWN), *phones]
    end = f"{end_s:.3f}"
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", end, "<exists>", "1"]
    tier = ['"IntervalTier"', '"phones"', "0", end, str(len(phones))]
    rows = (
        f'{p.start_s:.3f}\n{p.end_s:.3f}\n"{"" if p.symbol == SILENCE else p.symbol}"'
        for p in phones
    )
    return "\n".join([*head, *tier, *rows, ""])


_WRITERS: Final[Mapping[str, Callable[[Sequence[Phone]], str]]] = MappingProxyType(
    {".textgrid": _grid, ".csv": _csv, ".txt": _labels}
)
