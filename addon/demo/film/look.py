"""Scene settings for the pictures: Workbench, painted colours."""

from __future__ import annotations

import bpy

BACKGROUND = (0.30, 0.36, 0.40)  # linear


def set_workbench(scene: bpy.types.Scene, side: int) -> None:
    """Fast pictures without a graphics card: studio light, shadow, cavity, painted colours."""
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = side
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = False
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    # Shadows are drawn anew for each sample of the smoother kinds: 2.5 s a frame, not 0.4 s.
    scene.display.render_aa = "FXAA"
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
    if scene.world is None:
        scene.world = bpy.data.worlds.new("Demo Backdrop")
    scene.world.color = BACKGROUND
