"""Passages: where a face goes straight from one take to the next, the later one's beginning takes
it over smoothly.

A take remembers the keys of its own that its passage replaces, so that it follows the earlier take
and goes with it, without the sound.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ....emotalk_core.keys.easing import Place
from ....emotalk_core.keys.passage import (
    Passage,
    earlier,
    ends_in,
    ends_of,
    free_frames,
    gone_over,
    passage_frames,
)
from ....emotalk_core.retarget import BakeOptions, KeyTable
from ..jobs.work import Outcome, Request
from ..keying import own_actions
from ..keying.curves import (
    NEAR,
    NO_KEYS,
    Keys,
    Stretch,
    held,
    joined,
    merged,
    read_keys,
    within,
    write_keys,
)
from ..keying.plans import keyed_block
from . import by_hand, ease_keys
from .neighbours import blocks_of, place_of

__all__ = ["Baked", "earlier_take", "is_another", "remember", "renew"]

_T = TypeVar("_T")
_Span = tuple[float, float]
_Read = Mapping[by_hand.Address, tuple[Any, Keys]]  # F-curves and their keys
_Row = tuple[int, str, int]  # number of the object, data path, array index
_FEELS, _SPEAKS, _PARTS_LIPS = range(3)  # as `ends_of` has them


@dataclass(frozen=True, eq=False)
class Baked:
    """A take whose own keys have just been written."""

    take: Any
    request: Request
    outcome: Outcome
    stretch: Stretch
    changed: Set[by_hand.Address]  # curves that somebody had changed

    def table_of(self, address: by_hand.Address) -> KeyTable | None:
        """The keys that the sound gives a curve."""
        place, _, *path = address
        name = by_hand.parts_of(self.take)[place].name
        return next(
            (
                table
                for table in self.outcome.tables
                if [table.object_name, table.data_path, table.array_index] == [name, *path]
            ),
            None,
        )


@dataclass(frozen=True, eq=False)
class _Was:
    """A passage as it is written, and what it has replaced."""

    passage: Passage
    until: float  # frame of its last key
    own: Keys  # the take's own until then


@dataclass(frozen=True, eq=False)
class _Seam:
    """The beginning of a take, and after which one it comes."""

    take: Any
    source: Any | None
    theirs: tuple[_Span, ...]  # frames of others, in which nothing is written
    baked: Baked | None

    @property
    def first(self) -> float:
        """The take's first frame."""
        return self.take.first_frame

    @property
    def is_whole(self) -> bool:
        """Whether all keys are the take's own, just written."""
        return self.baked is not None and self.baked.stretch.only is None

    def own(
        self, keys: Keys, was: _Was | None, address: by_hand.Address, *, is_changed: bool
    ) -> Keys | None:
        """A curve without its passage; None where somebody may have made keys in it."""
        if self.is_whole:
            return keys
        if was is None:
            return None if is_changed else keys
        if is_changed and not self._is_as_written(keys, was):
            return None
        own = self._without(keys, was)
        table = self.baked.table_of(address) if self.baked else None
        if self.baked is None or table is None:
            return own
        make = held if self.baked.stretch.is_held else Keys
        new = make(table.frames.astype(np.float32), table.values)
        new = joined(new, self._is_free(new), NO_KEYS)  # a later take's first key is its own
        return merged(own, new, self.baked.stretch)

    def begun(self, own: Keys, kind: int | None) -> tuple[Keys, _Was | None]:
        """The curve as it has to be, and what its passage replaces; `kind`: None where the earlier
        take does not move it.
        """
        passage = self._passage(own, kind) if kind is not None else None
        first = self._first_keys(own, passage) if passage is not None else NO_KEYS
        if passage is None or not len(first.frames):
            return own, None
        until = float(first.frames[-1])
        inside = within(own.frames, (self.first, until))
        was = _Was(passage, until, Keys(own.frames[inside], own.values[inside]))
        return joined(own, ~inside, first), was

    def _without(self, keys: Keys, was: _Was) -> Keys:
        goes = within(keys.frames, (self.first, was.until)) & self._is_free(keys)
        make = held if keys.is_held_at(self.first) else Keys
        own = joined(was.own, self._is_free(was.own), NO_KEYS)
        return joined(keys, ~goes, make(own.frames, own.values))

    def _is_as_written(self, keys: Keys, was: _Was) -> bool:
        """But for what lies in frames of others, and what has just been written."""
        only = self.baked.stretch.only if self.baked else None
        ours = self._first_keys(self._without(keys, was), was.passage)
        there = joined(keys, within(keys.frames, (self.first, was.until)), NO_KEYS)
        there, ours = (
            joined(each, self._is_free(each) & ~_inside(each, only), NO_KEYS)
            for each in (there, ours)
        )
        return ease_keys.is_as_written(there, ours)

    def _first_keys(self, own: Keys, passage: Passage) -> Keys:
        """Those of a curve that goes over; none where the take's first one was deleted."""
        if not within(own.frames, (self.first, self.first)).any():
            return NO_KEYS
        inside = within(own.frames, (self.first, self.take.last_frame))
        is_held = own.is_held_at(self.first)
        layout = BakeOptions(self._step, max_error=self.take.ease_error, is_held=is_held)
        frames, values = gone_over(own.frames[inside], own.values[inside], passage, layout)
        keys = (held if is_held else Keys)(frames.astype(np.float32), values)
        return joined(keys, self._is_free(keys), NO_KEYS)  # a short take's last one is the next's

    def _passage(self, own: Keys, kind: int) -> Passage | None:
        """From the earlier take's last key; None where that was deleted, or another's follows."""
        place = int(np.searchsorted(own.frames, self.first - NEAR)) - 1
        if place < 0 or not within(own.frames[place], by_hand.span_of(self.source)):
            return None
        frame, value = float(own.frames[place]), float(own.values[place])
        if own.is_held_at(frame):  # through the pause
            frame = max(frame, self.first - self._step)
        n_frames, free = passage_frames(self.take.ease_asked[1]), (*self.take.passage_free,)
        return Passage(frame, value, ends_of(self.first, frame, n_frames, free)[kind])

    @property
    def _step(self) -> int:
        return max(1, self.take.ease_step)

    def _is_free(self, keys: Keys) -> np.ndarray:
        free = np.ones(len(keys.frames), bool)
        for span in self.theirs:
            free &= ~within(keys.frames, span)
        return free


