"""Takes of one face: whose keys lie on the same curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Any

import bpy

from . import by_hand

__all__ = ["beside", "blocks_of", "each_beside", "keyed_block", "takes_on"]


def keyed_block(thing: Any) -> Any:
    """What of an object a take keys: shape keys, which duplicates share, or itself."""
    key = thing.data.shape_keys if thing.type == "MESH" else None
    return key or thing


def blocks_of(take: Any) -> set[int]:
    """The data-blocks that a take keys, as pointers."""
    return {keyed_block(thing).as_pointer() for thing in by_hand.parts_of(take).values()}


def takes_on(blocks: Set[int]) -> list[Any]:
    """The takes, of all scenes, that key any of these data-blocks."""
    return [
        take
        for scene in bpy.data.scenes
        for take in scene.emotalk.takes
        if not blocks.isdisjoint(blocks_of(take))
    ]


def beside(take: Any) -> list[Any]:
    """Other takes of the same face."""
    return next(each_beside([take]))[1]


def each_beside(takes: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Each of these takes with the other ones of its face."""
    every = [(take, blocks_of(take)) for scene in bpy.data.scenes for take in scene.emotalk.takes]
    for take in takes:
        mine = blocks_of(take)
        yield take, [o for o, theirs in every if o != take and not mine.isdisjoint(theirs)]
