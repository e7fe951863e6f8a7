"""Objects of the scene as the core's rigs: what drives the meshes and bones of a character."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import bpy

from ....emotalk_core.arkit import CHANNELS
from ....emotalk_core.errors import RigError
from ....emotalk_core.retarget import (
    Binding,
    Driven,
    ExpressionMatrix,
    KeyTarget,
    Matching,
    Skeleton,
    binding_of,
    match_meshes,
    read_binding,
    read_expression_matrix,
)
from ....emotalk_core.rigs.flame import is_flame_key
from ....emotalk_core.rigs.poses import match_skeleton, moves_mouth
from .. import characters
from ..counting import counted
from .kept_matrix import matrix_of_any
from .skeletons import skeleton_of

__all__ = [
    "NO_MOUTH",
    "Rig",
    "RigSettings",
    "fill_list",
    "find_rig",
    "rig_of",
    "unlisted",
    "with_all_keys",
]

NO_MOUTH: Final = "Nothing moves the mouth"
"""How the note begins of a rig that lacks what a talking face needs most."""


@dataclass(frozen=True)
class RigSettings:
    """What the panel, or a take, says of a rig besides its meshes."""

    matrix_path: str = ""  # of a FLAME face
    names_path: str = ""  # of keys with names of their own: a file as `write_binding` makes it
    use_head: bool = True
    use_poses: bool = True

    @classmethod
    def of(cls, group: Any) -> RigSettings:
        """Those of a property group."""
        return cls(**{name: getattr(group, name) for name in cls.__dataclass_fields__})

    def put(self, group: Any) -> None:
        """Set them there."""
        for name in self.__dataclass_fields__:
            setattr(group, name, getattr(self, name))


@dataclass(frozen=True, eq=False)
class Rig:
    """What moves when a character speaks; names only, so it may travel to a thread."""

    binding: Binding
    matchings: Mapping[str, Matching]  # by object name
    objects: tuple[str, ...]  # everything that gets keys: meshes, then the armature
    missing: tuple[str, ...]  # channels that move nothing on any of the meshes
    notes: tuple[str, ...]
    warnings: tuple[str, ...]  # those of the notes that a user should not have to look for
    settings: RigSettings
    n_poses: int = 0  # that somebody has made for bones
    known: str = ""  # whose face of bones is known without


def find_rig(
    meshes: Iterable[bpy.types.Object],
    armature: bpy.types.Object | None,
    settings: RigSettings,
    asked: str = "",
) -> Rig:
    """What drives the given meshes and bones, which are what was found of the object `asked` for.

    Raises
    ------
    RigError
        There is no mesh and no armature, or no shape key and no bone has a name that is known.
    InputError
        The FLAME matrix or the file of own names cannot be used.
    """
    meshes = list(meshes)
    if not meshes and armature is None:
        raise _mute(asked)
    matchings = _matched_meshes(meshes)
    skeleton = skeleton_of(armature, use_poses=settings.use_poses)
    own = _own_rows(settings, [*meshes, *filter(None, [armature])])
    matrix = _matrix(settings.matrix_path, meshes)
    try:
        found = binding_of(
            matchings,
            skeleton,
            expressions=matrix,
            use_head=settings.use_head,
        )
    except RigError as error:
        if matrix is not None and _has_flame(matchings):
            raise  # the face lacks what the matrix moves
        if not own:
            told = ", ".join(mesh.name for mesh in meshes) or error.value
            raise _unknown(told, is_flame=_has_flame(matchings)) from error
        found = Binding(())
    binding = _with_own(found, own)
    if not binding.driven:
        remedy = 'Fill in the sources of a row, such as {"jawOpen": 1}.'
        raise RigError("The names file drives nothing", value=settings.names_path, remedy=remedy)
    _check_names(binding, [*meshes, *filter(None, [armature])])
    moving = _channels_of(binding.driven)
    posed = _posed(binding, skeleton)
    lacks = _missing([*matchings.values(), posed])
    missing = tuple(name for name in lacks if name not in moving)
    warnings = _warnings(moving, matchings, matrix)
    notes = dict.fromkeys((*warnings, *_notes(binding, matchings, matrix, posed, skeleton)))
    objects, of_bones = binding.object_names, _of_bones(posed, skeleton)
    return Rig(binding, matchings, objects, missing, (*notes,), warnings, settings, *of_bones)


def _matrix(path: str, meshes: Sequence[bpy.types.Object]) -> ExpressionMatrix | None:
    return read_expression_matrix(bpy.path.abspath(path)) if path else matrix_of_any(meshes)


def _check_names(binding: Binding, things: Iterable[bpy.types.Object]) -> None:
    """Keys find objects by name, and local ones before linked ones: somebody else's head."""
    for thing in things:
        found = bpy.data.objects.get(thing.name)
        override = found.override_library if found is not None else None
        is_it = thing in (found, override.reference if override else None)
        if thing.name in binding.object_names and not is_it:
            raise RigError(
                "Linked data cannot be animated",
                value=thing.name,
                remedy="Make a library override of it: the one of this name here is another's.",
            )


