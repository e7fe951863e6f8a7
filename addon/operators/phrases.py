"""Feelings that change from phrase to phrase: keys on the sliders of the active take."""

from dataclasses import replace
from typing import Any, ClassVar

import bpy
from bpy.props import IntProperty

from ...emotalk_core.controls import EMOTIONS, Controls
from ...emotalk_core.errors import InputError
from ..bridge.asked import controls, phrases
from ..bridge.take import live, moved, takes
from .base import EmoTalkOperator

__all__ = ["CLASSES"]

_UNMOVED = Controls().emotions


def why_none(take: Any | None) -> str:
    """Why a take has no phrases."""
    if take is None or not take.made_at:  # of a version that did not look for them
        return "No phrases are known yet: press Animate or Update Keys first"
    if take.source == "CLIP":
        return "Imported curves have no phrases: nothing was heard"
    if take.source == "PAUSE":
        return "Nothing is said in a pause: its sliders hold for all of it"
    return "Nobody speaks in this take's sound"


class _OfPhrase(EmoTalkOperator):
    """Works on the phrase at the current frame."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether somebody says something."""
        take = takes.active_take(context.scene)
        if take is None or not take.phrases:
            return cls.refuse(why_none(take))
        if moved.has_moved(take):
            return cls.refuse("Its strip was moved or trimmed: press Update Keys first")
        return super().poll(context)

    def felt(self, take: Any, wanted: Controls, rest: Controls) -> str:
        """Key the phrase; which of how many."""
        scene, muted = take.id_data, controls.muted(take.controls)
        if muted:
            raise InputError(
                "Keys of these sliders are muted and would move nothing",
                value=", ".join(muted),
                remedy="Unmute their curves in the Graph Editor.",
            )
        spoken = phrases.at_frame(take, scene.frame_current)
        phrases.feel(scene, take, spoken, wanted, rest)
        live.schedule(scene)
        return f"Phrase {spoken.number} of {len(take.phrases)}"


class EMOTALK_OT_feel_phrase(_OfPhrase):
    """Set what is felt in one phrase."""

    bl_idname = "emotalk.feel_phrase"
    bl_label = "Key Phrase"
    bl_description = (
        "Key the sliders as they stand for the phrase at the current frame, with fades in the "
        "pauses around it. With the first one the rest of the take goes back to the voice"
    )

    def run(self, context: bpy.types.Context) -> str:
        """Of the active take."""
        take = takes.active_take(context.scene)
        stand = controls.read(take.controls)
        if not any(stand.emotions) and stand.mix == 0.0:
            raise InputError(
                "No emotion slider is raised",
                value=take.name,
                remedy="Raise one, then key the phrase.",
            )
        wanted = stand if stand.mix else replace(stand, mix=1.0)
        place = self.felt(take, wanted, replace(stand, emotions=_UNMOVED, mix=0.0))
        shares = zip(EMOTIONS, wanted.emotions, strict=True)
        return f"{place}: {', '.join(f'{n} {w:.2g}' for n, w in shares if w) or 'no feeling'}"


class EMOTALK_OT_voice_phrase(_OfPhrase):
    """Give one phrase back to the voice."""

    bl_idname = "emotalk.voice_phrase"
    bl_label = "From Voice"
    bl_description = (
        "Key the sliders so that the phrase at the current frame is felt as it is heard in the "
        "voice; other phrases stay as they are"
    )

    def run(self, context: bpy.types.Context) -> str:
        """Of the active take."""
        take = takes.active_take(context.scene)
        stand = controls.read(take.controls)
        place = self.felt(take, replace(stand, emotions=_UNMOVED, mix=0.0), stand)
        return f"{place}: from the voice"


class EMOTALK_OT_to_phrase(_OfPhrase):
    """Go to where the next phrase begins, or the one before"""

    bl_idname = "emotalk.to_phrase"
    bl_label = "Go to Phrase"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    step: IntProperty(default=1)

    def run(self, context: bpy.types.Context) -> str:
        """Move the current frame, where there is one."""
        scene = context.scene
        spoken = phrases.beside(takes.active_take(scene), scene.frame_current, self.step)
        if spoken is not None:
            scene.frame_set(spoken.first)
        return ""


CLASSES = (EMOTALK_OT_feel_phrase, EMOTALK_OT_voice_phrase, EMOTALK_OT_to_phrase)
