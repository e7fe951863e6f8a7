"""EmoTalk in Blender: panels, operators and the bridge to the core. Imports wait for register()."""

from __future__ import annotations

import inspect
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


def _keep_words(cls: Any) -> None:
    """Let Blender show our labels as we have them: of those that it happens to know some would
    be translated in another sense (the keys of a keyboard).
    """
    import bpy

    from .languages import CONTEXT

    for made in inspect.get_annotations(cls).values():
        if hasattr(made, "keywords"):  # a property's, and no ClassVar
            made.keywords["translation_context"] = CONTEXT
    if issubclass(cls, (bpy.types.Panel, bpy.types.Menu, bpy.types.Operator)):
        cls.bl_translation_context = CONTEXT


def register() -> None:
    """Blender calls this when the extension is enabled."""
    import bpy

    from . import commands, languages, properties
    from .bridge.take import live
    from .manual import page
    from .ui import menus

    languages.register()
    for cls in _classes():
        _keep_words(cls)
        bpy.utils.register_class(cls)
    properties.add()
    menus.add()
    live.start()
    for handlers, handler in _handlers():
        handlers.append(handler)
    bpy.utils.register_manual_map(page.manual_map)
    _state["command"] = bpy.utils.register_cli_command("emotalk", commands.main)


def unregister() -> None:
    """Blender calls this when the extension is disabled; the mirror of `register`."""
    import bpy

    from . import languages, properties
    from .bridge.jobs.session import SESSION
    from .bridge.take import live
    from .manual import page
    from .ui import menus

    SESSION.end()
    bpy.utils.unregister_manual_map(page.manual_map)
    bpy.utils.unregister_cli_command(_state.pop("command"))
    for handlers, handler in _handlers():
        handlers.remove(handler)
    live.stop()
    menus.remove()
    properties.remove()
    for cls in reversed(_classes()):
        bpy.utils.unregister_class(cls)
    languages.unregister()
