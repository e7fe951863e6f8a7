"""Our panels, drawn again while something goes on that no click of the user would show."""

from __future__ import annotations

import bpy

__all__ = ["redraw_panels"]


def redraw_panels() -> None:
    """Sidebars and preferences; a heavy scene's view is not drawn again for that."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
            elif area.type in {"VIEW_3D", "SEQUENCE_EDITOR"}:
                for region in area.regions:
                    if region.type in {"UI", "HEADER"}:
                        region.tag_redraw()
