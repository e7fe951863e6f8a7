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
import numpy as np

from ...emotalk_core.easing import Place, eased_tables, ramp, room_for, table_ends
from ...emotalk_core.retarget import BakeOptions, KeyTable
from . import before, by_hand, compat, own_actions
from .curves import Keys, held, joined, read_keys, write_keys
from .neighbours import beside, blocks_of, each_beside, keyed_block, takes_on

__all__ = ["eased", "remember", "settle", "settle_beside"]

_Ease = tuple[int, int]  # frames, in and out
_Span = tuple[float, float]
_NEAR = 0.01  # frames; keys that lie so close are at one frame


def eased(
    tables: Sequence[KeyTable],
    take: Any | None,
    asked: _Ease,
    layout: BakeOptions,
    *,
    is_part: bool,
) -> list[KeyTable]:
    """`tables`, which are not written yet, with the eases for which there is room around them;
    where a part of the take is made again, with those that it has.

    Parameters
    ----------
    take : record of a take, optional
        Whose they are; None for a new one.
    asked : int, int
        Frames in and out.
    """
    is_kept = take is not None and is_part
    return eased_tables(tables, _written(take) if is_kept else _around(tables, take, asked), layout)


def _around(tables: Sequence[KeyTable], take: Any | None, asked: _Ease) -> _Ease:
    named = {table.object_name: bpy.data.objects.get(table.object_name) for table in tables}
    blocks = {name: keyed_block(thing) for name, thing in named.items() if thing is not None}
    others = takes_on({block.as_pointer() for block in blocks.values()})
    known = [by_hand.span_of(other) for other in others]  # its own too, of the last time
    wanted = {(table.object_name, table.data_path, table.array_index) for table in tables}
    curves = [
        curve
        for name, block in blocks.items()
        for curve in _our_curves(block)
        if (name, curve.data_path, curve.array_index) in wanted
    ]
    place = Place(*table_ends(tables), *asked)
    ease = room_for(place, [_place_of(other) for other in others if other != take])
    return _free(place, ease, curves, known)


def remember(
    take: Any, tables: Sequence[KeyTable], written: Sequence[KeyTable], asked: _Ease | None
) -> None:
    """Let `take` know how far `written`, its `tables` with their eases, reach, and which curves go
    to rest in another way than most: to another value than Blender's own, or faster.
    """
    if asked is not None:
        take.ease_asked = asked
    (first, last), (start, end) = table_ends(tables), table_ends(written)
    take.ease_written = round(first - start), round(end - last)
    places = {thing.name: (place, thing) for place, thing in by_hand.parts_of(take).items()}
    manners = []
    for table in tables:
        place, thing = places.get(table.object_name, (0, None))
        path = table.data_path, table.array_index
        if thing is None:
            continue
        if table.is_speech or table.rest != before.rest_of(keyed_block(thing), path):
            manners.append([place, *path, table.rest, table.is_speech])
    take.manners = json.dumps(manners)


def settle_beside(take: Any) -> None:
    """Give the other takes of its face the eases that they have room for, now that `take` is
    written.
    """
    settle(beside(take))


def settle(takes: Iterable[Any], spans: Sequence[_Span] = (), without: Any | None = None) -> None:
    """Give takes the eases that they have room for now: one of their neighbours has come, has moved
    or is about to go (`without`), or keys of no take lie in `spans`.
    """
    for take, every in each_beside(takes):
        others = [other for other in every if other != without]
        place, was = _place_of(take), _written(take)
        ease = room_for(place, [*map(_place_of, others), *(Place(*span) for span in spans)])
        if ease == was:
            continue
        theirs = [by_hand.span_of(other) for other in others]
        by_hand.follow_renames(take)
        curves = [curve for _, _, curve in _curves_of(take)]
        ease = _free(place, ease, curves, [by_hand.span_of(take), *theirs])
        if ease != was:
            _change(take, ease, others, spans)


