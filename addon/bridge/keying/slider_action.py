"""The Action of a scene in which keys of sliders stand, where nobody has given it one."""

from __future__ import annotations

from typing import Final

import bpy

from .. import compat

__all__ = ["drop_emptied", "ensure"]

_MADE: Final = "emotalk_sliders"
"""Custom property on an Action that was made for keys of sliders."""


def ensure(scene: bpy.types.Scene) -> None:
    """Give the scene an Action of ours, if it has none."""
    data = scene.animation_data or scene.animation_data_create()
    if data.action is None:
        action = bpy.data.actions.new(f"{scene.name} Sliders")
        action[_MADE] = True
        compat.assign_action(scene, action)


def drop_emptied(scene: bpy.types.Scene) -> None:
    """Remove the Action that was made for keys of sliders, once it holds none of anybody's."""
    data = scene.animation_data
    action = data.action if data is not None else None
    if action is None or _MADE not in action or action.users > 1:
        return
    if not len(compat.fcurves_of(scene)):
        bpy.data.actions.remove(action)
