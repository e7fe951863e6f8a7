"""What stands behind the character in films: a paper roll, light behind the head."""

from __future__ import annotations

import bpy
import numpy as np

from ....emotalk_core.heads.falloff import smoothstep
from ..materials import new_materials
from ..part import Part, blend, grid_faces, hex_colour
from ..write_mesh import write_part

CENTRE = np.array([0.0, 655.0, -520.0])  # mm, in the head's data: behind the head
RADIUS = 900.0
N_RINGS, N_AROUND = 24, 48
LIGHT = hex_colour("C9D6D3")
DEEP = hex_colour("4C6470")


def add_backdrop(collection: bpy.types.Collection) -> bpy.types.Object:
    """A round, painted wall behind the character, facing the camera; it casts no shadow."""
    obj = write_part(
        _wall(), new_materials("Backdrop", "Demo"), np.zeros((N_RINGS - 1) * N_AROUND, int), "Demo"
    )
    obj.display.show_shadows = False
    collection.objects.link(obj)
    return obj


def _wall() -> Part:
    radius = np.linspace(0.001, 1.0, N_RINGS)
    turn = np.linspace(0.0, 2.0 * np.pi, N_AROUND, endpoint=False)
    r, t = np.meshgrid(radius, turn, indexing="ij")
    flat = np.stack([r * np.cos(t), r * np.sin(t), np.zeros_like(r)], axis=-1).reshape(-1, 3)
    colours = blend(
        np.tile(np.asarray(LIGHT), (len(flat), 1)), DEEP, smoothstep(0.02, 0.42, r.ravel())
    )
    faces = grid_faces(N_RINGS, N_AROUND, wrap=True)
    return Part("Backdrop", "Backdrop", flat * RADIUS + CENTRE, (faces[:, ::-1],), colours)
