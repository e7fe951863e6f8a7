"""Passages: a face that goes straight from one take to the next goes over within the beginning of
the later one. No Blender here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np

from ..clip import Clip
from ..retarget import BakeOptions, KeyTable, faces_of
from ..shaping.closure import met_lips
from .easing import Place, leads_into, table_ends
from .thinning import thinned

__all__ = [
    "Passage",
    "earlier",
    "ends_in",
    "ends_of",
    "free_frames",
    "gone_over",
    "left_to_later",
    "passage_frames",
]

_OF_EASE: Final = 5 / 6
"""Share of the seconds of an ease in which a face goes over: .5 s as it comes."""

_SPEECH_S: Final = 0.1
"""In how many seconds what speaks goes over at most: as long as jaws take out of a p."""

_QUARTER: Final = 0.25

_FLANK: Final = 6  # rows after a contact that tell it from a rest

_NEAR: Final = 1e-3  # frames


@dataclass(frozen=True)
class Passage:
    """How a curve goes over from an earlier take's value to its own ones."""

    frame: float  # where it has that value still: the earlier take's last key, or pose
    value: float
    end: float  # from here on it is its own


def passage_frames(ease_out: int) -> int:
    """Scene frames in which a face goes over that asks for so many to settle."""
    return math.ceil(ease_out * _OF_EASE - 1e-6)


def free_frames(
    clip: Clip, *, rate: Fraction, start_frame: float, first: float, n_frames: int, step: int
) -> tuple[int, int]:
    """Scene frames from a take's `first` one on in which what speaks, and what parts the lips
    besides, may be on its way: until the first contact of the lips, which it would open; what
    speaks no longer than a mouth takes.

    Parameters
    ----------
    clip : Clip
        What the take was made from.
    rate, start_frame :
        As `retarget` has them.
    n_frames : int
        In how many scene frames the face goes over.
    step : int
        Scene frames from key to key, where contacts are moved to.
    """
    frames = start_frame + clip.times_s() * float(rate)
    n_rows = int(np.searchsorted(frames, first + n_frames)) + _FLANK
    met = np.flatnonzero(met_lips(faces_of(replace(clip, values=clip.values[:n_rows]))))
    contacts = step * np.rint((frames[met] - first) / step)
    free = int(min([n_frames, *contacts[contacts >= 0.0]]))
    return min(free, math.ceil(_SPEECH_S * rate - 1e-6) - 1), free


def ends_of(
    first: float, frame: float, n_frames: int, free: tuple[int, int]
) -> tuple[float, float, float]:
    """From which frame on a curve of a take that goes over is its own, where the earlier take had
    its last key or pose at `frame`: of a feeling's curve, of one that speaks, and of one that parts
    the lips besides.
    """
    feels, lips = frame + n_frames, min(first, frame + 1.0)
    return feels, lips + free[0], min(feels, lips + free[1])


def earlier(place: Place, others: Sequence[tuple[Place, int]], n_frames: int) -> int | None:
    """Which of `others`, of the same face, the one at `place` takes the face over from: the one
    before it from which it goes straight on.

    Parameters
    ----------
    others : places and int
        Where they lie, and fewer frames than how many of `place` their end may lie in.
    n_frames : int
        In how many scene frames; none where a third take has some of them, but the last of `place`.
    """
    before = [
        number
        for number, (other, n_shared) in enumerate(others)
        if leads_into(other, place) and ends_in(other, place, n_shared)
    ]
    if not before or not place.ease_in:
        return None
    found = max(before, key=lambda number: (others[number][0].last_frame, number))
    end = min(place.first_frame + n_frames, place.last_frame)
    is_free = all(
        other.last_frame < place.first_frame or other.first_frame > end or ends_in(place, other, n)
        for number, (other, n) in enumerate(others)
        if number != found
    )
    return found if is_free else None


