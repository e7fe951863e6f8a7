"""Takes whose strip has moved since their keys were written. Asked at every draw: one look-up by
name, so a strip that was renamed too is not seen.
"""

from __future__ import annotations

from typing import Any

from .. import compat
from ..sounds import scene_strips, sound, strips

__all__ = ["has_moved", "remember"]


def has_moved(take: Any) -> bool:
    """Whether the take's keys lie elsewhere than its sound, or are of another frame rate."""
    return bool(take.made_at) and _place(take) not in {"", take.made_at}


def remember(take: Any, *, is_part: bool) -> None:
    """Let the take know where its sound lies now; a part that was written leaves the rest where it
    was.
    """
    if not is_part:
        take.made_at = _place(take)


def _place(take: Any) -> str:
    """Empty where the strip is not found."""
    rate = compat.scene_rate(take.id_data)
    if take.source != "STRIP":
        return str(rate)
    strip = strips.at_hand(take)
    if strip is None:
        return ""
    first, end = sound.visible_frames(strip)
    _, _, content = compat.span(strip)
    place = f"{rate} {first} {end} {content:.3f} {compat.sound_offset_s(strip):.4f}"
    shown = scene_strips.showing(strip, take.id_data)
    return place if shown is None else f"{place} {scene_strips.frames_later(shown):.3f}"
