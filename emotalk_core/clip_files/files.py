"""Clips on disk: npz (exact), Live Link Face csv, json; read whole, written whole or row by row.
Mouth cues (tsv, dat) are written alone: nobody makes a face of them again.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from operator import index
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Protocol

import numpy as np

from ..atomic_file import atomic_file
from ..clip import Clip
from ..errors import InputError
from .cues import DatRows, TsvRows
from .live_link import COLUMNS, HEADER, csv_rows, read_csv

__all__ = ["CLIP_FORMATS", "FORMATS", "ClipWriter", "read_clip", "write_clip"]

_JSON_FORMAT: Final = "emotalk-clip"
_JSON_VERSION: Final = 1


class _Rows(Protocol):
    """One format, as rows come in."""

    def write(self, values: np.ndarray) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class _NpzRows:
    """`values` float32 (T, C), `channels`, `fps_num`, `fps_den`, `start_s`, `meta` (json): what
    numpy.load reads.
    """

    def __init__(self, file: IO[bytes], form: _Form) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._form = form
        shape = (form.n_frames, len(form.channels))
        self._values = self._zip.open(zipfile.ZipInfo("values.npy"), "w", force_zip64=True)
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._values, header)

    def write(self, values: np.ndarray) -> None:
        self._values.write(np.ascontiguousarray(values, "<f4").tobytes())

    def finish(self) -> None:
        self._values.close()
        arrays = {
            "channels": np.array(self._form.channels),
            "fps_num": np.array(self._form.fps.numerator),
            "fps_den": np.array(self._form.fps.denominator),
            "start_s": np.array(self._form.start_s),
            "meta": np.array(json.dumps(dict(self._form.meta))),
        }
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            self._zip.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
        self._zip.close()

    def abandon(self) -> None:
        # Both would close themselves when they are collected, and complain that their file is gone.
        for part in (self._values, self._zip):
            with contextlib.suppress(OSError, ValueError):
                part.close()


class _CsvRows:
    """Live Link Face: channels that are not there are 0; the meta has no place."""

    def __init__(self, file: IO[bytes], form: _Form) -> None:
        unknown = [c for c in form.channels if c not in COLUMNS]
        if unknown:
            raise InputError(
                "Live Link Face has no column for a channel",
                value=unknown[0],
                remedy="Write npz or json.",
            )
        if form.start_s < 0:
            raise InputError(
                "Live Link Face has no time before zero",
                value=form.start_s,
                remedy="Write npz or json.",
            )
        self._file, self._form, self._n_written = file, form, 0
        self._columns = [COLUMNS.index(c) for c in form.channels]
        file.write(f"{HEADER}\n".encode())

    def write(self, values: np.ndarray) -> None:
        rows = csv_rows(values, self._columns, self._form.fps, self._form.start_s, self._n_written)
        self._file.write("".join(rows).encode())
        self._n_written += len(values)

    def finish(self) -> None:
        pass

    def abandon(self) -> None:
        pass


class _JsonRows:
    """One object; a row of `values` stands on a line. Numbers have the digits that float32
    needs.
    """

    def __init__(self, file: IO[bytes], form: _Form) -> None:
        head: dict[str, object] = {
            "format": _JSON_FORMAT,
            "version": _JSON_VERSION,
            "fps": [form.fps.numerator, form.fps.denominator],
            "start_s": form.start_s,
            "channels": list(form.channels),
            "meta": dict(form.meta),
        }
        self._file, self._separator = file, b""
        file.write(json.dumps(head)[:-1].encode() + b', "values": [')

    def write(self, values: np.ndarray) -> None:
        for row in np.asarray(values, np.float32).astype("U32").tolist():
            self._file.write(self._separator + b"\n[" + ", ".join(row).encode() + b"]")
            self._separator = b","

    def finish(self) -> None:
        self._file.write(b"\n]}\n")

    def abandon(self) -> None:
        pass


@dataclass(frozen=True)
class _Form:
    """What is known of a clip before its rows."""

    channels: tuple[str, ...]
    fps: Fraction
    n_frames: int
    start_s: float
    meta: Mapping[str, object]


_WRITERS: Final[Mapping[str, Callable[[IO[bytes], _Form], _Rows]]] = {
    ".npz": _NpzRows,
    ".csv": _CsvRows,
    ".json": _JsonRows,
    ".tsv": TsvRows,
    ".dat": DatRows,
}

_DAMAGE: Final = (
    ArithmeticError,  # a rate of 30/0, a start of 10^400
    EOFError,
    LookupError,
    MemoryError,  # a shape beyond all bounds
    RuntimeError,  # npz with a password or a compression of another program, json without a bottom
    TypeError,
    ValueError,
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a file raises that is no clip, or one no longer."""

FORMATS: Final[tuple[str, ...]] = tuple(suffix[1:] for suffix in _WRITERS)
"""What a clip can be written to, by suffix."""

CLIP_FORMATS: Final = FORMATS[:3]
"""What it can be read from."""