def ends_in(place: Place, later: Place, n_shared: int) -> bool:
    """Whether a take's end is all that may lie in the frames of a later one, which has them: fewer
    than `n_shared`, as the last key of a sound is past it.
    """
    shared = place.last_frame - later.first_frame
    return place.first_frame < later.first_frame and shared < n_shared - _NEAR


def left_to_later(
    tables: Sequence[KeyTable], others: Iterable[tuple[Place, int]], layout: BakeOptions
) -> list[KeyTable]:
    """The tables without the last keys that lie in frames of later takes of the same face.

    Parameters
    ----------
    tables : tables
        A take's own keys.
    others : places and int
        Where other takes lie, and their frames from key to key.
    layout : BakeOptions
        How the tables' keys are laid out.
    """
    place = Place(*table_ends(tables))
    starts = [
        other.first_frame
        for other, step in others
        if ends_in(place, other, max(step, layout.every_n_frames))
        and other.first_frame <= place.last_frame
    ]
    return [_cut(table, min(starts), layout) for table in tables] if starts else [*tables]


def _cut(table: KeyTable, frame: float, layout: BakeOptions) -> KeyTable:
    """The keys before `frame`; where one was left out just before it, that one too."""
    stays = table.frames < frame - _NEAR
    frames, values = table.frames[stays], table.values[stays]
    if layout.is_held or not len(frames) or frame - frames[-1] <= layout.every_n_frames + _NEAR:
        return replace(table, frames=frames, values=values)
    value = np.interp(frame - 1.0, table.frames, table.values)
    return replace(
        table,
        frames=np.append(frames, frame - 1.0),
        values=np.append(values, np.float32(value)),
    )


def gone_over(
    frames: np.ndarray, values: np.ndarray, passage: Passage, layout: BakeOptions
) -> tuple[np.ndarray, np.ndarray]:
    """A take's first keys with its passage; from the last of them on the take's own ones count.

    Parameters
    ----------
    frames, values : (K,)
        The take's own keys of one curve, in rising frames.
    passage : Passage
        It may end before the first of them; then there are none.
    layout : BakeOptions
        Frames from key to key: where keys were left out, some come in, and as many as their error
        allows go again.

    Returns
    -------
    (N,), float32 (N,)
    """
    first, last = float(frames[0]), float(frames[-1])
    end = min(passage.end, last)
    if end <= first + _NEAR:
        return frames[:0], values[:0].astype(np.float32)
    n_steps = math.ceil((end - first) / layout.every_n_frames - _NEAR)
    grid = np.minimum(first + layout.every_n_frames * np.arange(n_steps + 1.0), last)
    where = np.union1d(grid, frames[frames <= grid[-1]].astype(np.float64))
    share = np.clip((where - passage.frame) / (end - passage.frame), 0.0, 1.0)
    share = _nearly_even(share)
    own = _at(where, frames, values, is_held=layout.is_held)
    over = (passage.value + share * (own - passage.value)).astype(np.float32)
    if layout.is_held:  # poses stay all, as those of an ease do
        return where, over
    return thinned(where, over, max_error=layout.max_error)


def _nearly_even(share: np.ndarray) -> np.ndarray:
    """0..1 that starts and stops within a quarter each and is a line between: the steepest frame of
    an ease has half as much again as a line, and showed.
    """
    bend, left = 2.0 * _QUARTER * (1.0 - _QUARTER), 1.0 - share
    line = (share - _QUARTER / 2.0) / (1.0 - _QUARTER)
    over = np.where(left < _QUARTER, 1.0 - left * left / bend, line)
    return np.where(share < _QUARTER, share * share / bend, over)


def _at(where: np.ndarray, frames: np.ndarray, values: np.ndarray, *, is_held: bool) -> np.ndarray:
    if not is_held:
        return np.interp(where, frames, values)
    return values[np.maximum(np.searchsorted(frames, where + _NEAR) - 1, 0)].astype(np.float64)
