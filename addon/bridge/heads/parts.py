"""The meshes of a head: which they are, how they lie at rest, and why one cannot get keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ....emotalk_core.errors import RigError
from ....emotalk_core.heads.intake import HeadMesh
from ....emotalk_core.retarget import match_meshes
from ....emotalk_core.rigs.bones import match_bones
from ....emotalk_core.rigs.flame import is_expression_key
from ....emotalk_core.rigs.poses import moves_mouth
from .. import characters
from ..keying.skeletons import bones_of
from ..keying.still_keys import key_points

__all__ = [
    "Part",
    "can_speak",
    "check_can_get_keys",
    "has_expressions",
    "has_eye_bones",
    "measured",
    "measured_head",
    "rest_points",
    "skin_asked",
    "thing_of",
    "world_at_rest",
]


@dataclass(frozen=True, eq=False)
class Part:
    """One mesh as it was measured; plain data, so it may travel to a thread."""

    number: int  # Blender's session number of the object
    name: str
    mesh: HeadMesh  # at rest, in the world
    to_own: np.ndarray  # (3, 3): ways in the world -> in the object's own coordinates


def skin_asked(
    character: bpy.types.Object | None, active: bpy.types.Object | None
) -> bpy.types.Object | None:
    """The mesh of the face that is meant by the chosen character, else by the active object: of
    several the largest that has FLAME's expressions, for eyes and teeth that were split off have
    them, too. None where that is not clear.
    """
    guided = characters.guided_by(active)
    if guided is not None:
        return guided
    thing = character or active
    if thing is None or thing.type == "MESH":
        return thing
    meshes = characters.all_meshes(thing)
    if active in meshes:
        return active
    if len(meshes) == 1:
        return meshes[0]
    of_flame = [mesh for mesh in meshes if has_expressions(mesh)]
    return max(of_flame, key=lambda mesh: len(mesh.data.vertices), default=None)


def has_expressions(skin: bpy.types.Object) -> bool:
    """Whether a mesh has FLAME's expression keys."""
    return characters.has_keys(skin) and any(map(is_expression_key, _keys_of(skin)))


def has_eye_bones(skin: bpy.types.Object) -> bool:
    """Whether bones of the skin's armature turn its eyes."""
    armature: Any = skin.find_armature()
    roles = match_bones(bones_of(armature)) if armature is not None else {}
    return "left_eye" in roles and "right_eye" in roles


def can_speak(thing: bpy.types.Object) -> bool:
    """Whether a shape key of its character moves the mouth."""
    is_found = characters.has_keys(thing) and _moves_mouth(_keys_of(thing))
    return is_found or any(_moves_mouth(_keys_of(m)) for m in characters.character_meshes(thing))


def _keys_of(mesh: bpy.types.Object) -> tuple[str, ...]:
    return tuple(block.name for block in mesh.data.shape_keys.key_blocks)


@lru_cache(maxsize=64)
def _moves_mouth(keys: tuple[str, ...]) -> bool:
    # Asked whenever the panel is drawn, and always about the same names.
    matching = match_meshes({"": keys}).get("")
    return matching is not None and any(map(moves_mouth, matching.channels))


def measured_head(skin: bpy.types.Object) -> list[Part]:
    """The skin, then the character's other meshes: eyes, teeth, tongue, brows, lashes, clothes.
    What is switched off in renders, as spare copies are, is none of them; what is only hidden is.
    Errors as `measured`.
    """
    others = [thing for thing in characters.all_meshes(skin) if thing != skin]
    seen = [thing for thing in others if not thing.hide_render and _has_faces(thing)]
    return [measured(thing) for thing in (skin, *seen)]


def _has_faces(thing: bpy.types.Object) -> bool:
    return len(thing.data.polygons) > 0 and not _is_flat(np.array(thing.matrix_world)[:3, :3])


def _is_flat(turn: np.ndarray) -> bool:
    return bool(abs(np.linalg.det(turn)) < 1e-9 * np.linalg.norm(turn) ** 3)


def thing_of(part: Part) -> bpy.types.Object:
    """The mesh that was measured, which may have been renamed since.

    Raises
    ------
    RigError
        It was deleted, or has other vertices now.
    """
    found = [thing for thing in bpy.data.objects if thing.session_uid == part.number]
    if not found or characters.is_deleted(found[0]):
        raise RigError("A mesh was deleted meanwhile", value=part.name, remedy="Try it again.")
    if len(found[0].data.vertices) != len(part.mesh.vertices):
        raise RigError("A mesh was changed meanwhile", value=found[0].name, remedy="Try it again.")
    return found[0]


