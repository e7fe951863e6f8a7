"""Last keys of a take that lie in frames of the next one, which has them, and goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....emotalk_core.keys.easing import Place
from ....emotalk_core.keys.passage import ends_in
from ..keying import own_actions
from ..keying.curves import NEAR, Keys, within, write_keys
from ..keying.plans import keyed_block
from . import by_hand, ease_keys
from .neighbours import place_of

__all__ = ["hold"]


def hold(others: Sequence[Any], was: Place, step: int, now: Place | None = None) -> None:
    """Let the takes of `others` that end where another one was stay as they are before that until
    their end: what is there is the other one's face. Keys that somebody has changed stay.

    Parameters
    ----------
    others : records of takes
        Those of the same face.
    was, now : Place
        Where the other one was, and is; None: it is about to go.
    step : int
        Its frames from key to key.
    """
    for take in others:
        end, n_shared = take.last_frame, max(1, step, take.ease_step)
        there = [place_of(other) for other in others if other.uid != take.uid]
        there += [now] if now is not None else []
        is_another = any(place.first_frame <= end <= place.last_frame for place in there)
        if end >= was.first_frame and ends_in(place_of(take), was, n_shared) and not is_another:
            _hold(take, was.first_frame)


def _hold(take: Any, first: float) -> None:
    parts = by_hand.parts_of(take)
    for thing in parts.values():
        own_actions.unshare(keyed_block(thing))
    read = by_hand.read_curves(take)
    changed = by_hand.changed_curves(take, {a: keys for a, (_, keys) in read.items()})
    for address, (fcurve, keys) in read.items():
        block = keyed_block(parts[address[0]])
        end = within(keys.frames, (first, take.last_frame))
        place = int(np.searchsorted(keys.frames, first - NEAR)) - 1
        if address in changed or fcurve.lock or not ease_keys.may_write(block) or place < 0:
            continue
        if keys.frames[place] >= take.first_frame and end.any():
            values = np.where(end, keys.values[place], keys.values)
            write_keys(fcurve, Keys(keys.frames, values, keys.bends), keys)
            block.update_tag()
    by_hand.renew(take, changed)
    by_hand.tell_copies(take)
