"""The add-on's preferences as plain settings for a job."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...emotalk_core.model.folder import starter_folder
from ..identity import ROOT_PACKAGE
from . import compat
from .work import EngineSettings

__all__ = ["cache_folder", "cache_size_bytes", "clear_cache", "engine_settings"]


def engine_settings() -> EngineSettings:
    """What the preferences ask for; the shipped model and no cache where there are none."""
    blender = compat.program()
    preferences = compat.preferences_of(ROOT_PACKAGE)
    if preferences is None:
        return EngineSettings(starter_folder(), blender=blender)
    model = Path(bpy.path.abspath(preferences.model)) if preferences.model else starter_folder()
    return EngineSettings(
        model=model,
        engine=preferences.engine,
        cache=cache_folder() if preferences.use_cache else None,
        cache_bytes=preferences.cache_mb * 1_000_000,
        blender=blender,
    )


def cache_folder() -> Path:
    """Where Encodings are kept between sessions."""
    preferences = compat.preferences_of(ROOT_PACKAGE)
    if preferences is not None and preferences.cache_folder:
        return Path(bpy.path.abspath(preferences.cache_folder))
    return compat.extension_folder(ROOT_PACKAGE, "cache")


def cache_size_bytes() -> int:
    """Bytes that the cache takes now."""
    return sum(file.stat().st_size for file in cache_folder().glob("*") if file.is_file())


def clear_cache() -> int:
    """Remove every kept Encoding; how many."""
    files = [*cache_folder().glob("*.encoding")]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)
