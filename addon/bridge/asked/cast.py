"""The cast of a scene: who speaks which strips, so that a whole dialogue is animated at once."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import bpy

from ....emotalk_core.errors import InputError, RigError
from ..keying import rigs
from ..sounds import mixdown, sound, strips

__all__ = ["Line", "add_role", "lines_of_cast", "lines_selected", "speaks"]


@dataclass(frozen=True, eq=False)
class Line:
    """A strip, who speaks it, and on which channel of its sound (0: all of them)."""

    strip: Any
    rig: Any  # what is said of the character's rig, a property group
    character: Any
    channel: int
    role: str = ""  # what it is called, of one of the cast
    look_at: Any = None  # what that one of the cast looks at

    def check_character(self) -> None:
        """Raise RigError if the one who speaks it is gone."""
        if self.role and self.character is None:
            raise RigError(
                "The character of this role was deleted",
                value=self.role,
                remedy="Choose another one in Cast.",
            )


def lines_selected(context: bpy.types.Context) -> list[Line]:
    """The selected strips, on the panel's character."""
    mixdown.forget()
    ours = context.scene.emotalk
    character = ours.rig.character or context.object
    return [Line(s, ours.rig, character, ours.channel) for s in strips.selected(context)]


def lines_of_cast(context: bpy.types.Context) -> list[Line]:
    """Every strip that can be heard, on each of the cast who speaks it.

    Raises
    ------
    InputError
        Nobody speaks any strip.
    """
    mixdown.forget()
    cast = context.scene.emotalk.cast
    spoken = [
        Line(strip, role.rig, role.rig.character, role.channel, _called(role), role.look_at)
        for strip in strips.every_sound(context)
        for role in cast
        if speaks(role, strip)
    ]
    lines = [line for line in spoken if not sound.is_muted(line.strip)]
    if spoken and not lines:
        raise InputError(
            "Every strip that the cast speaks is muted",
            value=", ".join(dict.fromkeys(line.strip.name for line in spoken)),
            remedy="Unmute those that are to be animated.",
        )
    if not lines:
        raise InputError(
            "Nobody of the cast speaks a strip that can be heard",
            value=", ".join(map(_called, cast)),
            remedy="Name their strips, or the sequencer's channel that they are on.",
        )
    return lines


def speaks(role: Any, strip: Any) -> bool:
    """Whether `role` speaks `strip`: by the beginning of its name, or a pattern with * and ?, of
    several with commas between them any; and by the sequencer's channel that it is on.
    """
    if role.strip_channel not in {0, _outermost(strip).channel}:
        return False
    asked = [
        strips.as_typed(part.strip().lower()) for part in role.strips.split(",") if part.strip()
    ]
    name = strips.as_typed(strip.name.lower())
    return not asked or any(_is_named(name, part) for part in asked)


def _is_named(name: str, part: str) -> bool:
    if not {*part} & {*"*?"}:
        return name.startswith(part)
    return fnmatchcase(name, part.replace("[", "[[]"))  # a bracket is one


def _called(role: Any) -> str:
    return role.rig.character.name if role.rig.character else role.name


def _outermost(strip: Any) -> Any:
    return [strip, *sound.iter_metas(strip)][-1]


def add_role(context: bpy.types.Context, character: bpy.types.Object) -> Any:
    """One more of the cast, with the panel's rig as it is set now. Speaks what is named after the
    character; where nothing is, what is on the sequencer's channel of the selected strip.
    """
    ours = context.scene.emotalk
    role = ours.cast.add()
    role.name, role.rig.character = character.name, character
    if ours.rig.character in {None, character}:  # else the panel shows another's
        rigs.RigSettings.of(ours.rig).put(role.rig)
        for item in ours.rig.targets:
            target = role.rig.targets.add()
            target.name, target.object, target.use = item.name, item.object, item.use
    role.channel, role.strips = ours.channel, character.name
    if not any(speaks(role, strip) for strip in strips.every_sound(context)):
        chosen, role.strips = strips.chosen(context), ""
        role.strip_channel = _outermost(chosen).channel if chosen else 0
    ours.cast_index = len(ours.cast) - 1
    return role
