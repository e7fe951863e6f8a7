"""Takes: make one again from its sliders, remove our keys."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ...emotalk_core.audio.decoders import AUDIBLE_SUFFIXES
from ...emotalk_core.errors import InputError
from ...emotalk_core.progress import Progress
from ..bridge import compat
from ..bridge.faces import removal, stretches
from ..bridge.jobs.work import Outcome
from ..bridge.keying import own_actions
from ..bridge.sounds import strips
from ..bridge.take import adopted, at_frame, takes
from ..bridge.take.several import Made
from .base import EmoTalkOperator, OfTake, WhenIdle
from .watched import WatchedOperator

__all__ = ["CLASSES"]

_SOUNDS = ";".join(f"*{suffix}" for suffix in sorted(AUDIBLE_SUFFIXES))  # for the file selector


class _Refreshing(OfTake, WatchedOperator):
    verb = "Updated"

    def work(self, prepared: takes.Prepared) -> Callable[[Progress], Outcome]:
        """From what was heard, if it is at hand, else from the sound on."""
        return partial(takes.remake, prepared)


class EMOTALK_OT_refresh(_Refreshing):
    """One take again."""

    bl_idname = "emotalk.refresh"
    bl_label = "Update Keys"
    bl_description = (
        "Write the take's keys again, from where its sound is now and from its sliders, keyframed "
        "ones too. Keys that were changed by hand are written anew"
    )

    def asked(self, context: bpy.types.Context) -> Sequence[Callable[[], takes.Prepared]]:
        """The active take's own sound and character."""
        scene = context.scene
        stretches.check_range(scene.emotalk)
        take = takes.active_take(scene)
        return [partial(takes.prepare_take, scene, take, looks_anew=True)]


class EMOTALK_OT_refresh_all(_Refreshing):
    """After strips were moved, or the frame rate changed."""

    bl_idname = "emotalk.refresh_all"
    bl_label = "Update All Takes"
    bl_description = (
        "Write the keys of all takes again, from where their sounds are now and from their "
        "sliders. Those that were changed by hand stay as they are"
    )

    def asked(self, context: bpy.types.Context) -> Sequence[Callable[[], takes.Prepared]]:
        """Every take's own sound and character; pauses first, as lines may have moved into them and
        the take that is written last has the frames.
        """
        scene = context.scene
        stretches.check_range(scene.emotalk)
        asked = [
            partial(takes.prepare_take, scene, take, looks_anew=True)
            for take in sorted(scene.emotalk.takes, key=lambda take: take.source != "PAUSE")
        ]
        return [partial(takes.unless_changed, scene, one) for one in asked]

    def choose(self, _made: Sequence[Made]) -> None:
        """The list shows the take that it showed before."""


class EMOTALK_OT_clear(OfTake, WhenIdle):
    """Take one away, with all that only it needed."""

    bl_idname = "emotalk.clear"
    bl_label = "Remove Take"
    bl_description = (  # a docstring would bring its line breaks into the tooltip
        "Remove the active take's keys. With a character's last take it gets back the Actions and "
        "values that it had before"
    )

    def run(self, context: bpy.types.Context) -> str:
        """Remove the take that is chosen in the list."""
        with self.knowing_copies(context.scene):
            return removal.remove(context.scene, context.scene.emotalk.take_index)


class EMOTALK_OT_adopt_keys(WhenIdle):
    """Of copies."""

    bl_idname = "emotalk.adopt_keys"
    bl_label = "Make Them Its Own"
    bl_description = (
        "Give copies of animated characters takes of their own, as their originals have. Where "
        "their keys are those of no take of the scene, EmoTalk leaves them to you: they are kept "
        "as an Action of your own is"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there are any."""
        if not adopted.strangers(context.scene):
            return cls.refuse("All keys that EmoTalk has written are of takes in the list")
        return super().poll(context)

    def run(self, context: bpy.types.Context) -> str:
        """Choose the first of its takes in the list, or of the active object's."""
        scene = context.scene
        adoption = adopted.adopt(scene)
        told = adoption.keep()
        scene.emotalk.take_index = adoption.place_of(context.object, scene.emotalk.take_index)
        left = adopted.strangers(scene)
        if left:
            own_actions.leave(left)
            text = "keys of no take in this scene, so they are yours from now on"
            self.warn(f"{adopted.names_of(left)}: {text}")
        return told


class EMOTALK_OT_take_here(EmoTalkOperator):
    """Choose the take that the character has at the current frame, so that sliders act on it"""

    bl_idname = "emotalk.take_here"
    bl_label = "Choose Take Here"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is another one."""
        if at_frame.here(context.scene) is None:
            return cls.refuse("The character has no other take at the current frame")
        return super().poll(context)

    def run(self, context: bpy.types.Context) -> str:
        """Choose it in the list."""
        context.scene.emotalk.take_index = at_frame.here(context.scene)
        return ""


class EMOTALK_OT_extend_scene(OfTake):
    """Let the scene end with its last take, so that playback and renders have all of it"""

    bl_idname = "emotalk.extend_scene"
    bl_label = "Extend Scene"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a take goes on beyond the scene's end."""
        if not super().poll(context):
            return False
        if takes.last_frame(context.scene) <= context.scene.frame_end:
            return cls.refuse("No take goes on beyond the end of the scene")
        return True

    def run(self, context: bpy.types.Context) -> str:
        """Move the end."""
        scene = context.scene
        scene.frame_end = takes.last_frame(scene)
        return f"The scene ends at frame {scene.frame_end}"


class EMOTALK_OT_use_sound(EmoTalkOperator):
    """Make a sound file a strip at the current frame, so that it is heard, and choose it"""

    bl_idname = "emotalk.use_sound"
    bl_label = "Add Sound Strip"

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default=_SOUNDS, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """Ask for the file, where none was dropped."""
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def run(self, context: bpy.types.Context) -> str:
        """A strip; the panel's file where there can be none."""
        scene, ours = context.scene, context.scene.emotalk
        name, frame = bpy.path.basename(self.filepath), scene.frame_current
        if not Path(bpy.path.abspath(self.filepath)).is_file():
            raise InputError("No sound file", value=self.filepath, remedy="Choose one.")
        strip = strips.new(self.filepath, scene, frame)
        if strip is None:
            ours.source, ours.filepath, ours.start_frame = "FILE", self.filepath, frame
        else:
            compat.show_strips_of(scene, replaces=False)
            shows_it = compat.sequencer_scene(context) == scene
            ours.source, ours.strip = "STRIP", "" if shows_it else strip.name
        return f"{name} starts at frame {frame}: press Animate in the sidebar's tab EmoTalk"


CLASSES = (
    EMOTALK_OT_refresh,
    EMOTALK_OT_refresh_all,
    EMOTALK_OT_clear,
    EMOTALK_OT_adopt_keys,
    EMOTALK_OT_take_here,
    EMOTALK_OT_extend_scene,
    EMOTALK_OT_use_sound,
)
