"""The add-on's preferences as plain settings for a job."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import bpy

from ...emotalk_core.errors import ModelFolderError, SetupError
from ...emotalk_core.interpreter import find_python, program_in
from ...emotalk_core.model.config import read_config
from ...emotalk_core.model.folder import starter_folder
from ..identity import ROOT_PACKAGE
from . import compat
from .work import EngineSettings

__all__ = [
    "cache_folder",
    "clear_cache",
    "engine_python",
    "engine_settings",
    "environment_folder",
    "model_folder",
    "models_folder",
]


_CARDS: Final = ("cuda", "mps")


def engine_settings() -> EngineSettings:
    """What the preferences ask for; the shipped model and no cache where there are none.

    Raises
    ------
    SetupError
        Another Python is asked for and there is none, or the model needs one.
    """
    blender = compat.program()
    preferences = compat.preferences_of(ROOT_PACKAGE)
    if preferences is None:
        return EngineSettings(starter_folder(), blender=blender)
    model, python = model_folder(preferences), engine_python(preferences)
    is_starter = _is_starter(model)
    if python is None and not is_starter:
        raise SetupError(
            "The built-in engine does not run this model",
            value=model.name,
            remedy="Choose Another Python or Own Environment in Preferences > EmoTalk.",
        )
    # A model of the shipped kind needs no torch for the processor.
    wants_torch = python is not None and preferences.device in _CARDS
    return EngineSettings(
        model=model,
        engine="torch" if wants_torch else "auto",
        device=preferences.device if wants_torch or not is_starter else "auto",
        python=python,
        cache=cache_folder() if preferences.use_cache else None,
        cache_bytes=preferences.cache_mb * 1_000_000,
        blender=blender,
    )


def _is_starter(model: Path) -> bool:
    """Whether a model is of the kind that ships; one that cannot be read is told of later."""
    try:
        return read_config(model / "config.json").kind == "starter"
    except ModelFolderError:
        return True


def model_folder(preferences: Any) -> Path:
    """The model folder that is chosen, or the one that ships."""
    return Path(bpy.path.abspath(preferences.model)) if preferences.model else starter_folder()


def engine_python(preferences: Any) -> Path | None:
    """The Python in which the engine runs; None: in Blender's own.

    Raises
    ------
    SetupError
        The chosen one is not there.
    """
    if preferences.engine == "builtin":
        return None
    if preferences.engine == "python":
        if not preferences.python:
            raise SetupError(
                "No Python chosen for the engine",
                value="Preferences > EmoTalk > Python",
                remedy="Choose one, or the built-in engine.",
            )
        return find_python(Path(bpy.path.abspath(preferences.python)))
    folder = environment_folder(preferences)
    if not program_in(folder).is_file():
        raise SetupError(
            "EmoTalk's environment is not there",
            value=folder,
            remedy="Create it in Preferences > EmoTalk, or choose the built-in engine.",
        )
    return program_in(folder)


def environment_folder(preferences: Any) -> Path:
    """Where EmoTalk's own environment is, or will be."""
    if preferences.environment_folder:
        return Path(bpy.path.abspath(preferences.environment_folder)) / "emotalk-environment"
    if sys.platform == "win32":  # paths inside torch are long, those of Windows may not be
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "EmoTalk" / "environment"
    return compat.extension_folder(ROOT_PACKAGE, "environment") / "python"


def models_folder() -> Path:
    """Where imported checkpoints are kept."""
    return compat.extension_folder(ROOT_PACKAGE, "models")


def cache_folder() -> Path:
    """Where Encodings are kept between sessions."""
    preferences = compat.preferences_of(ROOT_PACKAGE)
    if preferences is not None and preferences.cache_folder:
        return Path(bpy.path.abspath(preferences.cache_folder))
    return compat.extension_folder(ROOT_PACKAGE, "cache")


def clear_cache() -> int:
    """Remove every kept Encoding; how many."""
    files = [*cache_folder().glob("*.encoding")]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)
