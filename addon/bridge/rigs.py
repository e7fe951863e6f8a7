"""Objects of the scene as the core's rigs: what drives the meshes and bones of a character."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from ...emotalk_core.arkit import CHANNELS
from ...emotalk_core.errors import RigError
from ...emotalk_core.retarget import (
    Binding,
    BoneRest,
    Matching,
    binding_of,
    match_meshes,
    read_expression_matrix,
)

__all__ = ["Rig", "fill_list", "find_rig"]


@dataclass(frozen=True, eq=False)
class Rig:
    """What moves when a character speaks; names only, so it may travel to a thread."""

    binding: Binding
    matchings: Mapping[str, Matching]  # by object name
    objects: tuple[str, ...]  # everything that gets keys: meshes, then the armature
    missing: tuple[str, ...]  # channels that move nothing on any of the meshes
    notes: tuple[str, ...]
    matrix_path: str = ""  # of a FLAME face, as the panel has it
    use_head: bool = True


def find_rig(
    meshes: Iterable[bpy.types.Object],
    armature: bpy.types.Object | None,
    *,
    asked: str = "",
    matrix_path: str = "",
    use_head: bool = True,
) -> Rig:
    """What drives the given meshes and bones, which are what was found of the object `asked` for.

    Raises
    ------
    RigError
        There is no mesh and no armature, or no shape key and no bone has a name that is known.
    InputError
        The FLAME matrix file cannot be used.
    """
    meshes = list(meshes)
    if not meshes and armature is None:
        raise RigError(
            "Nothing here can speak", value=asked, remedy="Choose a face with shape keys."
        )
    names = {
        mesh.name: [block.name for block in mesh.data.shape_keys.key_blocks] for mesh in meshes
    }
    matchings = _matched(tuple((name, tuple(keys)) for name, keys in names.items()))
    if not matchings and armature is None:
        raise RigError(
            "No shape key has a known name",
            value=", ".join(names),
            remedy="Give the face ARKit's 52 shape keys.",
        )
    matrix = read_expression_matrix(bpy.path.abspath(matrix_path)) if matrix_path else None
    binding = binding_of(
        matchings,
        armature=armature.name if armature else "",
        bones=_bones(armature) if armature else (),
        expressions=matrix,
        use_head=use_head,
    )
    return Rig(
        binding,
        matchings,
        binding.object_names,
        _missing(matchings),
        _notes(matchings, matrix),
        matrix_path,
        use_head,
    )


@lru_cache(maxsize=8)
def _matched(meshes: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, Matching]:
    # Asked at every move of a slider, and always about the same names.
    return match_meshes(dict(meshes))


def _bones(armature: bpy.types.Object) -> list[BoneRest]:
    modes = {bone.name: bone.rotation_mode for bone in armature.pose.bones}
    return [
        BoneRest(
            bone.name,
            np.array(bone.head_local),
            np.array(bone.matrix_local.to_3x3()),
            modes.get(bone.name, "QUATERNION"),
        )
        for bone in armature.data.bones
    ]


def _missing(matchings: Mapping[str, Matching]) -> tuple[str, ...]:
    """Channels that are missing on every mesh; none where only bones are driven."""
    sets = [set(matching.missing) for matching in matchings.values()]
    if not sets:
        return ()
    nowhere = set.intersection(*sets)
    return tuple(name for name in next(iter(matchings.values())).missing if name in nowhere)


def _notes(matchings: Mapping[str, Matching], matrix: object) -> tuple[str, ...]:
    notes = [
        note
        for matching in matchings.values()
        for note in matching.notes
        if not (matrix is not None and matching.convention == "flame")
    ]
    return tuple(dict.fromkeys(notes))


def fill_list(group: Any, meshes: Sequence[bpy.types.Object], rig: Rig) -> None:
    """Show in the panel's list what was found; a mesh that was switched off stays off."""
    off = {item.object for item in group.targets if not item.use}
    group.targets.clear()
    for mesh in meshes:
        matching = rig.matchings.get(mesh.name)
        item = group.targets.add()
        item.name, item.object = mesh.name, mesh
        item.use = matching is not None and mesh not in off
        if matching is not None:
            item.label = matching.label
            item.n_found = len(CHANNELS) - len(matching.missing)
            item.missing = ", ".join(matching.missing)
    group.n_missing, group.missing = len(rig.missing), ", ".join(rig.missing)
    group.notes = "\n".join(rig.notes)
