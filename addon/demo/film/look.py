"""Scene settings for the pictures: Workbench, painted colours."""

from __future__ import annotations

import bpy

BACKGROUND = (0.30, 0.36, 0.40)  # linear


def set_workbench(scene: bpy.types.Scene, *, size: tuple[int, int] = (512, 512)) -> None:
    """Fast pictures without a graphics card: studio light, shadow, cavity, painted colours."""
    scene.render.engine = "BLENDER_WORKBENCH"
    _set_frame(scene, size)
    scene.display.render_aa = "8"
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = "paint.sl"
    shading.color_type = "VERTEX"
    shading.show_specular_highlight = True
    shading.show_shadows = True
    shading.shadow_intensity = 0.28
    shading.show_cavity = True
    shading.cavity_type = "BOTH"
    shading.cavity_ridge_factor = 0.25
    shading.cavity_valley_factor = 0.6
    shading.curvature_ridge_factor = 0.35
    shading.curvature_valley_factor = 0.45
    scene.display.matcap_ssao_distance = 0.012  # metres: folds of a face, not its whole form
    scene.display.matcap_ssao_attenuation = 1.0
    scene.display.light_direction = (0.42, 0.55, 0.72)
    scene.display.shadow_shift = 0.1
    scene.display.shadow_focus = 0.4


def _set_frame(scene: bpy.types.Scene, size: tuple[int, int]) -> None:
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = False
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    if scene.world is None:
        scene.world = bpy.data.worlds.new("Demo Backdrop")
    scene.world.color = BACKGROUND
