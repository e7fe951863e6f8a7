"""Materials: the painted vertex colours under a plain Principled surface."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .part import hex_colour
from .write_mesh import COLOUR_LAYER


@dataclass(frozen=True)
class Surface:
    """How one material answers light."""

    # Hexadecimal sRGB for viewports that show material colours, one material for each: a face takes
    # the one nearest to its paint. Without it eyes in a plain viewport have no iris.
    palette: tuple[str, ...]
    roughness: float
    subsurface: float = 0.0
    coat: float = 0.0
    sheen: float = 0.0
    glow: float = 0.0  # share of its paint that shines: teeth in the dark of a mouth look grey
    reach: float = 2.0  # paint further from its colour takes the first one: blush has no edge


SURFACES = {
    "Skin": Surface(("F0BE9C", "DC7A72", "6E2129", "5A2C1E"), 0.48, subsurface=0.12, reach=0.1),
    "Eye": Surface(("FBF7F2", "3FA184", "0B1013", "123A38"), 0.08, coat=0.6),
    "Hair": Surface(("84442B",), 0.42, coat=0.15),
    "Lashes": Surface(("2A1613",), 0.6),
    "Teeth": Surface(("FFF8E8", "C76468"), 0.18, subsurface=0.05, coat=0.4, glow=0.12),
    "Tongue": Surface(("D8686C",), 0.3, subsurface=0.1, coat=0.3),
    "Wool": Surface(("E9A43B",), 0.9, sheen=0.4),
    "Sweater": Surface(("2E8B8B",), 0.9, sheen=0.4),
    "Backdrop": Surface(("8FA3A5",), 0.9),
}
SUBSURFACE_SCALE_M = 0.010


def new_materials(name: str, prefix: str) -> list[bpy.types.Material]:
    """New materials for one of `SURFACES`, one for each colour of its palette."""
    surface = SURFACES[name]
    return [_new_material(f"{prefix} {name}", surface, colour) for colour in surface.palette]


def _new_material(name: str, surface: Surface, colour: str) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # Blender 5 makes the nodes at once, and warns of the switch
        material.use_nodes = True
    red, green, blue = (_linear(c) for c in hex_colour(colour))
    material.diffuse_color = (red, green, blue, 1.0)
    material.roughness = surface.roughness
    _fill(material, surface)
    return material


def _fill(material: bpy.types.Material, surface: Surface) -> None:
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    paint = tree.nodes.new("ShaderNodeVertexColor")
    paint.layer_name = COLOUR_LAYER
    paint.location = (-260.0, 200.0)
    tree.links.new(paint.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = surface.roughness
    shader.inputs["Subsurface Weight"].default_value = surface.subsurface
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.4, 0.2)
    shader.inputs["Subsurface Scale"].default_value = SUBSURFACE_SCALE_M
    shader.inputs["Coat Weight"].default_value = surface.coat
    shader.inputs["Sheen Weight"].default_value = surface.sheen
    if surface.glow:
        tree.links.new(paint.outputs["Color"], shader.inputs["Emission Color"])
        shader.inputs["Emission Strength"].default_value = surface.glow


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
