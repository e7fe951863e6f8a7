"""Which take is already of a sound on a face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import bpy

from .. import characters
from ..faces import by_hand
from ..sounds import sound, sources, strips

__all__ = ["UNHEARD", "Source", "is_of_face", "same_take"]

Source = tuple[str, sound.Heard, Any | None]
"""STRIP, SPEAKER, FILE, CLIP or PAUSE; what it plays; the strip if it is one."""

UNHEARD: Final = frozenset({"CLIP", "PAUSE"})
"""Of these takes no voice is heard."""


def same_take(
    scene: bpy.types.Scene, of: Source, character: Any, meshes: Sequence[Any]
) -> Any | None:
    """The take of the same sound on the same character, whichever of its parts was chosen. Speaker
    and sound file are those of the panel.
    """
    ours, (source, heard, strip) = scene.emotalk, of
    for take in ours.takes:
        if take.source != source or not is_of_face(take, character, meshes):
            continue
        same = {
            "STRIP": strip is not None and strips.is_of(take, strip),
            "SPEAKER": take.speaker == ours.speaker,
            "FILE": sources.is_same_file(take, ours),
            "CLIP": sources.is_clip_of(take, heard),
            "PAUSE": False,  # whose takes are told by who asks for them
        }
        if same[take.source]:
            return take
    return None


def is_of_face(take: Any, character: Any, meshes: Sequence[Any]) -> bool:
    """Whether a take moves this character, or its very meshes."""
    if take.rig.character == character:
        return True
    parts = [*by_hand.parts_of(take).values()]
    is_same_face = all(part in parts for part in characters.face_of(meshes, character))
    return is_same_face and characters.is_same(character, take.rig.character)
