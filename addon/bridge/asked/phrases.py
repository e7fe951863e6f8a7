"""A take's phrases: where they are in the scene, and sliders that are keyed for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

from ....emotalk_core.controls import Controls
from ....emotalk_core.speech.phrases import Phrase, room_around
from .. import compat
from ..jobs.work import Outcome
from ..sounds.sound import Heard
from . import controls

__all__ = ["Spoken", "at_frame", "beside", "feel", "have_moved", "remember"]

_MOVED: Final = 1.0  # frames; a frame rate that rounds moves less


@dataclass(frozen=True)
class Spoken:
    """One phrase of a take, in whole scene frames."""

    number: int  # from 1
    first: int
    last: int
    heard: str  # the emotion that has the largest share


def remember(take: Any, outcome: Outcome, heard: Heard) -> None:
    """Put the phrases of what was heard into the take's record."""
    take.phrases.clear()
    for phrase, feeling in zip(outcome.phrases, outcome.feelings, strict=True):
        spoken = take.phrases.add()
        spoken.heard = feeling
        spoken.start, spoken.end = _span(phrase, heard)


def have_moved(take: Any, outcome: Outcome, heard: Heard) -> bool:
    """Whether the same is said elsewhere than when the take was written; not where its strip was
    only trimmed.
    """
    was = [(spoken.start, spoken.end) for spoken in take.phrases]
    now = [_span(phrase, heard) for phrase in outcome.phrases]
    if not was or len(was) != len(now):
        return False
    ways = [
        abs(b - a) for old, new in zip(was, now, strict=True) for a, b in zip(old, new, strict=True)
    ]
    return min(ways) > _MOVED


def _span(phrase: Phrase, heard: Heard) -> tuple[float, float]:
    """In scene frames."""
    rate = float(heard.rate)
    return heard.start_frame + phrase.start_s * rate, heard.start_frame + phrase.end_s * rate


def at_frame(take: Any, frame: float) -> Spoken | None:
    """The phrase that is said at a scene frame, in a pause the nearest one; None where nobody
    speaks at all.
    """
    spans = [(spoken.start, spoken.end) for spoken in take.phrases]
    if not spans:
        return None
    away = [max(start - frame, frame - end, 0.0) for start, end in spans]
    return _spoken(take, away.index(min(away)))


def beside(take: Any, frame: float, step: int) -> Spoken | None:
    """The next phrase that begins after a scene frame, or with `step` -1 the last one before it."""
    starts = [_spoken(take, place) for place in range(len(take.phrases))]
    there = [one for one in starts if (one.first - frame) * step > 0]
    return None if not there else there[0] if step > 0 else there[-1]


def feel(scene: Any, take: Any, spoken: Spoken, wanted: Controls, rest: Controls) -> None:
    """Key the sliders so that one phrase is felt as `wanted`, with fades in the pauses around it.
    All else stays as the keys say; where there are none yet it becomes as `rest`.
    """
    group, (first, last) = take.controls, _room(scene, take, spoken)
    is_keyed = bool(controls.playing(group))
    before, after = (controls.at(group, f) if is_keyed else rest for f in (first, last))
    controls.clear(group, first, last)
    keys = {first: before, spoken.first: wanted, spoken.last: wanted, last: after}
    controls.key(group, keys)


def _room(scene: Any, take: Any, spoken: Spoken) -> tuple[int, int]:
    """Frames at which the fades begin and end."""
    rate, place = compat.scene_rate(scene), spoken.number - 1
    near = [_phrase(take, number, rate) for number in (place - 1, place, place + 1)]
    assert near[1] is not None, "a phrase of this take"
    room = room_around(near[1], near[0], near[2])
    first, last = floor(room.in_s * rate), ceil(room.out_s * rate)
    if near[0] is not None:
        first = max(first, _spoken(take, place - 1).last)
    if near[2] is not None:
        last = min(last, _spoken(take, place + 1).first)
    return min(first, spoken.first - 1), max(last, spoken.last + 1)


def _spoken(take: Any, place: int) -> Spoken:
    phrase = take.phrases[place]
    return Spoken(place + 1, floor(phrase.start), ceil(phrase.end), phrase.heard)


def _phrase(take: Any, place: int, rate: Fraction) -> Phrase | None:
    """On the scene's clock; None beside the first and the last one."""
    if not 0 <= place < len(take.phrases):
        return None
    spoken = take.phrases[place]
    return Phrase(spoken.start / float(rate), spoken.end / float(rate))
