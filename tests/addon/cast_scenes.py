"""A dialogue of three strips and who speaks it."""

from __future__ import annotations

from typing import Any

import bpy


def cast_of(ours: Any, *names: Any) -> list[Any]:
    """Roles of these heads, who speak any strip."""
    from emotalk.addon.bridge.asked import cast

    roles = []
    for character in names:
        roles.append(cast.add_role(bpy.context, character))
        roles[-1].strips, roles[-1].strip_channel = "", 0
    return [ours.cast[place] for place in range(len(ours.cast))]


def spoken(ours: Any) -> list[tuple[str, str]]:
    """Who speaks what, by the takes."""
    return sorted((take.strip, take.rig.character.name) for take in ours.takes)
