"""Eases around takes: how much room there is on each side, and a neighbour's when that changes.

A take remembers what it asked for and what it got, in frames. Keys that no take has written end
the room as takes do: those of an imported clip, or what a user has keyed beside a take.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import bpy

from ....emotalk_core.keys.easing import Place, eased_tables, leads_into, room_for, table_ends
from ....emotalk_core.keys.passage import left_to_later, passage_frames
from ....emotalk_core.retarget import BakeOptions, KeyTable
from .. import compat
from ..keying import before
from ..keying.curves import NEAR
from ..keying.plans import keyed_block
from . import by_hand, ease_keys, last_keys, leftovers, passages
from .neighbours import blocks_of, each_beside, place_of

__all__ = ["eased", "remember", "room_of", "settle", "settle_around", "takes_after"]

_Ease = tuple[int, int]  # frames, in and out
_Span = tuple[float, float]


def eased(
    tables: Sequence[KeyTable],
    take: Any | None,
    others: Sequence[Any],
    asked: _Ease,
    layout: BakeOptions,
    *,
    is_part: bool,
) -> list[KeyTable]:
    """`tables`, which are not written yet, with the eases for which there is room around them;
    where a part of the take is made again, with those that it has. Without what is a later take's.

    Parameters
    ----------
    take : record of a take, optional
        Whose they are; None for a new one.
    others : records of takes
        Those of the same face.
    asked : int, int
        Scene frames in and out.
    layout : BakeOptions
        Scene frames from key to key, and what leaving out keys may change.
    is_part : bool
        Whether only a range of the take is to be written.
    """
    is_kept = take is not None and is_part
    ease = _written(take) if is_kept else _around(tables, take, others, asked)
    steps = ((place_of(other), other.ease_step) for other in others)
    return left_to_later(eased_tables(tables, ease, layout), steps, layout)


def _around(
    tables: Sequence[KeyTable], take: Any | None, others: Sequence[Any], asked: _Ease
) -> _Ease:
    known = [by_hand.span_of(one) for one in (*others, *([take] if take is not None else []))]
    named = {table.object_name: bpy.data.objects.get(table.object_name) for table in tables}
    wanted = {(table.object_name, table.data_path, table.array_index) for table in tables}
    curves = [
        curve
        for name, thing in named.items()
        if thing is not None
        for curve in _our_curves(keyed_block(thing))
        if (name, curve.data_path, curve.array_index) in wanted
    ]
    place = Place(*table_ends(tables), *asked)
    return _free(place, room_for(place, map(place_of, others)), curves, known)


def remember(
    take: Any,
    tables: Sequence[KeyTable],
    written: Sequence[KeyTable],
    asked: _Ease | None,
    layout: BakeOptions,
) -> None:
    """Let `take` know what its eases are, to make them anew without its sound.

    Parameters
    ----------
    tables, written : tables
        Its keys without and with their eases. Curves that go to rest in another way than most are
        noted: to another value than Blender's own, or faster.
    asked : int, int, optional
        Scene frames in and out; None where only a part was written, which leaves eases alone.
    layout : BakeOptions
        How the eases' keys are laid out.
    """
    if asked is not None:
        take.ease_asked = asked
        take.ease_step, take.ease_error = layout.every_n_frames, layout.max_error
        (first, last), (start, end) = table_ends(tables), table_ends(written)
        take.ease_written = round(first - start), max(0, round(end - last))
    places = {thing.name: (place, thing) for place, thing in by_hand.parts_of(take).items()}
    ways = []
    for table in tables:
        place, thing = places.get(table.object_name, (0, None))
        path = table.data_path, table.array_index
        if thing is None:
            continue
        if table.is_speech or table.rest != before.rest_of(keyed_block(thing), path):
            ways.append([place, *path, table.rest, table.is_speech])
    take.ways_to_rest = json.dumps(ways)


def room_of(take: Any | None) -> tuple[float, ...]:
    """What of a take its neighbours' eases depend on."""
    if take is None:
        return ()
    return take.first_frame, take.last_frame, *take.ease_asked, *sorted(blocks_of(take))


def settle_around(baked: passages.Baked, others: Sequence[Any], was: tuple[float, ...]) -> None:
    """Give a take that has just been written its passage, and its neighbours theirs and the eases
    that they have room for now.

    Parameters
    ----------
    others : records of takes
        Those of the same face.
    was : numbers
        Its room before.
    """
    passages.remember(baked)
    by_hand.tell_copies(baked.take)
    if was:
        last_keys.hold(others, Place(was[0], was[1]), baked.take.ease_step, place_of(baked.take))
    after = takes_after(baked.take, others)
    settle(others if room_of(baked.take) != was else after, baked=baked, after=after)