def _mute(asked: str) -> RigError:
    thing = bpy.data.objects.get(asked)
    if thing is not None and thing.instance_collection is not None:
        return RigError(
            "Only an instance of a collection",
            value=asked,
            remedy="Choose a face of that collection; if it is linked, override it first.",
        )
    if thing is not None and characters.is_deleted(thing):
        return RigError(
            "The character was deleted", value=asked, remedy="Undo that, or remove its takes."
        )
    remedy = "Choose a face with shape keys, or let Make Shape Keys give it some."
    return RigError("Nothing here can speak", value=asked, remedy=remedy)


def _unknown(told: object, *, is_flame: bool) -> RigError:
    if is_flame:
        remedy = "Press Fit Expressions, hang it on its armature, or give a FLAME Matrix."
        return RigError("A FLAME head without bones and matrix", value=told, remedy=remedy)
    remedy = "Make Shape Keys gives it ARKit's 52; or give it poses, or a Names File (panel Rig)."
    return RigError("No shape key has a known name", value=told, remedy=remedy)


def _has_flame(matchings: Mapping[str, Matching]) -> bool:
    return any(is_flame_key(key) for found in matchings.values() for key in found.unmatched)


def rig_of(group: Any, character: Any) -> tuple[Sequence[Any], Rig]:
    """The meshes that are switched on, and what drives them."""
    meshes = characters.chosen_meshes(group.targets, character)
    armature = characters.armature_of(meshes, character)
    if not meshes and armature is None:
        _check_switches(group.targets)
    asked = character.name if character is not None else ""
    return meshes, find_rig(meshes, armature, RigSettings.of(group), asked)


def unlisted(targets: Iterable[Any], character: Any) -> tuple[str, ...]:
    """Of meshes that came to the character after its list in the panel was made."""
    listed = [i.object for i in targets if i.object and characters.has_keys(i.object)]
    keys = {mesh.data.shape_keys for mesh in listed}  # which duplicates share
    family = characters.character_meshes(character)
    if not any(mesh in listed for mesh in family):
        return ()
    known = _matched_meshes(family)
    new = [m.name for m in family if m.data.shape_keys not in keys and m.name in known]
    them = "it" if len(new) == 1 else "them"
    told = f"{', '.join(new)}: not in the list of panel Rig. Find Face Meshes adds {them}"
    return (told,) if new else ()


def _check_switches(targets: Iterable[Any]) -> None:
    off = [i for i in targets if not i.use and i.object and not characters.is_deleted(i.object)]
    if off:
        raise RigError(
            "All meshes are switched off",
            value=", ".join(item.object.name for item in off),
            remedy="Switch one on in the list of panel Rig.",
        )


def with_all_keys(rig: Rig | None, meshes: Iterable[bpy.types.Object]) -> Binding:
    """What was found, and a row without sources for every key that nothing drives: to be filled in
    by hand.
    """
    found = rig.binding.driven if rig else ()
    known = {_place_of(item) for item in found}
    keys = [KeyTarget(mesh.name, key) for mesh in meshes for key in _keys_of(mesh)[1:]]
    empty = tuple(Driven(key, ()) for key in keys if (key.object_name, key.key) not in known)
    return Binding((*found, *empty))


def _keys_of(mesh: bpy.types.Object) -> list[str]:
    return [block.name for block in mesh.data.shape_keys.key_blocks]


def _own_rows(settings: RigSettings, objects: Sequence[bpy.types.Object]) -> tuple[Driven, ...]:
    if not settings.names_path:
        return ()
    rows = read_binding(bpy.path.abspath(settings.names_path)).driven
    there = {thing.name for thing in objects}
    if not any(row.target.object_name in there for row in rows):
        raise RigError(
            "The names file is of another character",
            value=rows[0].target.object_name,
            remedy=f"Name {', '.join(sorted(there)[:3])} in it, or take the file away.",
        )
    own = tuple(row for row in rows if row.target.object_name in there)
    _check_rows(own, objects)
    return own


def _check_rows(rows: Iterable[Driven], objects: Iterable[bpy.types.Object]) -> None:
    """Refuse rows of the names file that drive what is not there."""
    things = {thing.name: thing for thing in objects}
    for row in rows:
        thing, (name, part) = things[row.target.object_name], _place_of(row)
        is_key = isinstance(row.target, KeyTarget)
        if is_key:
            is_there = thing.type == "MESH" and part in _keys_of(thing)[1:]
        else:
            is_there = thing.type == "ARMATURE" and part in thing.pose.bones
        if row.sources and not is_there:
            raise RigError(
                "A shape key is gone" if is_key else "A bone is gone",
                value=f"{name}: {part}",
                remedy="Correct its row in the names file, or write it anew with Save Names.",
            )


def _with_own(found: Binding, own: Sequence[Driven]) -> Binding:
    """Rows of the file in place of what was found for the same key or bone; those without sources
    leave it alone.
    """
    named = {_place_of(row) for row in own}
    kept = [item for item in found.driven if _place_of(item) not in named]
    return replace(found, driven=(*kept, *(row for row in own if row.sources)))


