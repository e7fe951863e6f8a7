"""Keys that followed a slider. They do so after Blender has noted the slider's step for undo, and
undo reads again only what differs between two steps: so it may leave these keys where they are, and
take back what their takes know of them.
"""

from __future__ import annotations

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


def settle() -> None:
    """After undo or redo let each take know the keys that it has: those of the step, or those that
    followed. Whichever fits better, as a hand may have changed some of either.
    """
    for scene in bpy.data.scenes:
        for take in scene.emotalk.takes if scene.is_editable else ():
            if _place(take) in SESSION.followed:
                _settle(take)


def _settle(take: Any) -> None:
    said, baked = SESSION.followed[_place(take)]
    of_step, n_changed = by_hand.said_of_keys(take), len(by_hand.changed_curves(take))
    if not n_changed:
        return
    by_hand.say_of_keys(take, said)
    if len(by_hand.changed_curves(take)) < n_changed:
        take.baked = baked
    else:
        by_hand.say_of_keys(take, of_step)


def _place(take: Any) -> tuple[int, str]:
    """A linked copy of a scene has the same takes."""
    return take.id_data.session_uid, take.uid