class ClipWriter:
    """A clip file written row by row, with flat memory; a context manager.

    The file appears under its name when all of `n_frames` rows are there and the writer is closed;
    before that, and when anything fails, the old file stays and no part of the new one is left.

    Parameters
    ----------
    path : Path
        Suffix npz, csv (Live Link Face) or json; tsv (Rhubarb) or dat (Moho) for mouth cues.
    channels, fps, n_frames, meta, start_s
        As in `Clip`.

    Raises
    ------
    InputError
        No such format, or the clip does not fit into it.
    SetupError
        The disk is full, or the folder cannot be written to.
    """

    def __init__(
        self,
        path: Path | str,
        channels: Sequence[str],
        fps: Fraction,
        n_frames: int,
        meta: Mapping[str, object],
        *,
        start_s: float = 0.0,
    ) -> None:
        target = Path(path)
        rows = _WRITERS.get(target.suffix.lower())
        if rows is None:
            raise InputError(
                "Not a clip format", value=target.name, remedy=f"End it in .{', .'.join(FORMATS)}."
            )
        self._left = n_frames
        self._whole: AbstractContextManager[IO[bytes]] = atomic_file(target)
        file = self._whole.__enter__()
        try:
            self._rows = rows(file, _Form(tuple(channels), fps, n_frames, start_s, meta))
        except BaseException as error:
            self._whole.__exit__(type(error), error, error.__traceback__)
            raise

    def write(self, values: np.ndarray) -> None:
        """Append rows, float32 (n, C)."""
        self._left -= len(values)
        assert self._left >= 0, "more rows than announced"
        try:
            self._rows.write(values)
        except BaseException as error:
            self._give_up(error)
            raise

    def close(self) -> None:
        """Finish the file and put it in its place."""
        assert self._left == 0, f"{self._left} rows missing"
        try:
            self._rows.finish()
        except BaseException as error:
            self._give_up(error)
            raise
        self._whole.__exit__(None, None, None)

    def _give_up(self, error: BaseException) -> None:
        """Remove what has been written; an OSError becomes the user's error."""
        self._left = -1
        self._rows.abandon()
        self._whole.__exit__(type(error), error, error.__traceback__)

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        elif self._left >= 0:
            self._give_up(error)


def write_clip(clip: Clip, path: Path | str) -> None:
    """Write `clip` under `path`; the suffix names the format. The file is replaced at once, or not
    at all.
    """
    with ClipWriter(
        path, clip.channels, clip.fps, clip.n_frames, clip.meta, start_s=clip.start_s
    ) as writer:
        writer.write(clip.values)


def read_clip(path: Path | str) -> Clip:
    """The clip in a npz, csv (Live Link Face) or json file.

    Raises
    ------
    InputError
        Missing, cut short, of another format, or holding what makes no Clip.
    """
    source = Path(path)
    reader = {".npz": _read_npz, ".csv": _read_live_link, ".json": _read_json}.get(
        source.suffix.lower()
    )
    if reader is None:
        raise InputError(
            "Not a clip format", value=source.name, remedy=f"Use .{', .'.join(CLIP_FORMATS)}."
        )
    try:
        return reader(source)
    except OSError as error:
        remedy = f"{error.strerror or 'Write it again'}."
        raise InputError("Clip file cannot be read", value=source, remedy=remedy) from error
    except _DAMAGE as error:
        raise InputError(
            "Damaged clip file, or no clip at all", value=source, remedy="Write it again."
        ) from error


def _read_npz(path: Path) -> Clip:
    with zipfile.ZipFile(path) as archive:

        def get(name: str) -> np.ndarray:
            with archive.open(f"{name}.npy") as member:
                return np.lib.format.read_array(member, allow_pickle=False)

        return _clip(
            get("values").astype(np.float32, copy=False),
            [str(name) for name in get("channels")],
            (int(get("fps_num")), int(get("fps_den"))),
            float(get("start_s")),
            json.loads(str(get("meta"))),
        )


def _read_live_link(path: Path) -> Clip:
    with path.open(newline="", encoding="utf-8-sig") as file:
        values, channels, fps, first = read_csv(file, path)
    return Clip(values, channels, fps, 0.0, {"timecode": first})


def _read_json(path: Path) -> Clip:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if data["format"] != _JSON_FORMAT or data["version"] != _JSON_VERSION:
        raise InputError("Clip of another format", value=path, remedy="Write it with this release.")
    values = np.array(data["values"], np.float32).reshape(
        len(data["values"]), len(data["channels"])
    )
    return _clip(values, data["channels"], data["fps"], float(data["start_s"]), data["meta"])


def _clip(
    values: np.ndarray, channels: Sequence[Any], fps: Sequence[Any], start_s: float, meta: Any
) -> Clip:
    """What a file holds as a Clip; ValueError, TypeError or ArithmeticError where it is none."""
    rate = Fraction(*(index(part) for part in fps))  # of text a Fraction may take hours
    if not math.isfinite(start_s) or not isinstance(meta, dict):
        raise ValueError("start or meta")
    if rate > 0 and not 0.0 < float(rate) < math.inf:
        raise ValueError("rate")
    if not all(isinstance(name, str) for name in channels):
        raise TypeError("channels")
    return Clip(values, tuple(channels), rate, start_s, dict(meta))