def earlier_take(take: Any, others: Sequence[Any], spans: Sequence[_Span] = ()) -> Any | None:
    """Which of `others`, those of the same face, `take` takes the face over from, if any does; not
    where keys of no take, in `spans`, come between.
    """
    others = [*{other.uid: other for other in others}.values()]  # one of those in linked scenes
    there = [(place_of(other), _n_shared(other, take)) for other in others]
    there += [(Place(*span), 1) for span in spans]
    number = earlier(place_of(take), there, passage_frames(take.ease_asked[1]))
    return others[number] if number is not None and number < len(others) else None


def is_another(take: Any, others: Sequence[Any], spans: Sequence[_Span] = ()) -> bool:
    """Whether it takes the face over from another take than the one that it remembers."""
    source = earlier_take(take, others, spans)
    return take.passage_from != (source.uid if source is not None else "")


def _is_before(other: Any, take: Any) -> bool:
    """Whether `other` lies before `take`, or shares with it no more than last keys."""
    return ends_in(place_of(other), place_of(take), _n_shared(other, take))


def _n_shared(a: Any, b: Any) -> int:
    """The least of frames in which both lie that is more than a last key past a sound."""
    return max(1, a.ease_step, b.ease_step)


def remember(baked: Baked) -> None:
    """Let the take know when its lips first meet, and which curves part them."""
    take, heard = baked.take, baked.request.heard
    take.passage_free = free_frames(
        baked.outcome.clip,
        rate=heard.rate,
        start_frame=heard.start_frame,
        first=take.first_frame,
        n_frames=passage_frames(take.ease_asked[1]),
        step=take.ease_step,
    )
    places = {thing.name: place for place, thing in by_hand.parts_of(take).items()}
    rows = [
        (places[table.object_name], table.data_path, table.array_index)
        for table in baked.outcome.tables
        if table.parts_lips and table.object_name in places
    ]
    take.lip_curves = json.dumps(rows)


