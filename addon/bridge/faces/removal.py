"""One take goes: its keys and its line in the list; with a character's last take our Actions, but
those that hold keys of somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from typing import Any, Final

import bpy

from ....emotalk_core.errors import RigError
from ....emotalk_core.retarget import KeyTable
from .. import compat
from ..counting import counted
from ..jobs.session import SESSION
from ..keying import before, own_actions, slider_action
from ..keying.curves import NO_KEYS, joined, read_keys, within, write_keys
from ..keying.plans import keyed_block
from . import by_hand, ease_keys, eases, last_keys, leftovers
from .neighbours import beside, blocks_of, place_of

__all__ = ["cut_orphans", "forget", "remove"]

_LEFT: Final = "what else is in the Action stays, yours from now on"
_NONE_LEFT: Final = "Removed the take: no keys were its own any more"
_OF_A_TAKE: Final = re.compile(r"^emotalk\.takes\[(\d+)\]")


def remove(scene: bpy.types.Scene, place: int) -> str:
    """Take the take at `place` of the list away, its eases included; what was done, in words.
    Frames that another take of the same face has too are left to it, and the room beside it.

    Raises
    ------
    RigError
        One of its objects is in the NLA's tweak mode.
    """
    ours = scene.emotalk
    take = ours.takes[place]
    by_hand.follow_renames(take)
    objects = [*by_hand.parts_of(take).values()]
    _check(objects)
    others = [*beside(take), *by_hand.copies_of(take)]  # another scene shows its keys still
    leftovers.sweep(take, others)
    kept = {block for other in others for block in blocks_of(other)}
    alone = [thing for thing in objects if keyed_block(thing).as_pointer() not in kept]
    n_cut = sum(_cut(thing, take, others, by_hand.paths_of(take, thing)) for thing in objects)
    last_keys.hold(others, place_of(take), take.ease_step)
    eases.settle(others, without=take)
    emptied = [thing for thing in alone if not len(compat.fcurves_of(keyed_block(thing)))]
    notes: list[str] = []
    n_actions = own_actions.clear(emptied, notes)
    n_left = own_actions.leave([thing for thing in alone if thing not in emptied])
    n_gone, what = (n_cut, "key") if others or n_left else (n_actions, "Action")
    told = f"Removed {counted(n_gone, what)}" if n_gone else _NONE_LEFT
    beside_it = {other.uid for other in others}
    forget(scene, place)
    _choose_beside(ours, place, beside_it)
    return "; ".join([told + (f", {_LEFT}" if n_left else ""), *notes])


def forget(scene: bpy.types.Scene, place: int) -> None:
    """Take the take at `place` of the list out of it; keys stay."""
    ours = scene.emotalk
    SESSION.forget(ours.takes[place].uid)
    ours.takes.remove(place)
    _follow_the_list(scene, place)
    ours.take_index = max(0, min(ours.take_index, len(ours.takes) - 1))


def cut_orphans(
    take: Any, tables: Iterable[KeyTable], others: Sequence[Any], notes: list[str]
) -> frozenset[by_hand.Address]:
    """Remove the take's keys from curves that it wrote once and that `tables`, which take their
    place, have no more (a mesh or the head was switched off); which curves. What lies in frames of
    `others`, the takes of the same face, stays; what else does goes to `notes`.
    """
    now = {(table.object_name, table.data_path, table.array_index) for table in tables}
    cut: set[by_hand.Address] = set()
    for number, thing in by_hand.parts_of(take).items():
        was = by_hand.paths_of(take, thing)
        gone = {path for path in was if (thing.name, *path) not in now}
        if gone:
            _cut(thing, take, others, gone)
        is_shared = any(keyed_block(thing).as_pointer() in blocks_of(other) for other in others)
        if gone and not is_shared and not len(compat.fcurves_of(keyed_block(thing))):
            own_actions.clear([thing], notes)
        kind = "shape_keys" if thing.type == "MESH" else "object"
        cut |= {(number, kind, *path) for path in gone}
    return frozenset(cut)


def _choose_beside(ours: Any, place: int, uids: Set[str]) -> None:
    """Of the takes of one face that which is nearest in the list: who presses Remove again means
    that face.
    """
    places = [number for number, take in enumerate(ours.takes) if take.uid in uids]
    ours.take_index = min(places, key=lambda number: abs(number - place), default=ours.take_index)


def _check(objects: Sequence[Any]) -> None:
    for thing in objects:
        data = keyed_block(thing).animation_data
        if data is not None and data.use_tweak_mode:
            raise RigError(
                "An NLA strip is being edited",
                value=thing.name,
                remedy="Leave tweak mode (Tab in the NLA).",
            )


def _cut(thing: Any, take: Any, others: Sequence[Any], written: Set[tuple[str, int]]) -> int:
    """Remove the keys of `take` alone from the curves `written` on an object; how many."""
    block = keyed_block(thing)
    own_actions.unshare(block)
    if not ease_keys.may_write(block):
        return 0
    theirs = [other for other in others if block.as_pointer() in blocks_of(other)]
    fcurves, n_removed, emptied = compat.fcurves_of(block), 0, []
    for curve in [*fcurves]:
        path = (curve.data_path, curve.array_index)
        # Takes of files from before takes remembered: what a bake may write.
        if path not in written and (take.written or not path[0].startswith(before.DRIVEN_BY_US)):
            continue
        if curve.lock:
            continue
        keys = read_keys(curve)
        goes = within(keys.frames, by_hand.span_of(take))
        for other in theirs:
            goes &= ~within(keys.frames, by_hand.span_of(other))
        n_removed += int(goes.sum())
        if goes.all():
            emptied.append(path)
            compat.remove_fcurve(fcurves, curve)
        elif goes.any():
            write_keys(curve, joined(keys, ~goes, NO_KEYS), keys)
    before.put_back(block, emptied)
    own_actions.show_written(block)
    return n_removed


def _follow_the_list(scene: bpy.types.Scene, removed: int) -> None:
    """Keyframes and drivers of the sliders of later takes move up with them, those of the removed
    one go.
    """
    data = scene.animation_data
    for curves in (compat.fcurves_of(scene), data.drivers if data else ()):
        for curve in [*curves]:
            found = _OF_A_TAKE.match(curve.data_path)
            number = int(found[1]) if found else -1
            if number == removed:
                compat.remove_fcurve(curves, curve)
            elif number > removed:
                rest = curve.data_path[len(found[0]) :] if found else ""
                curve.data_path = f"emotalk.takes[{number - 1}]{rest}"
    slider_action.drop_emptied(scene)
