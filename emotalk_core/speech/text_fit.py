"""How well a text fits the sound that it is followed through: in all, and where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ..model.config import PHONES
from .phones import SILENCE

__all__ = ["Fit", "Stretches", "unlike_line"]

Stretches = tuple[tuple[float, float], ...]  # seconds on the sound's own clock, in order

_LEAST_LIKE: Final = -1.15
"""Mean log share of a text's phones, beside the likeliest one's, below which it is not what is
said: of the dev sets 98 of 100 texts lie above it, and 98 of 100 wrong ones below.
"""
_UNLIKE: Final = -1.5
"""The same mean over five seconds of speech, below which another text is said there: in takes of a
minute of open_speech's train set the worst five are above -1.2 with the right text, and below -1.7
where some sentences were swapped for others.
"""
_WIDE_S: Final = 5.0  # seconds of speech that are judged at once
_NARROW_S: Final = 1.0  # and those at the edges of what is found
_MOST_TOLD: Final = 3
_NEAR_S: Final = 0.6
"""Of a window (Hann's) around each step in which what is said counts for `trust`."""
_LEAST_SPOKEN: Final = 1e-3  # steps in that window: pauses are as the text has them
_DOUBTED, _TRUSTED = -3.0, -1.5
"""The same mean in it: below the one nothing of a text is believed, above the other all of it."""


class Fit:
    """What is gathered, stretch by stretch, while a text is followed."""

    def __init__(self, n_steps: int, steps_per_s: float) -> None:
        self._rate = steps_per_s
        self._spoken = np.zeros(n_steps)  # how much of a step the text speaks in
        self._likeness = np.zeros(n_steps)  # log share of what it says, beside the likeliest one's

    def add(self, start: int, likely: np.ndarray, heard: np.ndarray) -> None:
        """From step `start` on: how likely each phone is by the text, (n, 46), and its log share
        as it was heard, float64 (n, 46). Pauses say nothing of a text.
        """
        silence = PHONES.index(SILENCE)
        spoken = likely.copy()
        spoken[:, silence] = 0.0
        part = slice(start, start + len(likely))
        self._spoken[part] = spoken.sum(axis=1)
        self._likeness[part] = (spoken * (heard - heard.max(axis=1, keepdims=True))).sum(axis=1)

    @property
    def is_said(self) -> bool:
        """Whether the text is what is said in the whole."""
        likeness, spoken = self._likeness.sum(), self._spoken.sum()
        return bool(likeness >= _LEAST_LIKE * spoken)

    def trust(self) -> np.ndarray:
        """How far the text is believed at each step, float (S,) of 0 .. 1: a word that was heard
        wrongly by whoever wrote it down, or left out, spoils no lips.
        """
        near = np.hanning(round(_NEAR_S * self._rate) + 2)[1:-1]
        spoken, likeness = (_around(x, near) for x in (self._spoken, self._likeness))
        mean = np.divide(likeness, spoken, out=np.zeros_like(spoken), where=spoken > _LEAST_SPOKEN)
        return np.clip((mean - _DOUBTED) / (_TRUSTED - _DOUBTED), 0.0, 1.0)

    def unlike(self) -> Stretches:
        """Stretches of five seconds of speech or more that are said otherwise."""
        wide, narrow = self._low(_WIDE_S), self._low(_NARROW_S)
        edges = np.flatnonzero(np.diff(wide, prepend=False, append=False)).reshape(-1, 2)
        found = [first + np.flatnonzero(narrow[first:end]) for first, end in edges]
        return tuple(
            (float(steps[0] / self._rate), float((steps[-1] + 1) / self._rate)) for steps in found
        )

    def _low(self, seconds: float) -> np.ndarray:
        """Which steps lie in a stretch of so much speech that is unlike its text, bool (S,)."""
        spoken, likeness = (np.r_[0.0, np.cumsum(x)] for x in (self._spoken, self._likeness))
        ends = np.searchsorted(spoken, spoken[:-1] + seconds * self._rate)
        starts = np.flatnonzero(ends < len(spoken))
        ends = ends[starts]
        are_low = likeness[ends] - likeness[starts] < _UNLIKE * (spoken[ends] - spoken[starts])
        change = np.zeros(len(spoken), int)
        np.add.at(change, starts[are_low], 1)
        np.add.at(change, ends[are_low], -1)
        return np.cumsum(change)[:-1] > 0


def _around(values: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Sums over a window around each of them, as many again."""
    half = len(window) // 2
    return np.convolve(values, window)[half : half + len(values)]


def unlike_line(unlike: Stretches, place: Callable[[float], str] = "{:.1f} s".format) -> str:
    """A warning about where a text is not what is said; empty where there is no such stretch.
    `place` says a second as the reader knows it.
    """
    if not unlike:
        return ""
    spans = [f"from {place(start)} to {place(end)}" for start, end in unlike]
    more = len(spans) - _MOST_TOLD
    told = [*spans[:_MOST_TOLD], *([f"in {more} more stretches"] if more > 0 else ())]
    return f"The text is not what is said {', '.join(told)}: mend its words there."
