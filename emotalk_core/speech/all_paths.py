"""All paths through places in order at once: how likely each place is at each step (forward and
backward, Baum et al., "A maximization technique ...", 1970).

The best path is found first (Viterbi, as `best_path`), and places far from it are left out; rows
are kept for a stretch at a time and made again from its beginning. So time and memory grow with the
steps, not with steps times places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..progress import Progress, part_of, silent

__all__ = ["NoPathError", "Places", "all_paths"]

_STRETCH: Final = 512  # steps whose rows are in memory
_NEVER: Final = -1e9
_SEARCHED: Final = 2048
"""Places on both sides of the likeliest one among which the best path is looked for: two minutes of
speech that a text lacks, or has too much of, do not lead it astray.
"""
_BESIDE: Final = 96  # places on both sides of the best path that are weighed
_WHAT: Final = "Following the text"

_Row = tuple[int, np.ndarray]  # the first place, and the log share of each from there on
_Onward = Callable[[_Row, np.ndarray, int], _Row]  # to a step, given what fits there
_Read = Callable[[int, int], np.ndarray]


class NoPathError(ValueError):
    """No path that was looked at is at the last place when the last step comes."""


@dataclass(frozen=True, eq=False)
class Places:
    """What is passed through in order, from one of the first two to one of the last two, by steps
    of one place, of none, or over one that may be missing.
    """

    columns: np.ndarray  # int (N,): what each place has to fit to
    may_miss: np.ndarray  # bool (N,)


def all_paths(
    read: _Read, n_steps: int, places: Places, progress: Progress = silent
) -> Iterator[tuple[int, np.ndarray]]:
    """How likely each column is at each step over all paths, stretch by stretch from the last one:
    its first step, and float64 (n, C) whose rows sum to 1. `read` says how well each column fits:
    for steps start .. stop the log shares, float64 (n, C).

    Raises
    ------
    NoPathError
        There are more places than a likely path passes.
    """
    ways = _Ways(places)
    best = _best(read, n_steps, ways, part_of(progress, 0.0, 0.5))

    def onward(row: _Row, fit: np.ndarray, step: int) -> _Row:
        first, reached = ways.fitted(row, fit, _log_sum(ways.ahead(row)))
        start = max(int(best[step]) - _BESIDE, 0)
        return start, reached[start - first : int(best[step]) + _BESIDE + 1 - first]

    later: _Row | None = None
    for start, fits, rows in _backwards(read, n_steps, ways, onward, part_of(progress, 0.5, 1.0)):
        likely = np.empty_like(fits)
        for step in range(len(fits) - 1, -1, -1):
            row, fit = rows[step], fits[step]
            behind = ways.ends(row) if later is None else _log_sum(ways.behind(later, row))
            behind -= behind.max()
            shares, columns = np.exp(row[1] + behind - (row[1] + behind).max()), ways.columns(row)
            likely[step] = np.bincount(columns, shares / shares.sum(), len(fit))
            later = row[0], behind + fit[columns]
        yield start, likely


def _best(read: _Read, n_steps: int, ways: _Ways, progress: Progress) -> np.ndarray:
    """The place of the best path at each step, int (S,)."""

    def onward(row: _Row, fit: np.ndarray, _step: int) -> _Row:
        first, reached = ways.fitted(row, fit, ways.best_ahead(row))
        start = max(int(reached.argmax()) - _SEARCHED, 0)
        return first + start, reached[start : start + 2 * _SEARCHED + 1]

    best = np.empty(n_steps, np.int32)
    place = -1
    for start, _fits, rows in _backwards(read, n_steps, ways, onward, progress):
        for step in range(len(rows) - 1, -1, -1):
            if place < 0:
                first, values = rows[step]
                place = first + int((values + ways.ends(rows[step])).argmax())
            else:
                place = ways.before(place, rows[step])
            best[start + step] = place
    return best


def _backwards(
    read: _Read, n_steps: int, ways: _Ways, onward: _Onward, progress: Progress
) -> Iterator[tuple[int, np.ndarray, list[_Row]]]:
    """From the last stretch to the first: its first step, what fits at its steps, and its rows."""
    starts, begun, row = range(0, n_steps, _STRETCH), list[_Row](), None
    for start in starts:
        progress(0.5 * start / n_steps, _WHAT)
        for step, fit in enumerate(read(start, min(start + _STRETCH, n_steps)), start):
            row = ways.begin(fit) if row is None else onward(row, fit, step)
            if step == start:
                begun.append(row)
    for start in reversed(starts):
        progress(1.0 - 0.5 * start / n_steps, _WHAT)
        fits, rows = read(start, min(start + _STRETCH, n_steps)), [begun.pop()]
        for step, fit in enumerate(fits[1:], start + 1):
            rows.append(onward(rows[-1], fit, step))
        yield start, fits, rows


class _Ways:
    """The ways from places to places in one step."""

    def __init__(self, places: Places) -> None:
        self._columns, self._n = places.columns, len(places.columns)
        # Of the leap to each; two more for rows that end at the last place.
        self._leaps = np.full(self._n + 2, _NEVER)
        self._leaps[2 : self._n][places.may_miss[1:-1]] = 0.0

    def columns(self, row: _Row) -> np.ndarray:
        """Of a row's places."""
        first, values = row
        return self._columns[first : first + len(values)]

    def begin(self, fit: np.ndarray) -> _Row:
        """The first step."""
        return 0, fit[self._columns[:2]]

    def ahead(self, row: _Row) -> np.ndarray:
        """The three ways to each place, from a row's first one to two after its last, (3, n)."""
        first, values = row
        n = len(values)
        ways = np.full((3, n + 2), _NEVER)
        ways[0, :n] = values
        ways[1, 1:-1] = values
        ways[2, 2:] = values + self._leaps[first + 2 : first + 2 + n]
        return ways[:, : self._n - first]

    def best_ahead(self, row: _Row) -> np.ndarray:
        """The best of the three, (n,); of a few thousand places in half the time."""
        first, values = row
        best = np.append(values, (_NEVER, _NEVER))
        np.maximum(best[1:-1], values, out=best[1:-1])
        over = values + self._leaps[first + 2 : first + 2 + len(values)]
        np.maximum(best[2:], over, out=best[2:])
        return best[: self._n - first]

    def fitted(self, row: _Row, fit: np.ndarray, reached: np.ndarray) -> _Row:
        """The row after `row`, for what was `reached` from it; rows need no common scale."""
        reached += fit.take(self._columns[row[0] : row[0] + len(reached)])
        reached -= reached.max()
        return row[0], reached

    def behind(self, later: _Row, row: _Row) -> np.ndarray:
        """The three ways from each place of `row` to those of `later`, the row after it, (3, n)."""
        (start, values), (first, here) = later, row
        n = len(here)
        after = np.full(n + 2, _NEVER)
        after[start - first : start - first + len(values)] = values
        return np.stack(
            [after[:n], after[1:-1], after[2:] + self._leaps[first + 2 : first + 2 + n]]
        )

    def before(self, place: int, row: _Row) -> int:
        """From where in `row` the best way leads to a place."""
        first, values = row
        prices = 0.0, 0.0, self._leaps[place]
        found = {
            place - back: values[place - back - first] + price
            for back, price in enumerate(prices)
            if 0 <= place - back - first < len(values)
        }
        return max(found, key=lambda one: found[one])

    def ends(self, row: _Row) -> np.ndarray:
        """The last step: log share of each place of a row for its end."""
        first, values = row
        behind = np.where(np.arange(first, first + len(values)) >= self._n - 2, 0.0, _NEVER)
        if behind.max() < 0.0:
            raise NoPathError
        return behind


def _log_sum(ways: np.ndarray) -> np.ndarray:
    """Log of the sum of the ways to each place, (n,)."""
    most = ways.max(axis=0)
    return most + np.log(np.exp(ways - most).sum(axis=0))
