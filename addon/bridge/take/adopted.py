"""Copies of animated characters (Shift-D, copy and paste): their keys are known by what takes
remember of theirs, and they get takes of their own.

That is no handler's work: undo would know nothing of it. Copies are looked for when a button, or a
slider, is about to write keys; later their keys might not be known by their originals' any more.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from .. import characters
from ..asked import controls
from ..counting import counted
from ..faces import by_hand, removal
from ..jobs.session import SESSION
from ..keying import own_actions
from ..keying.plans import keyed_block

__all__ = ["Adoption", "adopt", "names_of", "strangers"]

_Parts = Mapping[int, Any]  # objects by their numbers among a take's `by_hand.parts_of`


@dataclass(frozen=True)
class Adoption:
    """Takes that copies have got just now; to be kept, or taken back with what they were for."""

    scene: int  # Blender's number
    uids: tuple[str, ...]

    def keep(self) -> str:
        """Call the Actions after those who have them now; who has got how many takes, in words."""
        takes = [take for _, take in self._there()]
        for take in takes:
            for thing in by_hand.parts_of(take).values():
                own_actions.name_after(keyed_block(thing), thing.name)
        # As takes were named: an object may have been deleted while a job ran.
        owners = {take.name.partition(": ")[0] for take in takes}
        n_takes = counted(len(takes), "take")
        if len(owners) > 1:
            return f"{counted(len(owners), 'character')} have {n_takes} of their own now"
        return "".join(f"{name} has {n_takes} of its own now" for name in owners)

    def place_of(self, thing: Any, otherwise: int) -> int:
        """Where in the list the first take of the character of `thing` is; of any other one where
        it has none, `otherwise` without any.
        """
        there = [(thing in by_hand.parts_of(take).values(), -n, n) for n, take in self._there()]
        return max(there, default=(False, 0, otherwise))[2]

    def take_back(self) -> None:
        """As if there had been none."""
        for place, take in [*self._there()][::-1]:
            removal.forget(take.id_data, place)

    def _there(self) -> Iterator[tuple[int, Any]]:
        """Those that neither undo nor anybody else has removed, and their places in the list."""
        for scene in bpy.data.scenes:
            if scene.session_uid == self.scene:
                for place, take in enumerate(scene.emotalk.takes):
                    if take.uid in self.uids:
                        yield place, take


def adopt(scene: bpy.types.Scene) -> Adoption:
    """Give copies in `scene` takes of their own, behind those of the list: what the takes say that
    they were copied from. Keys that somebody has changed since count as changed by hand.
    """
    there, uids = len(scene.emotalk.takes), list[str]()
    for body in _bodies(strangers(scene)):
        copied: dict[str, str] = {}
        for place, parts in _takes_of(scene.emotalk.takes[:there], body):
            was, copy = _new_copy(scene, place, parts)
            copied[was] = copy.uid
        for take in scene.emotalk.takes[there + len(uids) :]:
            take.passage_from = copied.get(take.passage_from, take.passage_from)
        uids += copied.values()
    return Adoption(scene.session_uid, tuple(uids))


def strangers(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The scene's meshes and armatures that an Action of ours moves, but no take. Cheap where there
    are none, as the panel asks at each draw.
    """
    n_users = {action: own_actions.n_users(action) for action in _all_ours()}
    known, users = set[Any](), Counter[Any]()
    for blocks in _keyed_by_takes():
        users.update(map(_action, blocks - known))
        known |= blocks
        if all(users[action] >= n for action, n in n_users.items()):
            return []
    found = []
    for thing in scene.objects:
        block = keyed_block(thing) if thing.type in {"MESH", "ARMATURE"} else None
        action = _action(block) if block is not None and block not in known else None
        # An armature after Alt-D has its original's Action still, and its meshes are no strangers.
        if action is not None and block.is_editable and (thing.type == "MESH" or not users[action]):
            found.append(thing)
    return sorted(found, key=lambda thing: thing.name)  # the parts of each copy in one order


def names_of(things: Sequence[bpy.types.Object]) -> str:
    """Whose parts they are, in words."""
    names = [*dict.fromkeys((_top(thing) or thing).name for thing in things)]
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _keyed_by_takes() -> Iterator[set[Any]]:
    """Nothing, then what each take keys, of deleted characters too: one take of every character
    first, as a thousand lines are spoken by a few, and theirs tell of nearly all.
    """
    yield set()
    every = [take for scene in bpy.data.scenes for take in scene.emotalk.takes]
    of_each = {take.rig.character: take for take in every}
    for take in (*of_each.values(), *every):
        parts = by_hand.parts_of(take, lambda _thing: False)
        yield {keyed_block(thing) for thing in parts.values()}


def _all_ours() -> Iterator[Any]:
    return (action for action in bpy.data.actions if own_actions.is_ours(action))


def _action(block: Any) -> Any | None:
    """The Action of ours that moves a data-block."""
    action = block.animation_data.action if block.animation_data else None
    return action if own_actions.is_ours(action) else None


