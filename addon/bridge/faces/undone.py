"""Keys that followed a slider. They do so after Blender has noted the slider's step for undo, and
undo reads again only what differs between two steps: so it may leave these keys where they are, and
take back what their takes know of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ..jobs.session import SESSION
from . import by_hand
from .neighbours import blocks_of, takes_on

__all__ = ["keep", "settle"]


def keep(take: Any) -> None:
    """Remember what the takes of a face say of their keys, now that these have followed `take`."""
    for one in takes_on(blocks_of(take)):
        SESSION.followed[_place(one)] = by_hand.said_of_keys(one), one.baked


def settle(is_stale: Callable[[Any], bool]) -> None:
    """After undo or redo let each take know the keys that it has: those of the step, or those that
    followed. Whichever fits better, as a hand may have changed some of either; where some
    data-blocks have the former and others the latter, the keys are to follow once more.

    `is_stale`: whether a take's keys show something else than its sliders say.
    """
    for scene in bpy.data.scenes:
        for take in scene.emotalk.takes if scene.is_editable else ():
            if _place(take) in SESSION.followed:
                _settle(take, is_stale)


def _settle(take: Any, is_stale: Callable[[Any], bool]) -> None:
    said, baked = SESSION.followed[_place(take)]
    of_step, baked_of_step = by_hand.said_of_keys(take), take.baked
    not_of_step = by_hand.changed_curves(take)
    if not not_of_step:
        return
    by_hand.say_of_keys(take, said)
    not_followed = by_hand.changed_curves(take)
    by_neither = not_of_step & not_followed
    if len(not_followed) < len(not_of_step):
        take.baked = baked
        is_mixed = not_followed != by_neither
    else:
        by_hand.say_of_keys(take, of_step)
        is_mixed = not_of_step != by_neither
    if is_mixed:
        by_hand.renew(take, by_neither)
        take.baked = baked
        if not is_stale(take):
            take.baked = baked_of_step


def _place(take: Any) -> tuple[int, str]:
    """A linked copy of a scene has the same takes."""
    return take.id_data.session_uid, take.uid