def takes_after(take: Any, others: Sequence[Any]) -> list[Any]:
    """The takes that go over from this one, or would, had they been made by this version; from one
    so short that it is all passage, those too.
    """
    waiting, found = [take], dict[str, Any]()
    left = {other.uid: other for other in others if other.uid != take.uid}  # once, not by scene
    while waiting:
        source = waiting.pop()
        later = {uid: other for uid, other in left.items() if _comes_after(other, source)}
        left = {uid: other for uid, other in left.items() if uid not in later}
        found |= later
        waiting += [
            o
            for o in later.values()
            if o.last_frame - o.first_frame <= passage_frames(o.ease_asked[1]) + 1
        ]
    return [*found.values()]


def _comes_after(take: Any, source: Any) -> bool:
    if take.passage_from:
        return take.passage_from == source.uid
    return leads_into(place_of(source), place_of(take))


def settle(
    takes: Iterable[Any],
    spans: Sequence[_Span] = (),
    without: Any | None = None,
    *,
    baked: passages.Baked | None = None,
    after: Sequence[Any] = (),
) -> None:
    """Give takes the eases that they have room for now, and passages where they have none.

    Parameters
    ----------
    takes : records of takes
        Those beside what has changed.
    spans : pairs of float
        First and last scene frame of keys of no take: those of an imported clip.
    without : record of a take, optional
        One that is about to go, and takes no room any more.
    baked : Baked, optional
        A take whose keys have just been written, not among `takes`.
    after : records of takes
        Those of `takes` that go over from it.
    """
    beside = [
        (take, [other for other in every if other != without]) for take, every in each_beside(takes)
    ]
    for take, others in beside:
        if take.own_beginning and passages.earlier_take(take, others, spans) is None:
            passages.renew(take, others, spans)  # its ease starts from its own first key
        _settle_eases(take, others, spans)
    if baked is not None:
        beside += each_beside([baked.take])
    anew = {one.uid for one in after}
    for take, others in sorted(beside, key=lambda pair: pair[0].first_frame):
        if baked is not None and take.uid == baked.take.uid:
            passages.renew(take, others, spans, baked)
        elif take.uid in anew or passages.is_another(take, others, spans):
            passages.renew(take, others, spans)


def _settle_eases(take: Any, others: Sequence[Any], spans: Sequence[_Span]) -> None:
    leftovers.sweep(take, others)
    place, was = place_of(take), _written(take)
    ease = room_for(place, [*map(place_of, others), *(Place(*span) for span in spans)])
    if ease == was:
        return
    theirs = [by_hand.span_of(other) for other in others]
    by_hand.follow_renames(take)
    ease = _free(place, ease, [*_curves_of(take)], [by_hand.span_of(take), *theirs])
    if ease != was:
        ease_keys.change(take, ease, others, spans)


def _free(place: Place, ease: _Ease, curves: Sequence[Any], known: Sequence[_Span]) -> _Ease:
    """`ease` where no key lies in its way on any of `curves` but those in `known` spans; none on
    the other side.
    """
    first, last = place.first_frame, place.last_frame
    ways = (first - ease[0], first - 2 * NEAR), (last + 2 * NEAR, last + ease[1])
    free = [
        any(start <= way[0] and way[1] <= end for start, end in known)
        or not any(_has_other_keys(curve.keyframe_points, way, known) for curve in curves)
        for way in ways
    ]
    return ease[0] * free[0], ease[1] * free[1]


def _has_other_keys(points: Any, way: _Span, known: Sequence[_Span]) -> bool:
    # By halves: reading all keys of an hour at each move of a slider would stop the window.
    place = bisect_left(points, way[0] - NEAR, key=lambda point: point.co.x)
    while place < len(points) and (frame := points[place].co.x) <= way[1] + NEAR:
        if not any(start - NEAR <= frame <= end + NEAR for start, end in known):
            return True
        place += 1
    return False


def _written(take: Any) -> _Ease:
    return take.ease_written[0], take.ease_written[1]


def _curves_of(take: Any) -> Iterator[Any]:
    """The F-curves that a take has written and that may be written."""
    for thing in by_hand.parts_of(take).values():
        paths = by_hand.paths_of(take, thing)
        for curve in _our_curves(keyed_block(thing)):
            if (curve.data_path, curve.array_index) in paths:
                yield curve


def _our_curves(block: Any) -> list[Any]:
    """The F-curves of an Action of ours that may be written."""
    curves = compat.fcurves_of(block) if ease_keys.may_write(block) else ()
    return [curve for curve in curves if not curve.lock]
