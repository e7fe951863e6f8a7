"""The keys of a take's eases on its curves: written anew from the keys at its ends, but not over
what somebody has made there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ....emotalk_core.keys.easing import ramp, table_ends
from ....emotalk_core.retarget import BakeOptions, KeyTable
from ..keying import before, own_actions
from ..keying.curves import (
    NEAR,
    NO_KEYS,
    Keys,
    checksum,
    held,
    joined,
    read_keys,
    within,
    write_keys,
)
from ..keying.plans import keyed_block, keyed_blocks
from . import by_hand, leftovers
from .neighbours import blocks_of

__all__ = ["change", "is_as_written", "lost_by_hand", "may_write", "ways_to_rest"]

_Ease = tuple[int, int]  # frames, in and out
_Span = tuple[float, float]
_SAME: Final = 1e-4  # values: what rounding does, and nobody sees


@dataclass(frozen=True)
class _Side:
    """One of a take's two eases, as it is written."""

    edge: float  # the take's own first or last frame
    is_after: bool
    n_frames: int

    def away(self, frames: np.ndarray) -> np.ndarray:
        """How far frames lie from the edge on this side; negative on the other one."""
        return frames - self.edge if self.is_after else self.edge - frames

    def within(self, frames: np.ndarray) -> np.ndarray:
        """Which of them lie in the ease, bool (K,)."""
        away = self.away(frames)
        return (away > NEAR) & (away < self.n_frames + NEAR)

    def room(self, spans: Iterable[_Span]) -> int:
        """So many of its frames as lie before the next of `spans`."""
        room = self.n_frames
        for span in spans:
            near, far = sorted(self.away(np.array(span)).tolist())
            if far > 0.0:
                room = min(room, max(0, math.ceil(near) - 1))
        return room


@dataclass(frozen=True, eq=False)
class _Curve:
    """A curve of a take, and how it goes to rest."""

    address: by_hand.Address
    fcurve: Any
    keys: Keys
    rest: float
    is_speech: bool
    layout: BakeOptions
    theirs: tuple[_Span, ...]  # whose keys are not the take's

    def own(self, keys: Keys, side: _Side) -> np.ndarray:
        """Which of its keys are of the take's ease, bool (K,)."""
        return side.within(keys.frames) & ~_in_any(keys.frames, self.theirs)

    def ease(self, side: _Side) -> Keys:
        """Those that an ease has, from the key at the take's end; none where that was deleted."""
        if not within(self.keys.frames, (side.edge, side.edge)).any():
            return NO_KEYS
        return self._ease_from(
            float(np.interp(side.edge, self.keys.frames, self.keys.values)), side
        )

    def is_ours(self, side: _Side) -> bool:
        """Whether the ease is as we wrote it, or gone."""
        own = self.own(self.keys, side)
        if not own.any():
            return True
        there = joined(self.keys, own, NO_KEYS)
        return self._is_like(there, self.ease(side)) or self._is_like(there, self._before(side))

    def made_by_hand(self, side: _Side) -> np.ndarray:
        """Frames of the keys in the ease that are not as we wrote them."""
        if self.is_ours(side):
            return np.zeros(0)
        there, ours = joined(self.keys, self.own(self.keys, side), NO_KEYS), self.ease(side)
        known = set(zip(ours.frames.tolist(), ours.values.tolist(), strict=True))
        pairs = zip(there.frames.tolist(), there.values.tolist(), strict=True)
        return np.array([frame for frame, value in pairs if (frame, value) not in known])

    def _ease_from(self, value: float, side: _Side) -> Keys:
        is_held = self.keys.is_held_at(side.edge)
        layout = replace(self.layout, is_held=is_held)
        away, values = ramp(value, self.rest, side.n_frames, layout, is_speech=self.is_speech)
        frames = side.edge + away if side.is_after else side.edge - away[::-1]
        values = values if side.is_after else values[::-1]
        return (held if is_held else Keys)(frames.astype(np.float32), values)

    def _before(self, side: _Side) -> Keys:
        """The ease from another key at the take's end, one that somebody has changed since: from
        what its own first key tells.
        """
        there = joined(self.keys, self.own(self.keys, side), NO_KEYS)
        first = 0 if side.is_after else -1
        every = replace(self.layout, max_error=0.0)
        away, left = ramp(1.0, 0.0, side.n_frames, every, is_speech=self.is_speech)
        share = float(np.interp(side.away(there.frames[first]), away, left))
        far = float(there.values[first]) - self.rest
        return self._ease_from(self.rest + far / share, side) if share > NEAR else NO_KEYS

    def _is_like(self, there: Keys, ours: Keys) -> bool:
        return is_as_written(there, joined(ours, ~_in_any(ours.frames, self.theirs), NO_KEYS))


def is_as_written(there: Keys, ours: Keys) -> bool:
    """Whether the keys there are those that we wrote, but for rounding that nobody sees."""
    return (
        np.array_equal(there.frames, ours.frames)
        and np.allclose(there.values, ours.values, rtol=0.0, atol=_SAME)
        and checksum(Keys(ours.frames, ours.values, there.bends)) == checksum(ours)
    )


