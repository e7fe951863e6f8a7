"""Keys that somebody changed after we wrote them: a take remembers a checksum of each curve.

Whatever else is written over a take (another take, an imported clip) is no hand's work:
`knowing_what_was_changed` renews the memory of the curves that were as they had been.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import bpy

from ....emotalk_core.errors import RigError
from ....emotalk_core.retarget import KeyTable
from .. import characters, compat
from ..keying import before, own_actions, slider_limits
from ..keying.at_hand import KeysAtHand
from ..keying.curves import NEAR, Keys, by_path, checksum, checksum_with, read_keys
from ..keying.patches import Patch
from ..keying.plans import block_of, keyed_block, keyed_blocks

__all__ = [
    "ARMATURE",
    "Address",
    "Hands",
    "changed_curves",
    "copies_of",
    "curves_in",
    "follow_renames",
    "hands_on",
    "know_armature",
    "know_patches",
    "knowing_what_was_changed",
    "likeness",
    "numbered",
    "parts_of",
    "paths_of",
    "read_curves",
    "remember",
    "renew",
    "said_of_keys",
    "say_of_keys",
    "span_of",
    "tell_copies",
]

Address = tuple[int, str, str, int]
"""Number of the object among `parts_of`, which of its data-blocks, data path, array index. Numbers,
because objects are renamed."""

ARMATURE: Final = -1
"""Its number among the parts of a take."""


@dataclass(frozen=True)
class Hands:
    """What hands have done to curves of a take."""

    changed: frozenset[Address] = frozenset()
    removed: frozenset[Address] = frozenset()  # no key is left in the take's frames
    on_tracks: frozenset[Address] = frozenset()  # likewise: our Action was pushed down


_OF_KEYS: Final = (
    "first_frame", "last_frame", "ease_asked", "ease_written", "ease_step", "ease_error",
    "ways_to_rest", "left_behind", "written", "passage_from", "passage_free", "lip_curves",
    "own_beginning",
)  # fmt: skip
"""What a take says of its keys, not of its sound and sliders."""

_BY_CURVE: Final = ("ways_to_rest", "lip_curves", "own_beginning")
"""Those of them that are rows of a curve each: number of the object, data path, array index, ..."""


def parts_of(
    take: Any, is_deleted: Callable[[Any], bool] = characters.is_deleted
) -> dict[int, Any]:
    """Meshes of a take that are still there, by their places in its list, and its armature.

    `is_deleted`: one that remembers, for who asks about many takes.
    """
    meshes = {
        place: item.object
        for place, item in enumerate(take.rig.targets)
        if item.object is not None and not is_deleted(item.object)
    }
    armature = take.armature  # that of its keys, though the meshes hang elsewhere by now
    if armature is None or is_deleted(armature):
        armature = characters.armature_of([*meshes.values()], take.rig.character)
    return meshes | ({ARMATURE: armature} if armature else {})


def numbered(take: Any) -> list[tuple[int, Any]]:
    """All parts of a take, those too that are gone: their numbers, and what is left of them."""
    meshes = ((place, item.object) for place, item in enumerate(take.rig.targets))
    return [*meshes, (ARMATURE, take.armature)]


def likeness(take: Any, number: int, thing: Any) -> tuple[int, int]:
    """How many of the curves that `take` remembers of one of its parts another object has with the
    very same keys, and how many there are.
    """
    sums = {address: n for address, n in _memory(take).items() if address[0] == number and n}
    curves = {kind: curves_in(thing, kind) for kind in {address[1] for address in sums}}
    span = span_of(take)
    n_same = sum(_sum_of(curves[a[1]].get(a[2:]), span) == n for a, n in sums.items())
    return n_same, len(sums)


def know_armature(take: Any, tables: Iterable[KeyTable]) -> None:
    """Let `take` know whose bones `tables` turn: the meshes may hang elsewhere later."""
    named = next((table.object_name for table in tables if table.block == "object"), "")
    take.armature = bpy.data.objects.get(named) or take.armature


def remember(
    take: Any,
    tables: Iterable[KeyTable],
    but: Set[Address] = frozenset(),
    at_hand: KeysAtHand | None = None,
) -> None:
    """Let `take` know the curves as `tables` have just written them, those in `but` as before."""
    places = {thing.name: place for place, thing in parts_of(take).items()}
    written = [
        (places[table.object_name], table.block, table.data_path, table.array_index)
        for table in tables
        if table.object_name in places
    ]
    kept = {address: n for address, n in _memory(take).items() if address in but}
    curves = _curves_of(take, written)
    sums = {a: _sum_of(curves.get(a), span_of(take), at_hand) for a in written if a not in kept}
    _store(take, sums | kept)


def know_patches(take: Any, patches: Iterable[Patch]) -> None:
    """Let `take` know its curves with what has been patched; what else somebody has changed on them
    is as changed as before.
    """
    places, memory = {thing.name: place for place, thing in parts_of(take).items()}, _memory(take)
    for patch in patches:
        table = patch.table
        address = places[table.object_name], table.block, table.data_path, table.array_index
        memory[address] = checksum_with(memory[address], patch.was, patch.now, patch.n_after)
    _store(take, memory)


def changed_curves(take: Any, read: Mapping[Address, Keys] | None = None) -> frozenset[Address]:
    """The curves that `take` remembers whose keys in its frames are others now, without those whose
    object is gone.

    `read`: the keys of its curves, where they have been read and renames been followed.
    """
    if read is None:
        follow_renames(take)
    memory, parts = _memory(take), parts_of(take)
    there = [address for address in memory if address[0] in parts]
    sums = _sums_of(take, there, read)
    return frozenset(address for address in there if sums[address] != memory[address])


def hands_on(take: Any, changed: Set[Address]) -> Hands:
    """What has become of the curves of `take` that are `changed`, as `changed_curves` tells."""
    curves, parts, span = _curves_of(take, changed), parts_of(take), span_of(take)
    gone = {a for a in changed if a not in curves or not _has_keys(curves[a], span)}
    tracks = {place: _on_tracks(keyed_block(parts[place])) for place in {a[0] for a in gone}}
    on_tracks = frozenset(a for a in gone if a[2:] in tracks[a[0]])
    return Hands(frozenset(changed - gone), frozenset(gone - on_tracks), on_tracks)


def _has_keys(curve: Any, span: tuple[float, float]) -> bool:
    points = curve.keyframe_points
    first = bisect_left(points, span[0] - NEAR, key=lambda point: point.co.x)
    return first < len(points) and points[first].co.x <= span[1] + NEAR


def _on_tracks(block: Any) -> set[tuple[str, int]]:
    """Data path and array index of the curves of ours that NLA strips play."""
    tracks = block.animation_data.nla_tracks if block.animation_data else ()
    strips = [strip for track in tracks for strip in track.strips]
    ours = [strip for strip in strips if own_actions.is_ours(strip.action)]
    return {path for strip in ours for path in by_path(compat.strip_curves(strip))}


def read_curves(
    take: Any, *, only_locked: bool = False, known: Mapping[int, Keys] | None = None
) -> dict[Address, tuple[Any, Keys]]:
    """The F-curves that `take` remembers and that are there, and their keys.

    `known`: keys that need not be read again, by the F-curve's pointer.
    """
    curves, known = _curves_of(take, _memory(take)), known or {}
    return {
        a: (curve, known.get(curve.as_pointer()) or read_keys(curve))
        for a, curve in curves.items()
        if curve.lock or not only_locked
    }


def copies_of(take: Any) -> list[Any]:
    """The same take in other scenes: a linked copy of a scene has the same faces and takes."""
    every = (other for scene in bpy.data.scenes for other in scene.emotalk.takes)
    return [other for other in every if take.uid and other.uid == take.uid and other != take]


def tell_copies(take: Any) -> None:
    """Let the same take in other scenes know of its keys what `take` knows."""
    for copy in copies_of(take):
        if parts_of(copy) == parts_of(take):  # addresses count them
            say_of_keys(copy, said_of_keys(take))


def said_of_keys(take: Any) -> dict[str, Any]:
    """What `take` says of its keys, to be kept."""
    values = {name: getattr(take, name) for name in _OF_KEYS}
    return {n: v if isinstance(v, (str, int, float)) else tuple(v) for n, v in values.items()}


def say_of_keys(take: Any, said: Mapping[str, Any]) -> None:
    """Let `take` say of its keys what `said_of_keys` has returned."""
    for name, value in said.items():
        setattr(take, name, value)


def paths_of(take: Any, thing: Any) -> set[tuple[str, int]]:
    """Data path and array index of the curves on an object that `take` remembers."""
    places = [place for place, part in parts_of(take).items() if part == thing]
    return {(path, index) for place, _, path, index in _memory(take) if place in places}


def follow_renames(take: Any) -> None:
    """Let `take` know the curves of keys and bones that were renamed since: where one is missing,
    one with the very same keys that it does not know. Of several that move alike the first is the
    first still: renaming leaves curves in their order.
    """
    memory, parts = _memory(take), parts_of(take)
    for place, kind in sorted({address[:2] for address in memory if address[0] in parts}):
        curves = curves_in(parts[place], kind)
        known = {address[2:]: None for address in memory if address[:2] == (place, kind)}
        gone = [path for path in known if path not in curves]
        strangers = [path for path in curves if path not in known]
        if not gone or not strangers:
            continue
        sums = {path: _sum_of(curves[path], span_of(take)) for path in strangers}
        for path in gone:
            total = memory[place, kind, *path]
            alike = [one for one in sums if sums[one] == total and one[1] == path[1]]
            if total and alike:
                was, now = (place, kind, *path), (place, kind, *alike[0])
                memory = {now if address == was else address: memory[address] for address in memory}
                block = block_of(parts[place], kind)
                before.rename(block, path, alike[0])
                slider_limits.rename(block, path[0], alike[0][0])
                for name in _BY_CURVE:
                    _rename_row(take, name, [place, *path], [place, *alike[0]])
                del sums[alike[0]]
                _store(take, memory)


def _rename_row(take: Any, name: str, was: list[Any], now: list[Any]) -> None:
    """What a take knows of a curve."""
    try:
        rows = json.loads(getattr(take, name))
        renamed = [[*(now if row[:3] == was else row[:3]), *row[3:]] for row in rows]
    except (ValueError, TypeError):
        return
    setattr(take, name, json.dumps(renamed))


@contextmanager
def knowing_what_was_changed(
    tables: Sequence[KeyTable], span: tuple[float, float], besides: tuple[str, str] = ("", "")
) -> Generator[None]:
    """While `tables` are written somewhere in `span`: all takes but `besides` (scene and uid) know
    afterwards of the changes that they knew of before, and of no others.
    """
    blocks = {*keyed_blocks(tables).values()}
    before = [
        (scene.name, take.uid, changed_curves(take))
        for scene in bpy.data.scenes
        for take in scene.emotalk.takes
        if (scene.name, take.uid) != besides and take.written and _is_touched(take, blocks, span)
    ]
    yield
    for scene_name, uid, changed in before:
        scene = bpy.data.scenes.get(scene_name)
        for take in scene.emotalk.takes if scene else ():
            if take.uid == uid:
                renew(take, changed)


def _is_touched(take: Any, blocks: Set[Any], span: tuple[float, float]) -> bool:
    first, last = span_of(take)
    apart = last < span[0] or first > span[1]
    return not apart and any(keyed_block(thing) in blocks for thing in parts_of(take).values())


def renew(take: Any, but: Set[Address], read: Mapping[Address, Keys] | None = None) -> None:
    """Let `take` know the curves that it remembers as they are now, those in `but` as before.

    `read`: their keys, where they are known.
    """
    memory = _memory(take)
    sums = _sums_of(take, memory, read)
    _store(take, {a: n if a in but else sums[a] for a, n in memory.items()})


def _memory(take: Any) -> dict[Address, int]:
    """What `take` remembers; nothing where nothing is, or what another version wrote."""
    try:
        return {(place, kind, path, i): n for place, kind, path, i, n in json.loads(take.written)}
    except (ValueError, TypeError):
        return {}


def _store(take: Any, sums: dict[Address, int]) -> None:
    take.written = json.dumps([[*address, total] for address, total in sums.items()])


def span_of(take: Any) -> tuple[float, float]:
    """First and last frame that a take has written, its eases included."""
    return take.first_frame - take.ease_written[0], take.last_frame + take.ease_written[1]


def _curves_of(take: Any, addresses: Iterable[Address]) -> dict[Address, Any]:
    parts, found = parts_of(take), {}
    blocks: dict[tuple[int, str], dict[tuple[str, int], Any]] = {}
    for address in addresses:
        place, kind, path, index = address
        if (place, kind) not in blocks:
            blocks[place, kind] = curves_in(parts.get(place), kind)
        curve = blocks[place, kind].get((path, index))
        if curve is not None:
            found[address] = curve
    return found


def curves_in(thing: Any, kind: str) -> dict[tuple[str, int], Any]:
    """The F-curves on one of an object's data-blocks, by data path and array index."""
    try:
        block = block_of(thing, kind) if thing else None
    except RigError:  # its shape keys are gone
        block = None
    return by_path(compat.fcurves_of(block)) if block else {}


def _sums_of(
    take: Any, addresses: Iterable[Address], read: Mapping[Address, Keys] | None
) -> dict[Address, int]:
    span = span_of(take)
    if read is not None:
        return {a: checksum(read[a], span) if a in read else 0 for a in addresses}
    curves = _curves_of(take, addresses)
    return {a: _sum_of(curves.get(a), span) for a in addresses}


def _sum_of(curve: Any | None, span: tuple[float, float], at_hand: KeysAtHand | None = None) -> int:
    """Of a missing curve as of one without keys."""
    return 0 if curve is None else checksum((at_hand or KeysAtHand()).of(curve), span)