def _change(take: Any, ease: _Ease, others: Sequence[Any], spans: Sequence[_Span]) -> None:
    """Write the take's eases anew where they are to be others; keys in `spans` and, on what they
    key, of `others` stay.
    """
    changed, manners = by_hand.changed_curves(take), _manners(take)
    for thing in by_hand.parts_of(take).values():
        own_actions.unshare(keyed_block(thing))
    ours = take.id_data.emotalk
    layout = BakeOptions(every_n_frames=ours.key_step, max_error=ours.max_error)
    theirs = [(by_hand.span_of(other), blocks_of(other)) for other in others]
    for part, block, curve in [*_curves_of(take)]:
        here = [span for span, blocks in theirs if block.as_pointer() in blocks]
        path = curve.data_path, curve.array_index
        rest, is_speech = manners.get((part, *path), (before.rest_of(block, path), False))
        keys = old = read_keys(curve)
        for side, edge in enumerate((take.first_frame, take.last_frame)):
            if ease[side] != take.ease_written[side]:
                goes = _within(keys, edge, side, take.ease_written[side])
                for first, last in (*here, *spans):
                    goes &= (keys.frames < first - _NEAR) | (keys.frames > last + _NEAR)
                goes |= _within(keys, edge, side, ease[side])
                value = float(np.interp(edge, keys.frames, keys.values))
                way = ramp(value, rest, ease[side], layout, is_speech=is_speech)
                keys = joined(keys, ~goes, _placed(way, edge, side, is_held=keys.is_held_at(edge)))
        write_keys(curve, keys, old)
        block.update_tag()
    take.ease_written = ease
    by_hand.renew(take, changed)


def _within(keys: Keys, edge: float, side: int, n_frames: int) -> np.ndarray:
    """Which keys, bool (K,), lie in an ease of `n_frames`, before (side 0) or after the edge."""
    away = keys.frames - edge if side else edge - keys.frames
    return (away > _NEAR) & (away < n_frames + _NEAR)


def _placed(way: tuple[np.ndarray, np.ndarray], edge: float, side: int, *, is_held: bool) -> Keys:
    away, values = way
    frames, values = (edge + away, values) if side else (edge - away[::-1], values[::-1])
    return held(frames, values) if is_held else Keys(frames, values)


def _free(place: Place, ease: _Ease, curves: Sequence[Any], known: Sequence[_Span]) -> _Ease:
    """`ease` where no key lies in its way on any of `curves` but those in `known` spans; none on
    the other side.
    """
    first, last = place.first_frame, place.last_frame
    ways = (first - ease[0], first - 2 * _NEAR), (last + 2 * _NEAR, last + ease[1])
    free = [
        any(start <= way[0] and way[1] <= end for start, end in known)
        or not any(_has_other_keys(curve.keyframe_points, way, known) for curve in curves)
        for way in ways
    ]
    return ease[0] * free[0], ease[1] * free[1]


def _has_other_keys(points: Any, way: _Span, known: Sequence[_Span]) -> bool:
    # By halves: reading all keys of an hour at each move of a slider would stop the window.
    place = bisect_left(points, way[0] - _NEAR, key=lambda point: point.co.x)
    while place < len(points) and (frame := points[place].co.x) <= way[1] + _NEAR:
        if not any(start - _NEAR <= frame <= end + _NEAR for start, end in known):
            return True
        place += 1
    return False


def _place_of(take: Any) -> Place:
    return Place(take.first_frame, take.last_frame, *take.ease_asked)


def _written(take: Any) -> _Ease:
    return take.ease_written[0], take.ease_written[1]


def _manners(take: Any) -> dict[tuple[int, str, int], tuple[float, bool]]:
    """Value at rest and whether it speaks, by part, data path and array index."""
    try:
        rows = json.loads(take.manners)
        return {(part, path, i): (rest, is_speech) for part, path, i, rest, is_speech in rows}
    except (ValueError, TypeError):
        return {}


def _curves_of(take: Any) -> Iterator[tuple[int, Any, Any]]:
    """Part, data-block and F-curve of everything that a take has written."""
    for part, thing in by_hand.parts_of(take).items():
        paths, block = by_hand.paths_of(take, thing), keyed_block(thing)
        for curve in _our_curves(block):
            if (curve.data_path, curve.array_index) in paths:
                yield part, block, curve


def _our_curves(block: Any) -> list[Any]:
    """The F-curves of an Action of ours that may be written."""
    data = block.animation_data
    if data is None or not own_actions.is_ours(data.action) or not block.is_editable:
        return []
    return [curve for curve in compat.fcurves_of(block) or () if not curve.lock]
