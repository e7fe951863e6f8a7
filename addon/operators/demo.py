"""Add Demo Character: a head to try everything on."""

import bpy

from .base import EmoTalkOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_add_demo_character(EmoTalkOperator):
    """Build a head with all 52 shape keys and choose it as the character"""

    bl_idname = "emotalk.add_demo_character"
    bl_label = "Add Demo Character"

    def run(self, context: bpy.types.Context) -> str:
        """Build it and show it."""
        from ..demo.character import build

        character = build(context.scene)
        context.scene.emotalk.rig.character = character.root
        bpy.ops.emotalk.find_rig()
        return "Added the demo character"


CLASSES = (EMOTALK_OT_add_demo_character,)