def measured(thing: bpy.types.Object) -> Part:
    """How a mesh lies in the world with its armature at rest.

    Raises
    ------
    RigError
        It is in edit mode, has no faces, or is scaled to nothing.
    """
    if thing.data.is_editmode:
        raise RigError("The mesh is in edit mode", value=thing.name, remedy="Leave it with Tab.")
    if not len(thing.data.polygons):
        raise RigError("The mesh has no faces", value=thing.name, remedy="Choose the face's skin.")
    world = np.array(world_at_rest(thing))
    turn, place = world[:3, :3], world[:3, 3]
    if _is_flat(turn):
        remedy = "Give it a scale other than 0 along every axis."
        raise RigError("The mesh is scaled to nothing", value=thing.name, remedy=remedy)
    faces = _faces(thing.data)
    if np.linalg.det(turn) < 0.0:  # mirrored by its scale: its faces would look inwards
        faces = np.where(faces[:, 3:] < 0, faces[:, [2, 1, 0, 3]], faces[:, ::-1])
    mesh = HeadMesh(rest_points(thing.data) @ turn.T + place, faces)
    return Part(thing.session_uid, thing.name, mesh, np.linalg.inv(turn))


def world_at_rest(thing: bpy.types.Object) -> Matrix:
    """Where an object is while the bones that it and its parents hang on are not posed."""
    world, hanging = thing.matrix_world.copy(), thing
    while hanging is not None:
        holder = hanging.parent
        if hanging.parent_type == "BONE" and holder is not None and holder.type == "ARMATURE":
            bone = holder.pose.bones.get(hanging.parent_bone)
            if bone is not None:
                back = bone.bone.matrix_local @ bone.matrix.inverted_safe()
                place = holder.matrix_world
                world = place @ back @ place.inverted_safe() @ world
        hanging = holder
    return world


def check_can_get_keys(thing: bpy.types.Object) -> None:
    """Nothing, where shape keys can be written into a mesh.

    Raises
    ------
    RigError
        They cannot.
    """
    why = _reason_against(thing)
    if why is not None:
        raise RigError(why[0], value=thing.name, remedy=why[1])


def _reason_against(thing: bpy.types.Object) -> tuple[str, str] | None:
    """What is in the way, and what to do about it."""
    mesh: Any = thing.data
    if thing.library or mesh.library or mesh.override_library or not mesh.is_editable:
        return "A linked mesh cannot get shape keys", "Make it local, or open its own file."
    if mesh.is_editmode:
        return "The mesh is in edit mode", "Leave it with Tab."
    users = [other for other in bpy.data.objects if other.data == mesh]
    if len(users) > 1:
        remedy = "Object > Relations > Make Single User > Object & Data gives each its own."
        return f"{len(users)} objects share the mesh", remedy
    if any(modifier.type == "MIRROR" for modifier in thing.modifiers):
        return "A Mirror modifier makes half of the mesh", "Apply it first."
    if mesh.shape_keys is not None and not mesh.shape_keys.use_relative:
        return "The mesh's shape keys are absolute", "Switch on Relative in its Shape Keys."
    return None


def rest_points(mesh: bpy.types.Mesh) -> np.ndarray:
    """float64 (N, 3), the basis."""
    if mesh.shape_keys is not None:
        return key_points(mesh.shape_keys.reference_key).astype(np.float64)
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def _faces(mesh: bpy.types.Mesh) -> np.ndarray:
    """Int (F, 4); faces of more corners as their triangles."""
    starts, sizes = (np.empty(len(mesh.polygons), np.int32) for _ in range(2))
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    mesh.polygons.foreach_get("loop_total", sizes)
    mesh.loops.foreach_get("vertex_index", corners)
    quads = corners[starts[sizes == 4, None] + np.arange(4)]
    triangles = [corners[starts[sizes == 3, None] + np.arange(3)]]
    if (sizes > 4).any():
        triangles.append(_halved(mesh, sizes))
    joined = np.concatenate(triangles)
    closed = np.concatenate([joined, np.full((len(joined), 1), -1)], axis=1)
    return np.concatenate([quads, closed]).astype(int)


def _halved(mesh: bpy.types.Mesh, sizes: np.ndarray) -> np.ndarray:
    """The triangles (T, 3) of faces of more than four corners."""
    mesh.calc_loop_triangles()
    n = len(mesh.loop_triangles)
    corners, owners = np.empty(3 * n, np.int32), np.empty(n, np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    mesh.loop_triangles.foreach_get("polygon_index", owners)
    return corners.reshape(-1, 3)[sizes[owners] > 4]
