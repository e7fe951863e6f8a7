"""Scene strips: an edit that shows a character's scene, from another frame on than its own."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat

__all__ = ["frames_later"]


def frames_later(strip: Any, scene: bpy.types.Scene) -> float | None:
    """How many frames later than in the edit a sound strip is heard in `scene`: by the Scene strip
    that shows it where the sound begins, else by the first one that does so before it ends. None
    where there is none, as in the scene's own sequencer.
    """
    if strip.id_data == scene:
        return None
    first, end, _ = compat.span(strip)
    spans = [
        compat.span(other)
        for other in compat.strips_all(strip.id_data)
        if other.type == "SCENE" and other.scene == scene and not other.mute
    ]
    heard = sorted(span for span in spans if span[0] < end and span[1] > first)
    return scene.frame_start - heard[0][2] if heard else None
