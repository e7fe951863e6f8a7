"""Keys of former eases that stayed where curves were locked: taken away once they are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..keying import own_actions
from ..keying.curves import NEAR, NO_KEYS, joined, within, write_keys
from ..keying.plans import keyed_block
from . import by_hand

__all__ = ["leave", "sweep"]

_Span = tuple[float, float]


def leave(take: Any, now: _Span, others: Sequence[Any]) -> None:
    """Remember the keys of the take's eases that lie outside of `now`, the frames that it is about
    to have, on curves that are locked. What lies in frames of `others` is theirs.
    """
    was = by_hand.span_of(take)
    if now[0] <= was[0] and was[1] <= now[1]:
        return
    rows = _rows_of(take)
    for address, (_, keys) in by_hand.read_curves(take, only_locked=True).items():
        stays = within(keys.frames, was) & ~within(keys.frames, now)
        stays &= ~within(keys.frames, (take.first_frame, take.last_frame))
        for other in others:
            stays &= ~within(keys.frames, by_hand.span_of(other))
        if stays.any():
            pairs = np.stack([keys.frames[stays], keys.values[stays]], axis=1)
            rows.append([*address, pairs.tolist()])
    take.left_behind = json.dumps(rows) if rows else ""


def sweep(take: Any, others: Sequence[Any]) -> None:
    """Remove what was left behind from curves that are not locked any more, where it is as it was
    and no take has come over it.
    """
    if not take.left_behind:
        return
    for thing in by_hand.parts_of(take).values():
        own_actions.unshare(keyed_block(thing))
    spans = [by_hand.span_of(one) for one in (take, *others)]
    curves, rows = by_hand.read_curves(take), []
    for *address, pairs in _rows_of(take):
        if tuple(address) not in curves:
            continue
        curve, keys = curves[tuple(address)]
        if curve.lock:
            rows.append([*address, pairs])
            continue
        goes = np.zeros(len(keys.frames), bool)
        for frame, value in pairs:
            goes |= (np.abs(keys.frames - frame) < NEAR) & (keys.values == np.float32(value))
        for span in spans:
            goes &= ~within(keys.frames, span)
        if goes.any():
            write_keys(curve, joined(keys, ~goes, NO_KEYS), keys)
    for thing in by_hand.parts_of(take).values():
        own_actions.show_written(keyed_block(thing))
    take.left_behind = json.dumps(rows) if rows else ""


def _rows_of(take: Any) -> list[list[Any]]:
    """Place, data-block, data path and index of a curve, and its keys: frame and value."""
    try:
        return [[*address, pairs] for *address, pairs in json.loads(take.left_behind)]
    except (ValueError, TypeError):
        return []
