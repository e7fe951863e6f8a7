"""Find Rig: which meshes speak, and what of the 52 channels they have."""

import bpy

from ..bridge import characters, rigs
from ..bridge.counting import counted
from .base import EmoTalkOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_find_rig(EmoTalkOperator):
    """List the character's face meshes with what was found on each and what is missing"""

    bl_idname = "emotalk.find_rig"
    bl_label = "Find Face Meshes"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is someone to look at."""
        if context.scene.emotalk.rig.character is None and context.object is None:
            cls.poll_message_set("Choose a character or select one of its meshes")
            return False
        return True

    def run(self, context: bpy.types.Context) -> str:
        """Fill the list."""
        group = context.scene.emotalk.rig
        thing = group.character or context.object
        meshes = characters.character_meshes(thing)
        armature = characters.armature_of(meshes, thing)
        rig = rigs.find_rig(
            meshes,
            armature,
            asked=thing.name,
            matrix_path=group.matrix_path,
            use_head=group.use_head,
        )
        group.character = thing
        rigs.fill_list(group, meshes, rig)
        of_meshes, missing = counted(len(meshes), "mesh"), counted(len(rig.missing), "channel")
        return f"{len(rig.matchings)} of {of_meshes} can speak, {missing} missing"


CLASSES = (EMOTALK_OT_find_rig,)
