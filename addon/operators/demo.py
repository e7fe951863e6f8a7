"""Add Demo Character: a head to try everything on."""

from typing import Any

import bpy

from .base import EmoTalkOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_add_demo_character(EmoTalkOperator):
    """Build a head with all 52 shape keys and choose it as the character"""

    bl_idname = "emotalk.add_demo_character"
    bl_label = "Add Demo Character"

    def run(self, context: bpy.types.Context) -> str:
        """Build it where it can be seen, and show it."""
        from ..demo import place, view
        from ..demo.character import build

        if context.mode != "OBJECT":  # bones are made in a mode of their own: leave this one first
            bpy.ops.object.mode_set(mode="OBJECT")
        others = place.boxes_in(context.evaluated_depsgraph_get())
        character = build(context.scene)
        is_moved = place.move_clear(character, others)
        view.select(character, context.view_layer)
        context.scene.emotalk.rig.character = character.root
        bpy.ops.emotalk.find_rig()
        camera = character.camera.name
        where = ", beside what stands at the origin" if is_moved else ""
        if context.scene.camera == character.camera:
            return f"Added the demo character{where}: {camera} is the scene's camera"
        return f"Added the demo character{where}: make {camera} the active camera to see it"

    def invoke(self, context: bpy.types.Context, _event: Any) -> set[str]:
        """Who has pressed the button wants to see it too; a script's view stays."""
        from ..demo import view

        result = self.execute(context)
        if result == {"FINISHED"}:
            context.view_layer.update()  # boxes of what is new
            view.frame(context.space_data, context.region_data, context.object)
        return result


CLASSES = (EMOTALK_OT_add_demo_character,)
