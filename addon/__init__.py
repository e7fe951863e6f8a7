"""EmoTalk in Blender: panels, operators and the bridge to the core. Imports wait for register()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["register", "unregister"]

_state: dict[str, Any] = {}
"""What register() made and unregister() ends: the handle of the command line entry."""


def _classes() -> tuple[type, ...]:
    from . import operators, preferences, properties, ui

    return (*properties.CLASSES, *preferences.CLASSES, *operators.CLASSES, *ui.CLASSES)


def _handlers() -> tuple[tuple[list[Any], Callable[..., None]], ...]:
    """Blender's lists of handlers, and what of ours belongs into each, but for those of `live`."""
    from .bridge import own_paths
    from .bridge.keying import overrides

    return (*own_paths.handlers(), *overrides.handlers())


def register() -> None:
    """Blender calls this when the extension is enabled."""
    import bpy

    from . import commands, properties
    from .bridge.take import live

    for cls in _classes():
        bpy.utils.register_class(cls)
    properties.add()
    live.start()
    for handlers, handler in _handlers():
        handlers.append(handler)
    _state["command"] = bpy.utils.register_cli_command("emotalk", commands.main)


def unregister() -> None:
    """Blender calls this when the extension is disabled; the mirror of `register`."""
    import bpy

    from . import properties
    from .bridge.jobs.session import SESSION
    from .bridge.take import live

    SESSION.end()
    bpy.utils.unregister_cli_command(_state.pop("command"))
    for handlers, handler in _handlers():
        handlers.remove(handler)
    live.stop()
    properties.remove()
    for cls in reversed(_classes()):
        bpy.utils.unregister_class(cls)
