"""What we remember on data-blocks of library overrides: a file keeps no custom properties of these
and none of their sliders' ranges, so our Actions take them along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import bpy
from bpy.app.handlers import persistent

from .. import compat
from . import own_actions, slider_limits

__all__ = ["handlers"]

_CARRIED: Final = "emotalk_carried"
"""Custom property on an Action of ours: custom properties of the data-block that it moves."""

_OURS: Final = "emotalk_"
"""Begins the names of all custom properties that we make."""


def handlers() -> tuple[tuple[list[Any], Callable[..., None]], ...]:
    """Blender's lists of handlers, and what of ours belongs into each."""
    return (
        (bpy.app.handlers.save_pre, _before_saving),
        (bpy.app.handlers.load_post, _after_loading),
        *((found, _before_saving) for found in compat.handlers("blend_import_pre")),
        *((found, _after_loading) for found in compat.handlers("blend_import_post")),
    )


@persistent
def _before_saving(*_: object) -> None:
    for block in _overridden():
        known = {name: _plain(block[name]) for name in [*block.keys()] if name.startswith(_OURS)}
        action = block.animation_data.action
        # Before 5.0 nothing tells that a library was read again: what was known before it stays.
        action[_CARRIED] = _plain(action.get(_CARRIED, {})) | known


@persistent
def _after_loading(*_: object) -> None:
    for block in _overridden():
        for name, value in block.animation_data.action.pop(_CARRIED, {}).items():
            block[name] = value
        slider_limits.widen_again(block)


def _overridden() -> Iterator[Any]:
    """Data-blocks of overrides that an Action of ours moves, which we may write into."""
    for block in (*bpy.data.shape_keys, *bpy.data.objects):
        data = block.animation_data
        is_moved = data is not None and own_actions.is_ours(data.action) and block.is_editable
        if is_moved and data.action.is_editable and _owner(block).override_library is not None:
            yield block


def _owner(block: Any) -> Any:
    """Who is overridden: shape keys are a part of their mesh."""
    return block.user if isinstance(block, bpy.types.Key) else block


def _plain(value: Any) -> Any:
    """A group of properties as a dict: those of one data-block cannot be given to another."""
    return value.to_dict() if hasattr(value, "to_dict") else value
