"""Sound files dropped into the 3D view."""

import bpy

from ...emotalk_core.audio.decoders import SOUND_SUFFIXES

__all__ = ["CLASSES"]


class EMOTALK_FH_sound(bpy.types.FileHandler):
    """Choose a dropped sound as the one to speak."""

    bl_idname = "EMOTALK_FH_sound"
    bl_label = "Speech for EmoTalk"
    bl_import_operator = "emotalk.use_sound"
    bl_file_extensions = ";".join(sorted(SOUND_SUFFIXES))

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Over the 3D view: the sequencer takes sound itself."""
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (EMOTALK_FH_sound,)
