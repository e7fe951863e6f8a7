"""The csv format of Apple's Live Link Face: 52 coefficients, nine rotations and a timecode in each
row.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from ..arkit import CHANNELS
from ..errors import InputError
from ..timing import exact_rate

__all__ = ["COLUMNS", "HEADER", "csv_rows", "read_csv"]

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
_LONGEST_GAP_S: Final = 60  # a phone that sees no face for longer has been put away
_MOST_HELD: Final = 0.02  # of rows with the timecode of the one before; clocks of half the rate: .5


def _timecodes(first: int, count: int, fps: Fraction, start_s: float) -> Iterable[str]:
    """HH:MM:SS:FF.mmm of rows: true time, counted within the second in frames of the rate rounded
    up. So 23.976 frames/s run to frame 23 and show a drift of a thousandth of a frame each: nothing
    is dropped. Fractions are slow, so one is made for all of them.
    """
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

    The phone's timecodes are the time of day, so they tell the rate and no more. Where it saw no
    face it leaves the row empty, or out: such rows go straight from the one before to the one
    after. Rotations that are 0 throughout are left out, and columns that are neither coefficients
    nor rotations (NeuroSync's emotions) too.

    Raises
    ------
    InputError
        Columns are missing, or a row has no number where one should be, or no timecode.
    """
    rows = [row for row in csv.reader(lines) if row]
    head = [h.strip()[:1].lower() + h.strip()[1:] for h in rows[0]] if rows else []
    missing = [c for c in CHANNELS if c not in head]
    if missing or head[0] != "timecode":
        remedy = f"Missing columns: {', '.join(missing[:3]) or 'Timecode'}."
        if len(head) == 1 and ";" in head[0]:
            remedy = "Semicolons part its cells: save it with commas, and points in numbers."
        raise InputError("Not a Live Link Face csv", value=name, remedy=remedy)
    timed = [row for row in rows[1:] if any(map(str.strip, row))]
    seen = [i for i, row in enumerate(timed) if len(row) >= len(head) and row[2].strip()]
    if not seen:
        raise InputError("No rows in the csv", value=name, remedy="Record or write it again.")
    timed = timed[: seen[-1] + 1]
    names = [n for n in (*CHANNELS, *_ROTATIONS) if n in head]
    where = [head.index(n) for n in names]
    try:
        values = np.array([[float(timed[r][i]) for i in where] for r in seen], np.float32)
    except ValueError as error:
        raise InputError(
            "A cell of the csv is no number", value=name, remedy=f"{error}."
        ) from error
    if not np.isfinite(values).all():
        row, column = map(int, np.argwhere(~np.isfinite(values))[0])
        raise InputError(
            "A cell of the csv is no number",
            value=name,
            remedy=f"{_capital(names[column])} at {timed[seen[row]][0]} is {values[row, column]}.",
        )
    rate, frames = _timing([row[0] for row in timed])
    values = _without_gaps(values, frames[seen])
    used = [i for i, n in enumerate(names) if n in CHANNELS or values[:, i].any()]
    return values[:, used], tuple(names[i] for i in used), rate, timed[0][0]


def _without_gaps(values: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """A row for every frame from 0 on, of rows that are there for `frames`."""
    every = np.arange(frames[-1] + 1)
    if len(every) == len(frames):
        return values
    columns = [np.interp(every, frames, column) for column in values.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _time_of_day(code: str) -> tuple[int, float]:
    """Seconds, and frames within the last of them."""
    try:
        hours, minutes, seconds, frames = code.strip().replace(";", ":").split(":")
        second, frame = int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frames)
        if not 0.0 <= frame < 1000.0:
            raise ValueError(frames)
    except ValueError as error:
        raise InputError(
            "A row of the csv has no timecode", value=code, remedy="Write HH:MM:SS:FF."
        ) from error
    return second, frame


def _timing(codes: Sequence[str]) -> tuple[Fraction, np.ndarray]:
    """Frames per second from timecodes (60, the phone's own, where one row or less than a second
    cannot tell), and which frame each row is, int (T,), counted from the first one.
    """
    times = [_time_of_day(code) for code in codes]
    seconds = np.array([second for second, _frame in times])
    frames = np.array([frame for _second, frame in times])
    ahead, moved = np.diff(seconds) % _DAY_S, np.diff(frames)
    if (ahead > _LONGEST_GAP_S).any():
        code = codes[int(np.argmax(ahead > _LONGEST_GAP_S)) + 1]
        raise InputError(
            "The csv holds two recordings", value=f"{code} begins one", remedy="Split it there."
        )
    is_within = ahead == 0
    step = float(np.median(moved[is_within])) if is_within.any() else 1.0
    wraps = step - moved[ahead == 1]
    if len(wraps):
        # A second that begins in a gap seems shorter by it: of two, the longer tells.
        base = max(1, round(float(np.quantile(wraps, 0.5, method="higher"))))
    else:
        base = 60 if max(frames) >= 30 or len(codes) == 1 else 30
    passed = np.ones(len(moved), np.intp)
    if is_within.any() and step > 0.0:
        passed = _frames_passed((ahead * base + moved) / step, seconds[1:], base / step)
    places = np.concatenate([[0], np.cumsum(passed)])
    span_s = float(ahead.sum() + (frames[-1] - frames[0]) / base)
    return _rate(int(places[-1]), span_s, base=base, is_exact=abs(step - 1.0) < 0.01), places


def _frames_passed(steps: np.ndarray, seconds: np.ndarray, fps: float) -> np.ndarray:
    """How many frames each of `steps`, in usual ones, goes on: more than one where rows are left
    out. Where time often stands still between rows it is too coarse to tell.

    `seconds`: in which each step ends.
    """
    if (steps < 0.5).mean() > _MOST_HELD:
        return np.ones(len(steps), np.intp)
    # Drop-frame timecodes leave out the first two of 30 numbers of a minute, and no rows.
    is_named = (seconds % 60 == 0) & (np.abs(steps - 1.0 - fps / 15) < 0.25)
    beyond = np.where(is_named, 0.0, steps - 1.0)
    # Behind a row that came late the next is early, which leaves nothing out between them.
    around = np.convolve(beyond, np.ones(3))[1:-1]
    return 1 + np.maximum(0.0, np.rint(np.minimum(beyond, around))).astype(np.intp)


def _rate(n_steps: int, span_s: float, *, base: int, is_exact: bool) -> Fraction:
    """The usual rate that is nearest to so many steps in so many seconds."""
    if span_s <= 0:
        return Fraction(base)
    measured = n_steps / span_s
    # A timecode is exact to half a thousandth of a frame at each end; phones jitter by more.
    sure = 2.0 / (1000 * n_steps) if is_exact else 0.02
    close = [r for r in _USUAL_RATES if abs(measured / float(r) - 1.0) <= sure]
    if not close and n_steps > 1:
        close = [r for r in _USUAL_RATES if abs(measured / float(r) - 1.0) <= 0.02]
    if close:
        return min(close, key=lambda r: abs(float(r) - measured))
    return exact_rate(round(measured, 3))
