"""Add Demo Character: a head to try everything on."""

import bpy

from .base import EmoTalkOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_add_demo_character(EmoTalkOperator):
    """Build a head with all 52 shape keys and choose it as the character"""

    bl_idname = "emotalk.add_demo_character"
    bl_label = "Add Demo Character"

    def run(self, context: bpy.types.Context) -> str:
        """Build it where it can be seen."""
        from ..demo import place
        from ..demo.character import build

        others = place.boxes_in(context.evaluated_depsgraph_get())
        character = build(context.scene)
        is_moved = place.move_clear(character, others)
        context.scene.emotalk.rig.character = character.root
        bpy.ops.emotalk.find_rig()
        camera = character.camera.name
        where = ", beside what stands at the origin" if is_moved else ""
        if context.scene.camera == character.camera:
            return f"Added the demo character{where}: {camera} is the scene's camera"
        return f"Added the demo character{where}: make {camera} the active camera to see it"


CLASSES = (EMOTALK_OT_add_demo_character,)
