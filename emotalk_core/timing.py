"""Frame rates as exact fractions, and curves from one rate to another."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

import numpy as np

from .errors import InputError

__all__ = ["NETWORK_FPS", "SAMPLE_RATE", "exact_rate", "frame_count", "frame_times", "resample"]

SAMPLE_RATE: Final = 16_000
"""Hz: what every engine hears."""

NETWORK_FPS: Final = Fraction(30)
"""Frames per second of every Encoding."""

_HUGE_EXPONENT: Final = re.compile(r"[eE][+-]?[\d_]{3}")
_NTSC = Fraction(1001, 1000)
_TOLERANCE = 5e-4  # 23.976, 23.98 and 24/1.001 all mean 24000/1001; 24 is 1e-3 away


def frame_count(n_samples: int) -> int:
    """Frames that a sound of `n_samples` at 16 kHz lasts, the last one begun."""
    return math.ceil(n_samples * NETWORK_FPS / SAMPLE_RATE)


def frame_times(n_frames: int, fps: Fraction, start_frame: int = 0) -> np.ndarray:
    """float64 (n_frames,): seconds at which frames `start_frame`, `start_frame` + 1 ... are due."""
    frames = np.arange(start_frame, start_frame + n_frames, dtype=np.float64)
    return frames * fps.denominator / fps.numerator


def exact_rate(rate: float | str | Fraction) -> Fraction:
    """The frame rate that is meant: 23.976 is 24000/1001, "30000/1001" and 25 are themselves.

    Raises
    ------
    InputError
        Not a number between 1 and 1000.
    """
    if isinstance(rate, str) and _HUGE_EXPONENT.search(rate):
        raise _bad_rate(rate)  # a Fraction of it would be made digit by digit, for hours
    try:
        # A comma, as spreadsheets of half of Europe write it.
        given = Fraction(rate.replace(",", ".") if isinstance(rate, str) else rate)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise _bad_rate(rate) from error
    if not 1 <= given <= 1000:
        raise _bad_rate(rate)
    if given.denominator == 1 or given.denominator == _NTSC.numerator:
        return given
    for meant in (Fraction(round(given)), round(given * _NTSC) / _NTSC):
        if abs(given - meant) <= _TOLERANCE * meant * (
            1 if meant.denominator > 1 else Fraction(1, 1000)
        ):
            return meant
    return given.limit_denominator(100_000)


def _bad_rate(rate: object) -> InputError:
    return InputError(
        "Not a frame rate", value=rate, remedy="Use 24, 29.97, 30000/1001 ... (1 to 1000)."
    )


def resample(
    values: np.ndarray,
    from_fps: Fraction,
    to_times_s: np.ndarray,
    *,
    held: np.ndarray | None = None,
    held_columns: np.ndarray | slice = slice(None),
) -> np.ndarray:
    """Curves at other times: linear between rows, so within their limits; held before the first and
    after the last.

    Parameters
    ----------
    values : float32 (T, C)
        Row k is due at k / `from_fps`.
    to_times_s : float64 (N,)
        Rising.
    held : bool (T,), optional
        Rows that must not be averaged away, such as closed lips that last one frame: each is copied
        to the target frame nearest to it, where that is at most half a target frame off.
    held_columns : index
        Which columns are copied so.

    Returns
    -------
    float32 (N, C)
    """
    last = len(values) - 1
    at = np.clip(np.asarray(to_times_s, np.float64) * float(from_fps), 0.0, last)
    before = np.minimum(at.astype(np.intp), max(last - 1, 0))
    share = (at - before).astype(np.float32)[:, None]
    # A time that is a frame's own but for rounding gives that frame to the bit.
    nearest = np.rint(share)
    share = np.where(np.abs(share - nearest) < 1e-6, nearest, share)
    out = values[before] * (1 - share) + values[np.minimum(before + 1, last)] * share
    if held is not None and held.any() and len(to_times_s):
        rows = np.flatnonzero(held)
        targets = _nearest(np.asarray(to_times_s, np.float64), rows / float(from_fps))
        inside = targets >= 0
        block = out[:, held_columns]
        block[targets[inside]] = values[rows[inside]][:, held_columns]
        out[:, held_columns] = block
    return np.ascontiguousarray(out, np.float32)


def _nearest(times_s: np.ndarray, wanted_s: np.ndarray) -> np.ndarray:
    """Index of the element of rising `times_s` nearest to each of `wanted_s`; -1 beyond half a
    step.
    """
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else math.inf
    right = np.clip(np.searchsorted(times_s, wanted_s), 1, max(len(times_s) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(times_s) - 1)
    index = np.where(wanted_s - times_s[left] <= times_s[right] - wanted_s, left, right)
    return np.where(np.abs(times_s[index] - wanted_s) <= 0.5 * step + 1e-9, index, -1)
