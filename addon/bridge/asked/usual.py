"""How a character usually sounds: one of its takes tells it, all in which it is heard keep it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import bpy

from ....emotalk_core.usual_voice import UsualVoice
from ..faces import by_hand
from .same_take import UNHEARD, is_of_face

__all__ = ["kept", "of_character", "put", "told", "written"]

_DIGITS = 6


def told(text: str) -> tuple[float, ...]:
    """As a `ControlTrack` has it, of what a take's sliders keep; empty: not known."""
    return tuple(json.loads(text)) if text else ()


def written(more: Sequence[float]) -> str:
    """As sliders keep it."""
    return json.dumps([round(one, _DIGITS) for one in more]) if more else ""


def kept(scene: bpy.types.Scene, character: Any, meshes: Sequence[Any]) -> tuple[str, str]:
    """What a new take of a character begins with: its usual voice, and which take told it."""
    groups = (take.controls for take in of_character(scene, character, meshes))
    return next(((one.usual, one.usual_from) for one in groups if one.usual), ("", ""))


def of_character(scene: bpy.types.Scene, character: Any, meshes: Sequence[Any]) -> Iterator[Any]:
    """Its takes in which it is heard; none where it was deleted: others may have been, too."""
    heard = (take for take in scene.emotalk.takes if take.source not in UNHEARD)
    return (take for take in heard if character and is_of_face(take, character, meshes))


def put(scene: bpy.types.Scene, take: Any, found: UsualVoice | None) -> int:
    """Let all takes in which a take's character is heard keep how it sounds in this one, or forget
    it: how many they are.
    """
    text = written(found.more) if found is not None else ""
    meshes = [*by_hand.parts_of(take).values()]
    takes = [*of_character(scene, take.rig.character, meshes)] or [take]
    for one in takes:
        one.controls.usual = text
        one.controls.usual_from = take.name if text else ""
    return len(takes)