def renew(
    take: Any, others: Sequence[Any], spans: Sequence[_Span] = (), baked: Baked | None = None
) -> None:
    """Write the beginning of `take` as it has to be now: with a passage from the take before it, or
    without one. Keys that somebody has made there stay, and so do those of other takes.

    Parameters
    ----------
    others : records of takes
        Those of the same face.
    spans : pairs of float
        First and last frame of keys of no take.
    baked : Baked, optional
        What of `take` has just been written.
    """
    source = earlier_take(take, others, spans)
    if source is None and not take.own_beginning:
        take.passage_from = ""
        return
    taken = [by_hand.span_of(other) for other in others if not _is_before(other, take)]
    seam = _Seam(take, source, (*taken, *spans), baked)
    for thing in by_hand.parts_of(take).values():
        own_actions.unshare(keyed_block(thing))
    by_hand.follow_renames(take)
    read = by_hand.read_curves(take)
    there = {address: keys for address, (_, keys) in read.items()}
    changed = baked.changed if baked else by_hand.changed_curves(take, there)
    sharing = [o for o in others if _is_before(o, take) and o.last_frame > seam.first - NEAR]
    shared = [
        (other, by_hand.changed_curves(other, _keys_of(other, read, there))) for other in sharing
    ]
    is_written = _write(seam, read, there, changed)
    take.passage_from = source.uid if source is not None else ""
    if is_written:
        by_hand.renew(take, frozenset() if seam.is_whole else changed, there)
    by_hand.tell_copies(take)
    for other, theirs in shared if is_written else ():  # a frame of theirs is another now
        by_hand.renew(other, theirs, _keys_of(other, read, there))
        by_hand.tell_copies(other)


def _keys_of(
    take: Any, read: _Read, there: Mapping[by_hand.Address, Keys]
) -> dict[by_hand.Address, Keys]:
    """The keys of another take's curves, without reading those again that have been `read` and are
    as they are `there` now: most of them are the same.
    """
    known = {curve.as_pointer(): there[address] for address, (curve, _) in read.items()}
    by_hand.follow_renames(take)
    return {a: keys for a, (_, keys) in by_hand.read_curves(take, known=known).items()}


def _write(
    seam: _Seam,
    read: _Read,
    there: dict[by_hand.Address, Keys],
    changed: Set[by_hand.Address],
) -> bool:
    """Write the beginnings of the curves that may be; whether any had to be."""
    parts, kinds, rows = by_hand.parts_of(seam.take), _kinds(seam.take), _rows_of(seam.take)
    blocks = blocks_of(seam.source) if seam.source is not None else set[int]()
    written = set[Any]()
    for address, (fcurve, keys) in read.items():
        place, _, path, index = address
        block, row = keyed_block(parts[place]), (place, path, index)
        if not ease_keys.may_write(block) or fcurve.lock or not len(keys.frames):
            continue
        own = seam.own(keys, rows.get(row), address, is_changed=address in changed)
        if own is None:
            continue
        does_go_over = block.as_pointer() in blocks
        now, rows[row] = seam.begun(own, kinds.get(row, _FEELS) if does_go_over else None)
        if not _is_same(now, keys):
            write_keys(fcurve, now, keys)
            there[address] = now if now.bends is None else read_keys(fcurve)
            written.add(block)
    _store(seam, rows)
    for block in written:
        own_actions.show_written(block)
    return bool(written)


def _is_same(a: Keys, b: Keys) -> bool:
    return np.array_equal(a.frames, b.frames) and np.array_equal(a.values, b.values)


def _inside(keys: Keys, span: _Span | None) -> np.ndarray:
    return within(keys.frames, span) if span else np.zeros(len(keys.frames), bool)


def _kinds(take: Any) -> dict[_Row, int]:
    """What kind of curve they are that do not only feel."""
    lips = dict.fromkeys(_loaded(take.lip_curves, _row), _PARTS_LIPS)
    ways = ease_keys.ways_to_rest(take)
    return lips | {row: _SPEAKS for row, (_, is_speech) in ways.items() if is_speech}


def _row(row: Any) -> _Row:
    part, path, index = row
    return part, path, index


def _rows_of(take: Any) -> dict[_Row, _Was | None]:
    """What is replaced on each curve; nothing where the take has moved since."""
    rows = _loaded(take.own_beginning, _replaced)
    return {row: was for row, was in rows if take.first_frame in was.own.frames[:1]}


def _replaced(row: Any) -> tuple[_Row, _Was]:
    *curve, frame, value, end, until, frames, values = row
    own = Keys(np.array(frames, np.float32), np.array(values, np.float32))
    return _row(curve), _Was(Passage(frame, value, end), until, own)


def _store(seam: _Seam, rows: Mapping[_Row, _Was | None]) -> None:
    kept = [
        [
            *(*row, was.passage.frame, was.passage.value, was.passage.end, was.until),
            *(was.own.frames.tolist(), was.own.values.tolist()),
        ]
        for row, was in rows.items()
        if was is not None
    ]
    seam.take.own_beginning = json.dumps(kept) if kept else ""


def _loaded(text: str, read: Callable[[Any], _T]) -> list[_T]:
    """What `read` makes of each row; none where nothing is, or what another version wrote."""
    try:
        return [read(row) for row in json.loads(text)]
    except (ValueError, TypeError):
        return []
