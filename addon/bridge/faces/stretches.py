"""How keys are laid out, and which scene frames a take may change when it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from ....emotalk_core.errors import InputError
from ....emotalk_core.keys.easing import table_ends
from ....emotalk_core.retarget import BakeOptions, KeyTable
from ..keying.curves import NEAR, Stretch
from . import by_hand

__all__ = ["check_channel", "check_in_range", "check_range", "layout_of", "stretch_for"]

_Span = tuple[float, float]


def layout_of(ours: Any) -> BakeOptions:
    """As the panel says; every frame holds its own pose anyhow."""
    is_held = ours.hold_keys and ours.key_step > 1
    return BakeOptions(ours.key_step, ours.max_error, is_held=is_held)


def check_range(ours: Any) -> None:
    """Nothing, where a part of a take can be written as the panel says.

    Raises
    ------
    InputError
        The range has no frame.
    """
    if ours.use_range and ours.range_start > ours.range_end:
        raise InputError(
            "Only a Range ends before it begins",
            value=f"{ours.range_start} to {ours.range_end}",
            remedy="Swap From and To.",
        )


def check_in_range(ours: Any, frame: int) -> None:
    """Nothing, where keys at a scene frame may change as the panel says.

    Raises
    ------
    InputError
        They may not.
    """
    check_range(ours)
    if ours.use_range and not ours.range_start <= frame <= ours.range_end:
        raise InputError(
            "Keys at the current frame stay as they are",
            value=f"{frame}, outside of {ours.range_start} to {ours.range_end}",
            remedy="Go to a frame in between, or switch Only a Range off.",
        )


def check_channel(ours: Any, take: Any, channel: int | None) -> None:
    """Nothing, where a take can be written from this channel of its sound, None is all of them.

    Raises
    ------
    InputError
        Only a part of it would be, and its sliders would write that over from the other channel.
    """
    if ours.use_range and take.channel != (channel or 0):
        raise InputError(
            "Only a Range cannot give a part of a take another channel of the sound",
            value=channel or 0,
            remedy=f"Set Channel to {take.channel}, as the take has it, or take all of its frames.",
        )


def stretch_for(
    scene: bpy.types.Scene, take: Any | None, tables: Sequence[KeyTable], others: Sequence[Any]
) -> Stretch:
    """What writing `tables`, without their eases, may change.

    Parameters
    ----------
    take : record of a take, optional
        Whose they are; None for a new one.
    others : records of takes
        Those of the same face.
    """
    ours, now = scene.emotalk, table_ends(tables)
    old = by_hand.span_of(take) if take else None
    spans = tuple(map(by_hand.span_of, others))
    places = (now, old or now)
    theirs = tuple(s for s in spans if any(s[0] <= b and a <= s[1] for a, b in places))
    return Stretch(
        old,
        theirs,
        _only(ours, take, now),
        ours.blend_frames,
        layout_of(ours).is_held,
        grid=(now[0], ours.key_step),
        is_thinned=ours.max_error > 0.0,
    )


def _only(ours: Any, take: Any | None, now: _Span) -> _Span | None:
    """The range, where only that is to be written."""
    if take is None or not ours.use_range:
        return None
    moved = abs(now[1] - take.last_frame)
    if now[0] != take.first_frame or moved > max(ours.key_step, take.ease_step):
        return None  # the sound lies elsewhere now: a part of it would leave the rest behind
    only = float(ours.range_start), float(ours.range_end)
    if moved > NEAR:  # another step, or a cut of a frame: a part leaves the take its end
        only = only[0], min(only[1], now[1], take.last_frame)
    return only
