"""FLAME heads: jaw, neck and eyes are bones; expression keys follow by a matrix, which the user
gives or `heads.expression_fit` finds.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from .. import arkit
from ..atomic_file import atomic_file
from ..errors import InputError, RigError
from .binding import Driven, KeyTarget

__all__ = [
    "SLIDER_RANGE",
    "ExpressionMatrix",
    "check_matrix_name",
    "expression_driven",
    "flame_notes",
    "is_expression_key",
    "is_flame_key",
    "key_place",
    "read_expression_matrix",
    "write_expression_matrix",
]

SLIDER_RANGE: Final = 3.0
"""FLAME's expression coefficients are standard deviations: importers give their sliders -3..3."""

_KEY: Final = re.compile(r"^(Exp|Shape|Pose)0*(\d{1,4})$")


def is_flame_key(name: str) -> bool:
    """Whether `name` is a FLAME key: Exp1 … Exp100 (the official add-on), Exp000 … (SMPL-X
    importers).
    """
    return _KEY.match(name) is not None


def is_expression_key(name: str) -> bool:
    """Whether it is one of those that change the face, not one of its shape or pose."""
    return _expression_number(name) is not None


def _expression_number(name: str) -> int | None:
    match = _KEY.match(name)
    return int(match[2]) if match and match[1] == "Exp" else None


def flame_notes(names: Sequence[str]) -> tuple[str, ...]:
    """What the user should know about a FLAME head with these keys."""
    n_expressions = sum(_expression_number(name) is not None for name in names)
    return (
        f"FLAME head with {n_expressions} expression keys. Without a 52 to expression matrix file "
        "only the jaw, neck and eye bones are driven: Fit Expressions makes one.",
    )


@dataclass(frozen=True, eq=False)
class ExpressionMatrix:
    """FLAME's expression coefficients out of a face's: `coefficients @ values`."""

    channels: tuple[str, ...]  # rows
    keys: tuple[str, ...]  # columns: Exp1 … or Exp000 …
    values: np.ndarray  # float32 (channels, keys), signed; standard deviations per 1.0 of a channel

    def __post_init__(self) -> None:
        for kind, names in (("channel", self.channels), ("key", self.keys)):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise InputError(
                    f"The expression matrix names a {kind} twice",
                    value=twice,
                    remedy="Join the two.",
                )
        unknown = next((name for name in self.channels if name not in arkit.CHANNELS), None)
        if unknown is not None:
            raise InputError(
                "The expression matrix names an unknown channel",
                value=unknown,
                remedy="Use ARKit's names.",
            )
        wrong = next((name for name in self.keys if _expression_number(name) is None), None)
        if wrong is not None:
            raise InputError(
                "The expression matrix names a key that is none of FLAME's",
                value=wrong,
                remedy="Use Exp1 ….",
            )
        numbers = [_expression_number(name) for name in self.keys]
        twin = next((key for key in self.keys if numbers.count(_expression_number(key)) > 1), None)
        if twin is not None:
            raise InputError(
                "The expression matrix names a key in two ways",
                value=twin,
                remedy="Join the two.",
            )
        if self.values.shape != (len(self.channels), len(self.keys)):
            asked = f"{len(self.channels)} channels x {len(self.keys)} keys"
            raise InputError(
                "The expression matrix has the wrong shape",
                value=self.values.shape,
                remedy=f"Give {asked}.",
            )
        bad = np.argwhere(~np.isfinite(self.values))
        if len(bad):
            row, column = bad[0]
            raise InputError(
                "The expression matrix holds what is no number",
                value=f"{self.channels[row]}, {self.keys[column]}: {self.values[row, column]}",
                remedy="Write the number there.",
            )

    def of(self, channels: Collection[str]) -> ExpressionMatrix:
        """What it does for these channels alone."""
        rows = [row for row, name in enumerate(self.channels) if name in channels]
        kept = tuple(self.channels[row] for row in rows)
        return ExpressionMatrix(kept, self.keys, self.values[rows])


