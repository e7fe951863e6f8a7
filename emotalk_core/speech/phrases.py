"""Phrases: what is said between two pauses, and feelings that change from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from ..controls import EMOTIONS, Controls, ControlTrack
from ..errors import InputError
from ..shaping.activity import speech_activity
from ..timing import NETWORK_FPS

__all__ = ["FADE_S", "Phrase", "Room", "felt_track", "find_phrases", "most_heard", "room_around"]

FADE_S: Final = 0.4
"""In which a feeling comes before its phrase and goes after it, where the pause has room."""

_PAUSE_S: Final = 0.3  # shorter ones are stops and breaths within a phrase
_SHORTEST_S: Final = 0.12  # a click of the tongue is no phrase


@dataclass(frozen=True)
class Phrase:
    """A stretch of speech, in seconds on the sound's own clock."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Room:
    """When a phrase's feeling begins to come, and when it has gone."""

    in_s: float
    out_s: float


def find_phrases(level: np.ndarray, silence: np.ndarray | None = None) -> tuple[Phrase, ...]:
    """The phrases of a sound, from its Encoding's `level` (T,) in dB at 30 fps, and from how sure
    the network is of silence (T,), 0..1, where it tells.
    """
    speaks = speech_activity(np.asarray(level, np.float32), silence) >= 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speaks.astype(np.int8), [0]])))
    found: list[Phrase] = []
    for start, end in edges.reshape(-1, 2).tolist():
        phrase = Phrase(_seconds(start), _seconds(end))
        if found and phrase.start_s - found[-1].end_s < _PAUSE_S:
            found[-1] = replace(found[-1], end_s=phrase.end_s)
        else:
            found.append(phrase)
    return tuple(phrase for phrase in found if phrase.end_s - phrase.start_s >= _SHORTEST_S)


def most_heard(heard: np.ndarray, phrase: Phrase) -> str:
    """The emotion that has the largest share of a phrase, from an Encoding's `heard` (T, 8)."""
    first, end = (round(s * float(NETWORK_FPS)) for s in (phrase.start_s, phrase.end_s))
    return EMOTIONS[int(np.asarray(heard[first:end], np.float64).mean(axis=0).argmax())]


def _seconds(frame: int) -> float:
    return float(Fraction(frame) / NETWORK_FPS)


def room_around(phrase: Phrase, before: Phrase | None, after: Phrase | None) -> Room:
    """Where a feeling of `phrase` may fade: in the pauses on both sides, never in its neighbours,
    and of a pause that is too short for two fades in all of it.
    """
    in_s, out_s = phrase.start_s - FADE_S, phrase.end_s + FADE_S
    if before is not None:
        in_s = max(in_s, before.end_s)
    if after is not None:
        out_s = min(out_s, after.start_s)
    return Room(in_s, out_s)


def felt_track(base: Controls, felt: Sequence[tuple[Phrase, Controls]]) -> ControlTrack:
    """`base`, but for the phrases that have feelings of their own: emotions, mix and intensity.

    Raises
    ------
    InputError
        Two phrases overlap, or one ends before it starts.
    """
    felt = sorted(felt, key=lambda one: one[0].start_s)
    _check([phrase for phrase, _ in felt])
    keys: list[tuple[float, Controls]] = []
    for number, (phrase, controls) in enumerate(felt):
        before = felt[number - 1][0] if number else None
        after = felt[number + 1][0] if number + 1 < len(felt) else None
        room = room_around(phrase, before, after)
        # Two that have one pause between them go straight over into each other.
        if before is None or phrase.start_s - before.end_s > 2.0 * FADE_S:
            keys.append((room.in_s, base))
        keys += [(phrase.start_s, controls), (phrase.end_s, controls)]
        if after is None or after.start_s - phrase.end_s > 2.0 * FADE_S:
            keys.append((room.out_s, base))
    return ControlTrack(base, tuple(time for time, _ in keys), tuple(one for _, one in keys))


def _check(phrases: Sequence[Phrase]) -> None:
    for phrase in phrases:
        if not 0.0 <= phrase.start_s < phrase.end_s:
            raise InputError(
                "A phrase ends after it starts, and starts at 0 or later",
                value=f"{phrase.start_s:g} to {phrase.end_s:g} s",
                remedy="Mend its times.",
            )
    for one, other in pairwise(phrases):
        if other.start_s < one.end_s:
            raise InputError(
                "Two phrases overlap",
                value=f"{other.start_s:g} s, before {one.end_s:g} s",
                remedy="Let one end before the other starts.",
            )
