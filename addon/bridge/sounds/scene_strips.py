"""Scene strips: an edit that shows a character's scene, from another frame on than its own."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat
from . import sound

__all__ = ["frames_later", "is_heard_in", "notes_on", "showing"]


def is_heard_in(strip: Any, scene: bpy.types.Scene) -> bool:
    """Whether a sound strip is heard while `scene` is seen: it is its own, or of an edit that shows
    it meanwhile.
    """
    return strip.id_data == scene or showing(strip, scene) is not None


def showing(strip: Any, scene: bpy.types.Scene) -> Any | None:
    """The Scene strip that shows `scene` where a sound strip of another scene begins, of several
    the uppermost; else the first one that does so before the sound ends. None where there is none,
    as in the scene's own sequencer.
    """
    if strip.id_data == scene:
        return None
    first, end = sound.visible_frames(strip)
    found = []
    for other in compat.scene_strips(strip.id_data):
        if other.scene == scene and not sound.is_muted(other):
            shown_from, shown_until = sound.visible_frames(other)
            if max(first, shown_from) < min(end, shown_until):
                found.append((max(first, shown_from), -other.channel, other.name, other))
    return min(found)[-1] if found else None


def frames_later(shown: Any) -> float:
    """How many frames later than in the edit all is in the scene that a Scene strip shows."""
    return shown.scene.frame_start + compat.hard_trim_frames(shown) - compat.span(shown)[2]


def notes_on(shown: Any) -> tuple[str, ...]:
    """What the user should know of a Scene strip that does not play its scene as it is."""
    if not compat.is_retimed(shown) and not shown.use_reverse_frames:
        return ()
    how = "backwards" if shown.use_reverse_frames else "at another speed"
    return (f"{shown.name} shows this scene {how}: keys follow the sound alone",)
