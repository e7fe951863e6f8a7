"""The csv format of Apple's Live Link Face: 52 coefficients, nine rotations and a timecode in each
row.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from .arkit import CHANNELS
from .errors import InputError
from .timing import exact_rate

__all__ = ["COLUMNS", "HEADER", "csv_rows", "read_csv", "timecode"]

# The phone's order: jaw and mouth sides stand the other way round than in Apple's own list.
_ORDER: Final = {
    "jawLeft": "jawRight",
    "jawRight": "jawLeft",
    "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}
_ROTATIONS: Final = tuple(
    f"{part}{axis}" for part in ("head", "leftEye", "rightEye") for axis in ("Yaw", "Pitch", "Roll")
)

COLUMNS: Final[tuple[str, ...]] = (*(_ORDER.get(name, name) for name in CHANNELS), *_ROTATIONS)
"""The 61 value columns as channel names."""


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


HEADER: Final = ",".join(("Timecode", "BlendshapeCount", *map(_capital, COLUMNS)))
"""First line of the file."""

_USUAL_RATES: Final = tuple(
    Fraction(n, d)
    for n, d in (
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
    )
)
_DAY_S: Final = 86_400


def timecode(frame: int, fps: Fraction, start_s: float = 0.0) -> str:
    """HH:MM:SS:FF.mmm of a row: true time, counted within the second in frames of the rate rounded
    up.

    So 23.976 frames/s run to frame 23 and show a drift of a thousandth of a frame each: nothing is
    dropped.
    """
    return next(iter(_timecodes(frame, 1, fps, start_s)))


def _timecodes(first: int, count: int, fps: Fraction, start_s: float) -> Iterable[str]:
    """`timecode` of many rows; fractions are slow, so one is made for all of them."""
    unit = math.ceil(fps) * 1000  # thousandths of a frame in a second
    zero, step = Fraction(start_s) * unit, unit / fps
    over = math.lcm(zero.denominator, step.denominator)
    at, stride = int(zero * over), int(step * over)
    for frame in range(first, first + count):
        whole, rest = divmod(at + stride * frame, over)
        whole += 2 * rest > over or (2 * rest == over and whole % 2)  # to even, as `round` does
        seconds, part = divmod(whole, unit)
        minutes, second = divmod(seconds % _DAY_S, 60)
        hours, minute = divmod(minutes, 60)
        yield f"{hours:02d}:{minute:02d}:{second:02d}:{part // 1000:02d}.{part % 1000:03d}"


_ROW: Final = ",".join(["%.10f"] * len(COLUMNS))


def csv_rows(
    values: np.ndarray, columns: Sequence[int], fps: Fraction, start_s: float, first: int
) -> Iterable[str]:
    """Lines for `values` (T, C), whose channel c goes to value column `columns[c]`; row 0 is frame
    `first`.
    """
    wide = np.zeros((len(values), len(COLUMNS)))
    wide[:, list(columns)] = values
    codes = _timecodes(first, len(values), fps, start_s)
    for code, row in zip(codes, wide.tolist(), strict=True):
        yield f"{code},{len(COLUMNS)},{_ROW % tuple(row)}\n"


def read_csv(
    lines: Iterable[str], name: object
) -> tuple[np.ndarray, tuple[str, ...], Fraction, str]:
    """Values, channels, rate and first timecode of a Live Link Face file, ours or the phone's.

    The phone's timecodes are the time of day, so they tell the rate and no more. Rotations that are
    0 throughout are left out, and columns that are neither coefficients nor rotations (NeuroSync's
    emotions) too.

    Raises
    ------
    InputError
        Columns are missing, or a row has no number where one should be.
    """
    rows = [row for row in csv.reader(lines) if row]
    head = [h.strip()[:1].lower() + h.strip()[1:] for h in rows[0]] if rows else []
    missing = [c for c in CHANNELS if c not in head]
    if missing or head[0] != "timecode":
        raise InputError(
            "Not a Live Link Face csv",
            value=name,
            remedy=f"Missing columns: {', '.join(missing[:3]) or 'Timecode'}.",
        )
    body = [row for row in rows[1:] if len(row) >= len(head) and row[2].strip()]
    if not body:
        raise InputError("No rows in the csv", value=name, remedy="Record or write it again.")
    names = [n for n in (*CHANNELS, *_ROTATIONS) if n in head]
    where = [head.index(n) for n in names]
    try:
        values = np.array([[float(row[i]) for i in where] for row in body], np.float32)
        rate = _rate([row[0] for row in body])
    except ValueError as error:
        raise InputError(
            "A cell of the csv is no number", value=name, remedy=f"{error}."
        ) from error
    if not np.isfinite(values).all():
        frame, column = map(int, np.argwhere(~np.isfinite(values))[0])
        raise InputError(
            "A cell of the csv is no number",
            value=name,
            remedy=f"{_capital(names[column])} at {body[frame][0]} is {values[frame, column]}.",
        )
    used = [i for i, n in enumerate(names) if n in CHANNELS or values[:, i].any()]
    return values[:, used], tuple(names[i] for i in used), rate, body[0][0]


def _rate(codes: Sequence[str]) -> Fraction:
    """Frames per second from timecodes; 60, the phone's own, where one row or less than a second
    cannot tell.
    """
    parts = [code.strip().replace(";", ":").split(":") for code in codes]
    seconds = [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s, _ in parts]
    frames = [float(f) for *_, f in parts]
    steps = [
        b - a for (a, b), (s, t) in zip(pairwise(frames), pairwise(seconds), strict=True) if s == t
    ]
    step = float(np.median(steps)) if steps else 1.0
    wraps = [
        a + step - b
        for (a, b), (s, t) in zip(pairwise(frames), pairwise(seconds), strict=True)
        if t == s + 1
    ]
    if wraps:
        base = max(1, round(float(np.median(wraps))))
    else:
        base = 60 if max(frames) >= 30 or len(codes) == 1 else 30
    span_s = seconds[-1] - seconds[0] + (frames[-1] - frames[0]) / base
    if span_s <= 0:
        return Fraction(base)
    measured = (len(codes) - 1) / span_s
    # A timecode is exact to half a thousandth of a frame at each end; phones jitter by more.
    sure = 2.0 / (1000 * (len(codes) - 1)) if abs(step - 1.0) < 0.01 else 0.02
    close = [r for r in _USUAL_RATES if abs(measured / float(r) - 1.0) <= sure]
    if not close and len(codes) > 2:
        close = [r for r in _USUAL_RATES if abs(measured / float(r) - 1.0) <= 0.02]
    if close:
        return min(close, key=lambda r: abs(float(r) - measured))
    return exact_rate(round(measured, 3))
