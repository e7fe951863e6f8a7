"""Writes a `Part` as a Blender mesh object: shape keys, colours and bone weights in bulk."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from .part import Part

METRES_PER_MM = 0.001
# Height (mm, in the head's data) that stands on the scene's floor: the cut edge of the bust.
FLOOR = 330.0
COLOUR_LAYER = "Colour"


def to_scene(points: np.ndarray) -> np.ndarray:
    """Metres, +Z up, facing -Y, from the data's mm, +Y up, facing +Z."""
    x, y, z = points[..., 0], points[..., 1] - FLOOR, points[..., 2]
    return np.stack([x, -z, y], axis=-1) * METRES_PER_MM


def write_part(
    part: Part, materials: Sequence[bpy.types.Material], of_faces: np.ndarray, prefix: str
) -> bpy.types.Object:
    """A new object, not yet in any collection, with every shape key at 0; face f has the material
    number `of_faces[f]`.
    """
    mesh = bpy.data.meshes.new(f"{prefix} {part.name}")
    points = to_scene(part.vertices)
    mesh.from_pydata(points.tolist(), [], [face.tolist() for block in part.faces for face in block])
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), dtype=bool))
    for material in materials:
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", of_faces.astype(np.int32))
    _write_colours(mesh, part.colours)
    obj = bpy.data.objects.new(f"{prefix} {part.name}", mesh)
    _write_shapes(obj, part, points)
    _write_bones(obj, part)
    mesh.update()
    return obj


def _write_colours(mesh: bpy.types.Mesh, colours: np.ndarray) -> None:
    layer = mesh.color_attributes.new(COLOUR_LAYER, "BYTE_COLOR", "POINT")
    opaque = np.concatenate([colours, np.ones((len(colours), 1))], axis=1)
    layer.data.foreach_set("color_srgb", opaque.astype(np.float32).ravel())


def _write_shapes(obj: bpy.types.Object, part: Part, points: np.ndarray) -> None:
    if not part.shapes:
        return
    obj.shape_key_add(name="Basis", from_mix=False).value = 0.0
    for name in sorted(part.shapes):
        key = obj.shape_key_add(name=name, from_mix=False)
        moved = points + to_scene(part.shapes[name]) - to_scene(np.zeros(3))
        key.data.foreach_set("co", moved.astype(np.float32).ravel())
        key.value = 0.0  # new keys start at 1 in Blender 5


def _write_bones(obj: bpy.types.Object, part: Part) -> None:
    for bone, weights in part.bones.items():
        group = obj.vertex_groups.new(name=bone)
        whole = np.flatnonzero(weights > 0.999)
        if len(whole):
            group.add(whole.tolist(), 1.0, "REPLACE")
        for index in np.flatnonzero((weights > 0.001) & (weights <= 0.999)):
            group.add([int(index)], float(weights[index]), "REPLACE")
