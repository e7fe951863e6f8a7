"""The cast: who speaks which strips, and all of them at once."""

from collections.abc import Callable, Sequence

import bpy

from ..bridge import characters
from ..bridge.asked import cast
from ..bridge.take import takes
from ..bridge.take.several import asked_of_cast
from .base import EmoTalkOperator, OfCharacter
from .watched import WatchedOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_animate_cast(WatchedOperator):
    """A whole dialogue."""

    bl_idname = "emotalk.animate_cast"
    bl_label = "Animate Cast"
    bl_description = (
        "Animate every strip of the sequencer that one of the cast speaks and that is not muted. "
        "Takes whose keys were changed by hand stay as they are"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a cast."""
        if not context.scene.emotalk.cast:
            return cls.refuse("Add who speaks with the + beside the list")
        return super().poll(context)

    def asked(self, context: bpy.types.Context) -> Sequence[Callable[[], takes.Prepared]]:
        """Every strip that somebody speaks."""
        return asked_of_cast(context)


class EMOTALK_OT_add_role(OfCharacter):
    """One more who speaks."""

    bl_idname = "emotalk.add_role"
    bl_label = "Add to Cast"
    bl_description = (
        "Add the character to the cast, with the panel's Rig as it is set. Its strips: those named "
        "after it, else those on the sequencer's channel of the selected strip"
    )

    def run(self, context: bpy.types.Context) -> str:
        """Add it."""
        character = context.scene.emotalk.rig.character or context.object
        characters.check_is_there(character)
        cast.add_role(context, character)
        return ""


class EMOTALK_OT_remove_role(EmoTalkOperator):
    """Take the chosen one out of the cast. Its takes stay"""

    bl_idname = "emotalk.remove_role"
    bl_label = "Remove from Cast"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether one is chosen."""
        ours = context.scene.emotalk
        if not 0 <= ours.cast_index < len(ours.cast):
            return cls.refuse("Nobody is chosen in the list")
        return super().poll(context)

    def run(self, context: bpy.types.Context) -> str:
        """Remove it."""
        ours = context.scene.emotalk
        ours.cast.remove(ours.cast_index)
        ours.cast_index = max(0, min(ours.cast_index, len(ours.cast) - 1))
        return ""


CLASSES = (EMOTALK_OT_animate_cast, EMOTALK_OT_add_role, EMOTALK_OT_remove_role)