def read_expression_matrix(path: str | Path) -> ExpressionMatrix:
    """The matrix in a .csv (a row per channel, a column per key) or .npz (`channels`, `keys`,
    `values`) file.

    Raises
    ------
    InputError
        The file is missing, of another kind, or names and numbers in it do not fit.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".npz":
            return _from_npz(path)
        if path.suffix.lower() == ".csv":
            return _from_csv(path)
    except OSError as error:
        raise InputError(
            "The expression matrix cannot be read", value=path, remedy=f"{error.strerror or error}."
        ) from error
    raise _of_another_kind(path)


def write_expression_matrix(matrix: ExpressionMatrix, path: str | Path) -> None:
    """Write a .csv or .npz file, as `read_expression_matrix` takes it; an existing one is replaced
    only when the new one is whole.

    Raises
    ------
    InputError
        The file's name ends otherwise.
    """
    path = Path(path)
    check_matrix_name(path)
    with atomic_file(path) as file:
        if path.suffix.lower() == ".npz":
            channels, keys = np.array(matrix.channels), np.array(matrix.keys)
            np.savez(file, channels=channels, keys=keys, values=matrix.values)
        else:
            rows = [("channel", *matrix.keys)]
            rows += [
                (name, *(f"{value:.4g}" for value in row))
                for name, row in zip(matrix.channels, matrix.values.tolist(), strict=True)
            ]
            file.write("".join(",".join(row) + "\n" for row in rows).encode())


def check_matrix_name(path: Path) -> None:
    """InputError where no matrix file is called so."""
    if path.suffix.lower() not in (".csv", ".npz"):
        raise _of_another_kind(path)


def _of_another_kind(path: Path) -> InputError:
    return InputError(
        "An expression matrix is a .csv or .npz file",
        value=path,
        remedy="docs/rigs.md shows their form.",
    )


def _from_npz(path: Path) -> ExpressionMatrix:
    try:
        with np.load(path, allow_pickle=False) as archive:
            channels = tuple(str(name) for name in archive["channels"].tolist())
            keys = tuple(str(name) for name in archive["keys"].tolist())
            return ExpressionMatrix(channels, keys, np.asarray(archive["values"], np.float32))
    except KeyError as error:
        raise InputError(
            "The expression matrix lacks an array", value=path, remedy=f"{error.args[0]}."
        ) from error
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            "The expression matrix is damaged", value=path, remedy="docs/rigs.md shows its form."
        ) from error


def _from_csv(path: Path) -> ExpressionMatrix:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "The expression matrix is no text", value=path, remedy="Save it as UTF-8."
        ) from error
    rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(
            "The expression matrix is empty",
            value=path,
            remedy="Give key names in row 1, then channels, with commas between.",
        )
    keys = tuple(cell.strip() for cell in rows[0][1:])
    values = np.zeros((len(rows) - 1, len(keys)))
    for number, row in enumerate(rows[1:]):
        if len(row) != len(rows[0]):
            remedy = f"Row 1 has {len(rows[0])} cells, row {number + 2} has {len(row)}."
            raise InputError(
                "A row of the expression matrix has another length", value=row[0], remedy=remedy
            )
        values[number] = [
            _number(cell, f"{row[0].strip()}, {key}")
            for key, cell in zip(keys, row[1:], strict=True)
        ]
    with np.errstate(over="ignore"):  # what is too large is told as no number
        single = values.astype(np.float32)
    return ExpressionMatrix(tuple(row[0].strip() for row in rows[1:]), keys, single)


def _number(cell: str, place: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise InputError(
            "The expression matrix holds what is no number",
            value=f"{place}: {cell.strip() or 'an empty cell'}",
            remedy="Write the number there.",
        ) from error


def expression_driven(
    object_name: str, names: Sequence[str], matrix: ExpressionMatrix
) -> tuple[Driven, ...]:
    """What drives the expression keys of a mesh with shape keys `names`; limits are -3..3, so
    sliders must widen.

    Raises
    ------
    RigError
        The mesh lacks a key that the matrix uses.
    """
    keys = _keys_on_mesh(names, matrix.keys)
    driven: list[Driven] = []
    for key, column in zip(keys, matrix.values.T, strict=True):
        sources = tuple(
            (channel, float(w))
            for channel, w in zip(matrix.channels, column, strict=True)
            if w != 0.0
        )
        if sources:
            driven.append(
                Driven(
                    KeyTarget(object_name, key), sources, lower=-SLIDER_RANGE, upper=SLIDER_RANGE
                )
            )
    return tuple(driven)


def _keys_on_mesh(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The mesh's own spelling of each wanted key: Exp1 of the one numbering is Exp000 of the
    other.
    """
    if set(wanted) <= set(names):
        return list(wanted)
    by_place = {
        key_place(name, names): name for name in names if _expression_number(name) is not None
    }
    keys = [by_place.get(key_place(key, wanted)) for key in wanted]
    for key, found in zip(wanted, keys, strict=True):
        if found is None:
            remedy = (
                f"The mesh has {len(by_place)} expression keys; use a matrix made for that many."
            )
            raise RigError(
                "The mesh lacks an expression key of the matrix", value=key, remedy=remedy
            )
    return [key for key in keys if key is not None]


def key_place(name: str, among: Sequence[str]) -> int:
    """Which expression it is, counted from 0: where an index 0 exists names count from 0, else from
    1.
    """
    from_zero = any(_expression_number(other) == 0 for other in among)
    number = _expression_number(name)
    assert number is not None
    return number if from_zero else number - 1
