"""EmoTalk in Blender: panels, operators and the bridge to the core. Imports wait for register()."""

from __future__ import annotations

from typing import Any

__all__ = ["register", "unregister"]

_state: dict[str, Any] = {}
"""What register() made and unregister() ends: the handle of the command line entry."""


def _classes() -> tuple[type, ...]:
    from . import operators, preferences, properties, ui

    return (*properties.CLASSES, *preferences.CLASSES, *operators.CLASSES, *ui.CLASSES)


def register() -> None:
    """Blender calls this when the extension is enabled."""
    import bpy

    from . import commands, properties
    from .bridge import live, overrides, own_paths

    for cls in _classes():
        bpy.utils.register_class(cls)
    properties.add()
    live.start()
    own_paths.start()
    overrides.start()
    _state["command"] = bpy.utils.register_cli_command("emotalk", commands.main)


def unregister() -> None:
    """Blender calls this when the extension is disabled; the mirror of `register`."""
    import bpy

    from . import properties
    from .bridge import live, overrides, own_paths
    from .bridge.session import SESSION

    SESSION.end()
    bpy.utils.unregister_cli_command(_state.pop("command"))
    overrides.stop()
    own_paths.stop()
    live.stop()
    properties.remove()
    for cls in reversed(_classes()):
        bpy.utils.unregister_class(cls)