def _mark(thing: Any) -> str:
    """Whom the Action was made for; a copy of it has brought that along."""
    action = _action(keyed_block(thing))
    return str(action[own_actions.MARK]) if action is not None else ""


def _top(thing: Any) -> Any | None:
    """What a part hangs on: an armature, else its topmost parent; None of a loose one."""
    top = thing
    while top.parent is not None:
        top = top.parent
    return characters.armature_of([thing], thing) or (top if top != thing else None)


def _bodies(things: Sequence[Any]) -> list[list[Any]]:
    """Parts that belong together: what hangs on one thing, of each part one copy."""
    bags: dict[Any, dict[str, list[Any]]] = {}
    for thing in things:
        bags.setdefault(_top(thing), {}).setdefault(_mark(thing), []).append(thing)
    return [
        [copies[number] for copies in bag.values() if number < len(copies)]
        for bag in bags.values()
        for number in range(max(map(len, bag.values())))
    ]


def _takes_of(takes: Sequence[Any], body: Sequence[Any]) -> list[tuple[int, _Parts]]:
    """The takes whose keys a body has, by their places in the list, and its parts. Of takes of
    several characters those that are most like it.
    """
    found = [(*_parts_in(take, body), place, take) for place, take in enumerate(takes)]
    originals: dict[Any, set[Any]] = {}
    mine = []
    for n_same, parts, place, take in sorted(found, key=lambda one: -one[0]):
        its = {thing for _, thing in by_hand.numbered(take)} - {None} or {None}
        if n_same and all(originals.get(thing, its) & its for thing in parts.values()):
            mine.append((place, parts))
            originals |= {thing: its | originals.get(thing, its) for thing in parts.values()}
    return sorted(mine, key=lambda one: one[0])


def _parts_in(take: Any, body: Sequence[Any]) -> tuple[int, _Parts]:
    """How many curves of a body are as the take has written them, and which part is which; 0 where
    these are fewer than half.
    """
    parts: dict[int, Any] = {}
    n_same = n_all = 0
    for place, original in by_hand.numbered(take):
        mark = _mark(original) if original is not None else ""
        like = [
            (*by_hand.likeness(take, place, thing), thing)
            for thing in body
            if thing not in parts.values() and mark in {"", _mark(thing)}
        ]
        same, every, thing = max(like, key=lambda one: one[0], default=(0, 0, None))
        if same:
            parts[place], n_same, n_all = thing, n_same + same, n_all + every
    is_it = 2 * n_same >= n_all and not _shares_bones(take, parts)
    return (n_same, parts) if is_it else (0, {})


def _shares_bones(take: Any, parts: _Parts) -> bool:
    """Whether bones of the take's are the parts' too: meshes alone were copied, below one armature,
    or nothing but it was (Alt-D).
    """
    meshes = [thing for thing in parts.values() if thing.type == "MESH"]
    armature = characters.armature_of(meshes)
    has_no_face = not meshes and any(target.object for target in take.rig.targets)
    return has_no_face or (armature is not None and armature in by_hand.parts_of(take).values())


def _new_copy(scene: bpy.types.Scene, place: int, parts: _Parts) -> tuple[str, Any]:
    """The uid of the take at a place of the list, and the same take of other objects."""
    takes = scene.emotalk.takes
    copy = takes.add()
    take = takes[place]  # adding has moved it
    _copy_group(take, copy)
    copy.uid = uuid.uuid4().hex
    controls.copy_keys(take.controls, copy.controls)
    if controls.digest(copy.controls) != copy.baked:  # the original's have moved, its keys have not
        controls.put_back(copy.controls, copy.baked)
    copy.controls.took_over = take.controls.took_over  # the mix, that was set, has taken it back
    copy.rig.character, copy.armature = _counterpart(take, parts), parts.get(by_hand.ARMATURE)
    for number, target in enumerate(copy.rig.targets):
        target.object = parts.get(number)
    label = take.name.partition(": ")[2] or take.name
    copy.name = f"{copy.rig.character.name}: {label}"
    SESSION.share(take.uid, copy.uid)
    return take.uid, copy


def _counterpart(take: Any, parts: _Parts) -> Any:
    """Whose part the copy of a take's character is."""
    for number, target in enumerate(take.rig.targets):
        if target.object == take.rig.character and number in parts:
            return parts[number]
    first = next(iter(parts.values()))
    return _top(first) or first


def _copy_group(group: Any, other: Any) -> None:
    """Give `other` all values of a property group of its type."""
    for prop in group.bl_rna.properties[1:]:  # the first one is its type
        value = getattr(group, prop.identifier)
        if prop.type == "COLLECTION":
            for item in value:
                _copy_group(item, getattr(other, prop.identifier).add())
        elif isinstance(value, bpy.types.PropertyGroup):
            _copy_group(value, getattr(other, prop.identifier))
        else:
            setattr(other, prop.identifier, value)
