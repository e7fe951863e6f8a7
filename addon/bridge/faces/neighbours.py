"""Takes of one face: whose keys lie on the same curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import cache
from typing import Any

import bpy

from ....emotalk_core.keys.easing import Place
from ....emotalk_core.retarget import KeyTable
from .. import characters
from ..keying.plans import keyed_block, keyed_blocks
from . import by_hand

__all__ = [
    "beside",
    "blocks_of",
    "each_beside",
    "others_on",
    "place_of",
    "takes_on",
]


def blocks_of(take: Any, is_deleted: Callable[[Any], bool] = characters.is_deleted) -> set[int]:
    """The data-blocks that a take keys, as pointers."""
    parts = by_hand.parts_of(take, is_deleted)
    return {keyed_block(thing).as_pointer() for thing in parts.values()}


def place_of(take: Any) -> Place:
    """Where a take lies, and what eases it asks for."""
    return Place(take.first_frame, take.last_frame, *take.ease_asked)


def takes_on(blocks: Set[int]) -> list[Any]:
    """The takes, of all scenes, that key any of these data-blocks."""
    return [
        take
        for take, theirs in _every_take(cache(characters.is_deleted))
        if not blocks.isdisjoint(theirs)
    ]


def others_on(tables: Sequence[KeyTable], take: Any | None) -> list[Any]:
    """Other takes than `take` (None: a new one) of the face that `tables` key."""
    blocks = {block.as_pointer() for block in keyed_blocks(tables).values()}
    on_it = takes_on(blocks | blocks_of(take) if take is not None else blocks)
    return [other for other in on_it if take is None or other.uid != take.uid]


def beside(take: Any) -> list[Any]:
    """Other takes of the same face."""
    return next(each_beside([take]))[1]


def each_beside(takes: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Each of these takes with the other ones of its face. The same take in another scene, a linked
    copy of this one, is no other.
    """
    # Whether an object is deleted all collections are asked: once for each object.
    is_deleted = cache(characters.is_deleted)
    every = _every_take(is_deleted)
    for take in takes:
        mine = blocks_of(take, is_deleted)
        yield (
            take,
            [o for o, theirs in every if o.uid != take.uid and not mine.isdisjoint(theirs)],
        )


def _every_take(is_deleted: Callable[[Any], bool]) -> list[tuple[Any, set[int]]]:
    takes = (take for scene in bpy.data.scenes for take in scene.emotalk.takes)
    return [(take, blocks_of(take, is_deleted)) for take in takes]
