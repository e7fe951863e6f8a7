"""The main panel: which sound, which character, and the one button."""

from typing import Any

import bpy

from ..bridge import characters, compat
from ..bridge.jobs import settings
from ..bridge.jobs.session import SESSION
from ..bridge.keying.rigs import NO_MOUTH
from ..bridge.sounds import scene_strips, strips
from ..languages import CONTEXT, translated
from ..languages.steps import step_told
from .base import InSequencer, InView, draw_text, is_narrow, slider_columns
from .new_keys import draw_new_keys

__all__ = ["CLASSES", "draw_job", "draw_words"]


def _draw_sound(layout: Any, context: bpy.types.Context) -> None:
    ours = context.scene.emotalk
    column = layout.column(align=True)
    has_room = slider_columns(context) > 1
    choices = column.row(align=True) if has_room else column.column(align=True)
    choices.prop(ours, "source", expand=True)
    box = column.box()
    if ours.source == "STRIP":
        _draw_strip(box, ours, context)
    elif ours.source == "SPEAKER":
        box.prop(ours, "speaker", text="")
    else:
        box.prop(ours, "filepath", text="")
        box.prop(ours, "start_frame")
        draw_text(box, "Not heard in playback: strips are", "INFO", context)
    is_short = ours.channel or is_narrow(context)
    box.prop(ours, "channel", text="Channel" if is_short else "Channel (0: all)", text_ctxt=CONTEXT)


def _draw_strip(box: Any, ours: Any, context: bpy.types.Context) -> None:
    scene = compat.sequencer_scene(context)
    owner, name = compat.strip_collection(scene)
    if owner is None or not (ours.strip or compat.strips_all(scene)):
        box.label(text="No strips in this scene yet", icon="INFO")
        box.operator("emotalk.use_sound", text="Add Sound Strip", icon="ADD")
        return
    chosen = strips.chosen(context)
    box.prop_search(ours, "strip", owner, name, text="", icon="SEQ_SEQUENCER")
    if ours.strip:
        chosen = getattr(owner, name).get(ours.strip)
    else:
        n_chosen = len(strips.selected(context))
        shown = _told_of_strips(chosen, n_chosen) if chosen else translated("Select a sound strip")
        box.label(text=shown, icon="CHECKMARK" if chosen else "INFO", translate=False)
    heard = chosen and strips.here(chosen, context.scene)
    if heard is not None and not scene_strips.is_heard_in(heard, context.scene):
        text = translated("In {scene}: not heard when this scene plays", scene=scene.name)
        draw_text(box, text, "INFO", context)


def _told_of_strips(chosen: Any, n_chosen: int) -> str:
    if n_chosen > 1:
        return translated("Selected: {number} strips", number=n_chosen)
    return translated("Selected: {name}", name=chosen.name)


def _draw_character(layout: Any, context: bpy.types.Context) -> None:
    group = context.scene.emotalk.rig
    row = layout.row(align=True)
    row.prop(group, "character", text="", icon="USER")
    row.operator("emotalk.find_rig", text="", icon="VIEWZOOM")
    there = [item for item in group.targets if item.object is not None]
    used = [item for item in there if item.use and not characters.is_deleted(item.object)]
    is_of_bones = group.character is not None and group.notes and not group.targets
    if used or is_of_bones:
        n_found, is_mute = 52 - group.n_missing, NO_MOUTH in group.notes
        what = translated("1 mesh" if len(used) == 1 else "{number} meshes", number=len(used))
        text = translated(
            "{what}, {found} of 52 channels",
            what=what if used else translated("Bones"), found=n_found,
        )  # fmt: skip
        if is_mute:
            text += translated(", no mouth")
        draw_text(layout, text, "CHECKMARK" if n_found and not is_mute else "ERROR", context)
        if any(item.looks not in {"", characters.looks_of_keys(item.object)} for item in used):
            draw_text(
                layout,
                "Shape keys have changed since: Find Face Meshes counts them again",
                "ERROR",
                context,
            )
    elif group.character is None and context.object is not None:
        text = translated("Active object: {name}", name=context.object.name)
        layout.label(text=text, icon="OBJECT_DATA", translate=False)
    draw_new_keys(layout, context)
    if not group.targets and group.character is None:
        layout.operator("emotalk.add_demo_character", icon="MONKEY")


def draw_words(layout: Any, context: bpy.types.Context) -> None:
    """Where they can be heard, or a file that comes from elsewhere asks for it."""
    ours = context.scene.emotalk
    if ours.hear_words or settings.can_hear_words():
        layout.prop(ours, "hear_words")


def draw_job(layout: Any) -> bool:
    """How far the work is, in place of the button that began it; whether there is any."""
    job = SESSION.job
    if job is None:
        return False
    row = layout.row(align=True)
    row.progress(factor=job.share, text=f"{step_told(job.what)} {job.share:.0%}", translate=False)
    if job.is_started:  # before, while frames are played, the window takes nothing but Esc
        row.operator("emotalk.stop", text="", icon="CANCEL")
    return True


_DRAWN = ("GREASEPENCIL", "GPENCIL")  # the latter up to Blender 4.2


class _Speech:
    bl_label = "EmoTalk"

    def draw(self, context: bpy.types.Context) -> None:
        """From top to bottom as one works."""
        layout = self.layout
        layout.label(text="Sound", icon="SOUND", text_ctxt=CONTEXT)
        _draw_sound(layout, context)
        layout.label(text="Character", icon="COMMUNITY", text_ctxt=CONTEXT)
        _draw_character(layout, context)
        layout.separator()
        draw_words(layout, context)
        row = layout.row()
        row.scale_y = 1.8
        if draw_job(row):
            return
        is_chosen = context.scene.emotalk.rig.character is not None
        if not is_chosen and context.object is not None and context.object.type in _DRAWN:
            row.operator("emotalk.key_mouths", icon="GREASEPENCIL")
        else:
            row.operator("emotalk.animate", icon="PLAY")


class EMOTALK_PT_speech(_Speech, InView, bpy.types.Panel):
    """In the 3D view."""


class EMOTALK_PT_speech_strip(_Speech, InSequencer, bpy.types.Panel):
    """In the sequencer, where the sound strip is."""


CLASSES = (EMOTALK_PT_speech, EMOTALK_PT_speech_strip)