def _place_of(item: Driven) -> tuple[str, str]:
    target = item.target
    return target.object_name, target.key if isinstance(target, KeyTarget) else target.bone


def _channels_of(rows: Iterable[Driven]) -> set[str]:
    return {channel for row in rows for channel, _weight in row.sources}


def _matched_meshes(meshes: Iterable[bpy.types.Object]) -> Mapping[str, Matching]:
    return _matched(tuple((mesh.name, tuple(_keys_of(mesh))) for mesh in meshes))


@lru_cache(maxsize=8)
def _matched(meshes: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, Matching]:
    # Asked at every move of a slider, and always about the same names.
    return match_meshes(dict(meshes))


def _missing(matchings: Iterable[Matching]) -> tuple[str, ...]:
    """Channels that no mesh has a key for, and no pose."""
    sets = [set(matching.missing) for matching in matchings]
    return tuple(name for name in CHANNELS if all(name in missing for missing in sets))


def _warnings(
    moving: Set[str], matchings: Mapping[str, Matching], matrix: ExpressionMatrix | None
) -> tuple[str, ...]:
    """What somebody who expects a talking face should know."""
    told = []
    if not _has_mouth(moving):
        told.append(
            f"{NO_MOUTH}: no key of it, no pose and no jaw bone has a known name. Select the "
            "face's mesh and press Make Shape Keys, or Save Names (panel Rig) for a file to fill in"
        )
    if matrix is None:  # the lips of a FLAME head stay shut
        told += [n for m in matchings.values() if m.convention == "flame" for n in m.notes]
    if matrix is not None and not _has_flame(matchings):
        told.append(
            "The FLAME matrix moves nothing: no mesh that is switched on has keys called Exp1, "
            "Exp2. Find Face Meshes looks again"
        )
    return tuple(dict.fromkeys(told))


def _has_mouth(channels: Iterable[str]) -> bool:
    return any(map(moves_mouth, channels))


def _notes(
    binding: Binding,
    matchings: Mapping[str, Matching],
    matrix: object,
    posed: Matching,
    skeleton: Skeleton,
) -> tuple[str, ...]:
    notes = [
        note
        for matching in (*matchings.values(), posed)
        for note in matching.notes
        if not (matrix is not None and matching.convention == "flame")
    ]
    of_keys = _channels_of(row for row in binding.driven if isinstance(row.target, KeyTarget))
    has_lips = _has_mouth([*of_keys, *posed.channels])
    if _has_mouth(_channels_of(binding.driven)) and not has_lips and not notes:
        notes.append("Bones alone move the mouth: the jaw opens, the lips form no sounds.")
    n_poses, known = _of_bones(posed, skeleton)
    if known:
        notes.insert(0, f"{known}: what its controls do is known.")
    if n_poses:
        notes.insert(0, f"{counted(n_poses, 'pose')}: {posed.label}.")
    return tuple(dict.fromkeys(notes))


def _of_bones(posed: Matching, skeleton: Skeleton) -> tuple[int, str]:
    """How many poses that somebody has made move the face, and whose known ones do."""
    names = [name for name, *_ in posed.recipes()]
    n_made = sum(name in skeleton.poses for name in names)
    return n_made, skeleton.label if len(names) > n_made else ""


def _posed(binding: Binding, skeleton: Skeleton) -> Matching:
    """What poses do beside the keys."""
    of_keys = _channels_of(row for row in binding.driven if isinstance(row.target, KeyTarget))
    return match_skeleton(skeleton, of_keys)


def fill_list(group: Any, meshes: Sequence[bpy.types.Object], rig: Rig) -> None:
    """Show in the panel's list what was found; a mesh that was switched off stays off,
    one that could not speak is asked again.
    """
    off = {item.object for item in group.targets if not item.use and item.n_found}
    used = _used(meshes, rig)
    group.targets.clear()
    for mesh in meshes:
        matching = rig.matchings.get(mesh.name)
        item = group.targets.add()
        item.name, item.object, item.looks = mesh.name, mesh, characters.looks_of_keys(mesh)
        item.use = mesh in used and mesh not in off
        if matching is not None:
            item.label = matching.label
            item.n_found = len(CHANNELS) - len(matching.missing)
            item.missing = ", ".join(matching.missing)
        elif mesh.name in rig.objects:
            item.label = "Names file"
        if not item.n_found:  # driven by a file nevertheless: of own names, or FLAME's matrix
            item.n_found = sum(row.target.object_name == mesh.name for row in rig.binding.driven)
    group.n_missing, group.missing = len(rig.missing), ", ".join(rig.missing)
    group.notes = "\n".join(rig.notes)


def _used(meshes: Sequence[bpy.types.Object], rig: Rig) -> list[bpy.types.Object]:
    """Those that speak; and where bones do that are found by none of these, those by which they
    are: a FLAME face without its matrix.
    """
    speaking = [mesh for mesh in meshes if mesh.name in rig.objects]
    bones = characters.armature_of(meshes)
    if bones is None or bones.name not in rig.objects or characters.armature_of(speaking) == bones:
        return speaking
    return [m for m in meshes if m in speaking or characters.armature_of([m]) == bones]
