"""Windows over long sound for a network that hears the whole clip: where they lie, how they join.

Unlike the starter's, these windows are an approximation: what a frame hears ends with its window.
A sound that fits into one window is heard as published.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from . import Encoding

__all__ = ["CONTEXT", "HOP", "Joiner", "Span", "Whole", "plan"]

HOP, REACH = 320, 400
"""Samples from one state of the convolutions to the next, and samples that one of them hears."""

CONTEXT: Final = 90  # frames on each side of a window that are heard and not kept, 3 s
_FADE: Final = 30  # frames over which neighbours are cross-faded, in the middle of their overlap


@dataclass(frozen=True)
class Whole:
    """Lengths of one clip at each stage, as published."""

    n_frames: int  # at 30 fps
    n_states: int  # of the convolutions, 50 Hz
    n_rows: int  # of the emotion encoder

    @classmethod
    def of(cls, n_samples: int, fps: int) -> Whole:
        """Of a clip; the published expressions, in floats: some lengths differ from exact ones."""
        n_states = max(2, (n_samples - REACH) // HOP + 1)
        n_frames = math.ceil(n_samples / 16_000 * fps)
        return cls(max(1, n_frames), n_states, int(n_states / 50.0 * 30))

    def state_of_frame(self, frame: np.ndarray) -> np.ndarray:
        """Where frames lie in states: first on first, last on last."""
        return frame * ((self.n_states - 1) / max(self.n_frames - 1, 1))

    def state_of_row(self, row: np.ndarray) -> np.ndarray:
        """Where rows of the emotion encoder lie in states."""
        return row * ((self.n_states - 1) / max(self.n_rows - 1, 1))

    def row_of_frame(self, frame: np.ndarray) -> np.ndarray:
        """Where frames lie in rows of the emotion encoder."""
        return frame * ((self.n_rows - 1) / max(self.n_frames - 1, 1))


@dataclass(frozen=True)
class Span:
    """One window: which frames, and where they lie in its own states and rows."""

    whole: Whole
    first: int  # frame
    n_frames: int

    @property
    def last(self) -> int:
        """Frame behind the window."""
        return self.first + self.n_frames

    @property
    def rows(self) -> tuple[int, int]:
        """First row of the emotion encoder, and the one behind the last."""
        ends = self.whole.row_of_frame(np.array([self.first, self.last - 1], np.float64))
        return math.floor(ends[0] + 1e-9), min(self.whole.n_rows, math.ceil(ends[1] - 1e-9) + 1)

    @property
    def states(self) -> tuple[int, int]:
        """First state that is looked at, and the one behind the last."""
        frames = self.whole.state_of_frame(np.array([self.first, self.last - 1], np.float64))
        row, behind = self.rows
        rows = self.whole.state_of_row(np.array([row, behind - 1], np.float64))
        first = math.floor(min(frames[0], rows[0]) + 1e-9)
        last = math.ceil(max(frames[1], rows[1]) - 1e-9)
        return first, min(self.whole.n_states, last + 1)

    @property
    def samples(self) -> tuple[int, int]:
        """First sample that is heard, and the one behind the last."""
        first, behind = self.states
        return first * HOP, (behind - 1) * HOP + REACH

    def places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """float64: frames in the window's states, rows in its states, frames in its rows."""
        frames = np.arange(self.first, self.last, dtype=np.float64)
        (row, behind), (state, _) = self.rows, self.states
        rows = np.arange(row, behind, dtype=np.float64)
        return (
            np.maximum(self.whole.state_of_frame(frames) - state, 0.0),
            np.maximum(self.whole.state_of_row(rows) - state, 0.0),
            np.maximum(self.whole.row_of_frame(frames) - row, 0.0),
        )


def plan(whole: Whole, done: int, longest: int) -> list[Span]:
    """Windows of equal length, `longest` frames at most, for the frames from `done` on."""
    context = min(CONTEXT, longest // 4)
    start = 0 if done == 0 else max(0, done - context + _FADE // 2)
    length = whole.n_frames - start
    if length <= longest:
        return [Span(whole, start, length)]
    count = math.ceil((length - 2 * context) / (longest - 2 * context))
    size = math.ceil((length - 2 * context) / count) + 2 * context
    starts = [start + i * (size - 2 * context) for i in range(count)]
    starts[-1] = whole.n_frames - size
    return [Span(whole, first, size) for first in starts]


class Joiner:
    """Cross-fades what windows heard into consecutive pieces."""

    def __init__(self, n_frames: int, level: np.ndarray) -> None:
        self._n_frames, self._level = n_frames, level
        self.done = 0  # frames that have been given away
        self._faded: Sequence[np.ndarray] = ()  # of the last window, from `done` on

    def add(self, span: Span, heard: Sequence[np.ndarray], following: Span | None) -> Encoding:
        """The frames that are now complete.

        Parameters
        ----------
        heard : content, emotion and heard shares, float32 (span.n_frames, ...)
        following : Span, optional
            The next window; None after the last one.
        """
        stop = self._n_frames if following is None else _joint(span, following)
        fields = [array[self.done - span.first :] for array in heard]
        n_faded = len(self._faded[0]) if self._faded else 0
        if n_faded:
            ramp = ((np.arange(n_faded, dtype=np.float32) + 0.5) / n_faded)[:, None]
            for field, before in zip(fields, self._faded, strict=True):
                field[:n_faded] = before * (1.0 - ramp) + field[:n_faded] * ramp
        n_given = stop - self.done
        self._faded = (
            () if following is None else [f[n_given : n_given + _FADE].copy() for f in fields]
        )
        level = self._level[self.done : stop]
        self.done = stop
        content, emotion, shares = (field[:n_given] for field in fields)
        return Encoding(content, emotion, shares, level)


def _joint(span: Span, following: Span) -> int:
    """Frame at which the fade from one window to the next begins."""
    return (span.last + following.first) // 2 - _FADE // 2
