"""Easing: a face wakes shortly before its sound and settles to rest after it. No Blender here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np

from ..retarget import BakeOptions, KeyTable
from .thinning import thinned

__all__ = [
    "EASE_S",
    "LONGEST_S",
    "Place",
    "eased_tables",
    "frames_of",
    "leads_into",
    "ramp",
    "room_for",
    "table_ends",
]

EASE_S: Final = 0.6
"""In how many seconds a face settles, unless somebody asks for others."""

LONGEST_S: Final = 5.0
"""The most that may be asked for."""

_WAKING: Final = 0.5
"""Share of these seconds in which it wakes: faces relax slower than they wake."""

_SPEAKING: Final = 1 / 3
"""Share of an ease in which what speaks is at rest: a mouth that a cut has caught in a vowel shuts
in .2 s, as it would have; in .6 s it hung open."""


@dataclass(frozen=True)
class Place:
    """Where a take lies in the scene, and how many frames of ease it asks for on each side."""

    first_frame: float
    last_frame: float
    ease_in: int = 0
    ease_out: int = 0


def frames_of(ease_s: float, rate: Fraction) -> tuple[int, int]:
    """Scene frames in and out, at `rate` frames a second, of an ease that lasts `ease_s`."""
    return math.ceil(ease_s * _WAKING * rate - 1e-6), math.ceil(ease_s * rate - 1e-6)


def room_for(place: Place, others: Iterable[Place]) -> tuple[int, int]:
    """Frames of ease, in and out, that `place` gets beside other takes of the same face: what it
    asks for, or none.

    A pause that is too short for both of its eases gets neither: a face that sinks to rest and
    comes back within half a second twitches, so it goes straight from one take to the next. No two
    of them ever share a frame, so that each may go without the other.
    """
    ease_in, ease_out = place.ease_in, place.ease_out
    for other in others:
        is_after = other.first_frame > place.last_frame
        if leads_into(other, place):
            ease_in = 0
        if is_after and other.first_frame - place.last_frame <= ease_out + other.ease_in:
            ease_out = 0
        if other.first_frame <= place.last_frame < other.last_frame:
            ease_out = 0
    return ease_in, ease_out


def leads_into(other: Place, place: Place) -> bool:
    """Whether a face goes straight on from `other`, which begins earlier, to `place`."""
    if other.last_frame >= place.first_frame:
        return other.first_frame < place.first_frame <= other.last_frame
    return place.first_frame - other.last_frame <= place.ease_in + other.ease_out


def ramp(
    value: float, rest: float, n_frames: int, layout: BakeOptions, *, is_speech: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The way from a curve's end to rest, starting and arriving without a jerk.

    Parameters
    ----------
    value, rest : float
        What the curve's end is, and what it becomes.
    n_frames : int
        Scene frames from one to the other; 0: no way at all.
    layout : BakeOptions
        Frames from key to key, but the last key is at `n_frames` whatever the step, and thinning,
        which is for straight lines: poses that are held stay all.
    is_speech : bool
        Whether it is at rest in a third of the frames already.

    Returns
    -------
    float64 (K,), float32 (K,)
        Frames from the end, rising, without the end itself, and values.
    """
    frames = np.unique([*range(0, n_frames, layout.every_n_frames), n_frames]).astype(np.float64)
    share = frames / max(n_frames * (_SPEAKING if is_speech else 1.0), 1.0)
    share = np.minimum(share, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    values = (value + share * (rest - value)).astype(np.float32)
    if not layout.is_held:  # poses of an ease before the voice are held the other way
        frames, values = thinned(frames, values, max_error=layout.max_error)
    return frames[1:], values[1:]


def eased_tables(
    tables: Sequence[KeyTable], ease: tuple[int, int], layout: BakeOptions
) -> list[KeyTable]:
    """The tables with eases; the keys between stay as they are.

    Parameters
    ----------
    tables : tables
        What a sound gives.
    ease : int, int
        Scene frames in from rest before their first key, and out to rest after their last.
    layout : BakeOptions
        How the eases' keys are laid out.

    Returns
    -------
    list of KeyTable
        Tables that shared their arrays do so still.
    """
    if ease == (0, 0):
        return [*tables]
    known: dict[tuple[object, ...], tuple[np.ndarray, np.ndarray]] = {}
    whole: dict[int, np.ndarray] = {}  # frames, which all curves share unless keys are thinned
    eased = []
    for table in tables:
        alike = id(table.frames), id(table.values), table.rest, table.is_speech
        if alike not in known and len(table.frames):
            frames, values = _eased(table, ease, layout)
            if layout.max_error == 0.0:
                frames = whole.setdefault(id(table.frames), frames)
            known[alike] = frames, values
        frames, values = known.get(alike, (table.frames, table.values))
        eased.append(replace(table, frames=frames, values=values))
    return eased


def _eased(
    table: KeyTable, ease: tuple[int, int], layout: BakeOptions
) -> tuple[np.ndarray, np.ndarray]:
    frames, values = table.frames, table.values
    (before, waking), (after, settling) = (
        ramp(float(end), table.rest, n_frames, layout, is_speech=table.is_speech)
        for end, n_frames in zip(values[[0, -1]], ease, strict=True)
    )
    return (
        np.concatenate([frames[0] - before[::-1], frames, frames[-1] + after]),
        np.concatenate([waking[::-1], values, settling]),
    )


def table_ends(tables: Iterable[KeyTable]) -> tuple[float, float]:
    """First and last frame of all tables, as float32, which is what Blender keeps; 0 and 0 where
    they have no keys.
    """
    ends = [np.float32(end) for t in tables if len(t.frames) for end in (t.frames[0], t.frames[-1])]
    return (float(min(ends)), float(max(ends))) if ends else (0.0, 0.0)
