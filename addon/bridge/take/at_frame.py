"""Which take is at the current frame."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy
import numpy as np

from ..asked.prepared import active_take

__all__ = ["choose", "here"]


def here(scene: bpy.types.Scene) -> int | None:
    """The place in the list of the take that the active one's face has at the current frame; None
    where it is the active one, or there is none. Of several the one made last, as far as the list
    knows. Cheap: the panel asks at each draw.
    """
    active, frame = active_take(scene), scene.frame_current
    if active is None or active.first_frame <= frame <= active.last_frame:
        return None
    takes, mine = scene.emotalk.takes, _parts(active)
    first, last = np.empty((2, len(takes)), np.float32)
    takes.foreach_get("first_frame", first)
    takes.foreach_get("last_frame", last)
    places = np.flatnonzero((first <= frame) & (frame <= last)).tolist()
    return max((place for place in places if _parts(takes[place]) & mine), default=None)


def choose(scene: bpy.types.Scene, uids: Collection[str]) -> None:
    """Of takes that were made together choose the one at the current frame in the list: what its
    sliders do is seen. Where there is none the chosen one stays.
    """
    for place, take in enumerate(scene.emotalk.takes):
        if take.uid in uids and take.first_frame <= scene.frame_current <= take.last_frame:
            scene.emotalk.take_index = place


def _parts(take: Any) -> set[Any]:
    """Who speaks, and its meshes, those too that were deleted."""
    things = (take.rig.character, *(target.object for target in take.rig.targets))
    return {thing for thing in things if thing is not None}