def change(take: Any, ease: _Ease, others: Sequence[Any], spans: Sequence[_Span]) -> None:
    """Write the eases of `take` anew where they are to be others.

    A side in which somebody has made keys stays as it is, as far as it reaches before what lies
    there now: no other take's slider may cost them.

    Parameters
    ----------
    ease : int, int
        Scene frames in and out.
    others : records of takes
        Those of the same face; their keys stay.
    spans : pairs of float
        First and last frame of keys of no take, which stay too.
    """
    for thing in by_hand.parts_of(take).values():
        own_actions.unshare(keyed_block(thing))
    read = by_hand.read_curves(take)
    there = {address: keys for address, (_, keys) in read.items()}
    changed = by_hand.changed_curves(take, there)
    curves = _curves_of(take, read, others, spans)
    was = _sides(take, take.ease_written)
    near = [*spans, *map(by_hand.span_of, others)]
    by_hands = [
        {c.address for c in curves if c.address in changed and not c.is_ours(side)}
        if n_frames != side.n_frames
        else set[by_hand.Address]()
        for side, n_frames in zip(was, ease, strict=True)
    ]
    kept = [
        side.room(near) if made else n for side, made, n in zip(was, by_hands, ease, strict=True)
    ]
    ease = kept[0], kept[1]
    if ease == (*take.ease_written,):
        return
    now = _sides(take, ease)
    there_too = [  # what begins or ends where it does
        (other, by_hand.changed_curves(other))
        for other in others
        if any(side.room([by_hand.span_of(other)]) < side.n_frames for side in now)
    ]
    leftovers.leave(take, (take.first_frame - ease[0], take.last_frame + ease[1]), others)
    for curve in curves:
        keys = curve.keys
        for old, new, made in zip(was, now, by_hands, strict=True):
            if old.n_frames != new.n_frames and curve.address not in made:
                keys = _rewritten(curve, keys, old, new, is_kept=bool(made))
        if keys is not curve.keys:
            write_keys(curve.fcurve, keys, curve.keys)
            there[curve.address] = keys if keys.bends is None else read_keys(curve.fcurve)
    for thing in by_hand.parts_of(take).values():
        own_actions.show_written(keyed_block(thing))
    take.ease_written = ease
    for one, made in ((take, changed), *there_too):
        by_hand.renew(one, made, there if one == take else None)
        by_hand.tell_copies(one)


def _rewritten(curve: _Curve, keys: Keys, old: _Side, new: _Side, *, is_kept: bool) -> Keys:
    """`keys` with a new ease in place of the old one; `is_kept`: with what is left of it."""
    goes = curve.own(keys, old)
    if is_kept:
        return joined(keys, ~(goes & ~new.within(keys.frames)), NO_KEYS)
    return joined(keys, ~(goes | new.within(keys.frames)), curve.ease(new))


def lost_by_hand(takes: Iterable[Any], tables: Sequence[KeyTable]) -> int:
    """On how many curves `tables`, which are not written yet, will write over keys that somebody
    has made in the eases of these takes.
    """
    span = table_ends(tables)
    blocks = keyed_blocks(tables)
    wanted = {(blocks.get(t.object_name), t.data_path, t.array_index) for t in tables}
    lost: set[tuple[Any, ...]] = set()
    for take in takes:
        first, last = by_hand.span_of(take)
        if last < span[0] or first > span[1]:
            continue
        by_hand.follow_renames(take)
        read, parts = by_hand.read_curves(take), by_hand.parts_of(take)
        changed = by_hand.changed_curves(take, {a: keys for a, (_, keys) in read.items()})
        for curve in [c for c in _curves_of(take, read, (), ()) if c.address in changed]:
            place, _, *path = curve.address
            made = np.concatenate([curve.made_by_hand(s) for s in _sides(take, take.ease_written)])
            address = keyed_block(parts[place]), *path
            if address in wanted and within(made, span).any():
                lost.add(address)
    return len(lost)


def _curves_of(
    take: Any,
    read: Mapping[by_hand.Address, tuple[Any, Keys]],
    others: Sequence[Any],
    spans: Sequence[_Span],
) -> list[_Curve]:
    """Those curves that have been `read` and may be written; one without keys has no end from which
    to go to rest.
    """
    parts, ways = by_hand.parts_of(take), ways_to_rest(take)
    layout = BakeOptions(every_n_frames=max(1, take.ease_step), max_error=take.ease_error)
    theirs = [(by_hand.span_of(other), blocks_of(other)) for other in others]
    curves = []
    for address, (fcurve, keys) in read.items():
        place, _, *path = address
        block = keyed_block(parts[place])
        if not may_write(block) or fcurve.lock or not len(keys.frames):
            continue
        here = (span for span, blocks in theirs if block.as_pointer() in blocks)
        way = ways.get((place, *path), (before.rest_of(block, (path[0], path[1])), False))
        curves.append(_Curve(address, fcurve, keys, *way, layout, (*here, *spans)))
    return curves


def may_write(block: Any) -> bool:
    """Whether the data-block has an Action of ours that may be changed."""
    data = block.animation_data
    is_its = data is not None and own_actions.is_ours(data.action) and block.is_editable
    return is_its and data.action.is_editable


def _sides(take: Any, ease: Sequence[int]) -> tuple[_Side, _Side]:
    return (
        _Side(take.first_frame, is_after=False, n_frames=ease[0]),
        _Side(take.last_frame, is_after=True, n_frames=ease[1]),
    )


def _in_any(frames: np.ndarray, spans: Iterable[_Span]) -> np.ndarray:
    found = np.zeros(len(frames), bool)
    for span in spans:
        found |= within(frames, span)
    return found


def ways_to_rest(take: Any) -> dict[tuple[Any, ...], tuple[float, bool]]:
    """Value at rest and whether it speaks, by part, data path and array index."""
    try:
        rows = json.loads(take.ways_to_rest)
        return {(part, path, i): (rest, is_speech) for part, path, i, rest, is_speech in rows}
    except (ValueError, TypeError):
        return {}
