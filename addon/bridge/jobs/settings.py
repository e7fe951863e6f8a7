"""The add-on's preferences as plain settings for a job."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import bpy

from ....emotalk_core.errors import ModelFolderError, SetupError
from ....emotalk_core.model.config import read_config
from ....emotalk_core.model.folder import starter_folder
from ....emotalk_core.other_python.interpreter import find_python, program_in
from ....emotalk_core.speech.heard_words import MODEL, Recogniser
from .. import compat
from .session import SESSION
from .work import EngineSettings

__all__ = [
    "EngineFlags",
    "cache_folder",
    "can_hear_words",
    "engine_python",
    "engine_settings",
    "environment_folder",
    "helper_python",
    "model_folder",
    "models_folder",
    "recogniser",
    "settings_for",
]

_CARDS: Final = ("cuda", "mps")


@dataclass(frozen=True)
class EngineFlags:
    """What a command says of the engine; the preferences say the rest."""

    model: Path | None = None
    engine: str = "auto"
    device: str = "auto"
    python: Path | None = None
    cache: Path | None = None
    use_cache: bool = True


def engine_settings() -> EngineSettings:
    """What the command that runs asks for, else what the preferences do.

    Raises
    ------
    SetupError
        As for `settings_for`.
    """
    return SESSION.asked or settings_for(EngineFlags())


def settings_for(flags: EngineFlags) -> EngineSettings:
    """Flags before preferences; the shipped model and no cache where there are none.

    Raises
    ------
    SetupError
        Another Python is asked for and there is none, or the model needs one.
    """
    preferences = compat.preferences()
    model, python = _model(flags, preferences), _python(flags, preferences)
    is_starter = _is_starter(model)
    if preferences is not None and python is None and not is_starter and flags.engine != "torch":
        raise SetupError(
            "The built-in engine does not run this model",
            value=model.name,
            remedy="Choose Another Python or Own Environment in Preferences > EmoTalk.",
        )
    device = _device(flags, preferences, python, is_starter=is_starter)
    # A model of the shipped kind needs no torch for the processor.
    wants_torch = flags.engine == "auto" and python is not None and device in _CARDS
    settings = EngineSettings(
        model=model,
        engine="torch" if wants_torch else flags.engine,
        device=device,
        python=python,
        cache=flags.cache if flags.use_cache else None,
        blender=compat.program(),
    )
    if preferences is None:
        return settings
    kept = cache_folder() if preferences.use_cache and flags.use_cache else None
    return replace(
        settings, cache=settings.cache or kept, cache_bytes=preferences.cache_mb * 1_000_000
    )


def _model(flags: EngineFlags, preferences: Any) -> Path:
    if flags.model is not None:
        return flags.model
    return starter_folder() if preferences is None else model_folder(preferences)


def _python(flags: EngineFlags, preferences: Any) -> Path | None:
    """Of a command's own, else the preferences'; the built-in engine is as well off in Blender."""
    if flags.python is not None:
        return find_python(flags.python)
    if preferences is None or flags.engine == "builtin":
        return None
    return engine_python(preferences)


def _device(flags: EngineFlags, preferences: Any, python: Path | None, *, is_starter: bool) -> str:
    """Of a command's own, else the preferences' where there is a choice."""
    if flags.device != "auto" or preferences is None:
        return flags.device
    if flags.engine not in ("auto", "torch"):
        return "auto"
    has_choice = python is not None and preferences.device in _CARDS
    return preferences.device if has_choice or not is_starter else "auto"


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


def helper_python(preferences: Any) -> Path | None:
    """The Python that has what Blender's lacks: that of the engine, else EmoTalk's own environment,
    else the one that is named though the engine runs in Blender; None: there is none. Errors as
    `engine_python`.
    """
    engine, own = engine_python(preferences), program_in(environment_folder(preferences))
    if engine is not None or own.is_file():
        return engine or own
    return find_python(Path(bpy.path.abspath(preferences.python))) if preferences.python else None


def recogniser() -> Recogniser:
    """What hears words, as the preferences have it.

    Raises
    ------
    SetupError
        No Python that may have it is chosen, or the chosen one is not there.
    """
    preferences = compat.preferences()
    python = helper_python(preferences) if preferences is not None else None
    if python is None:
        raise SetupError(
            "Words are heard outside of Blender's own Python",
            value="Preferences > EmoTalk > Words",
            remedy="Create the Own Environment, or name a Python with faster-whisper there.",
        )
    model = preferences.recogniser or MODEL
    folder = Path(bpy.path.abspath(model))
    asked = str(folder) if folder.is_dir() else model
    return Recogniser(asked, python, is_online=compat.is_online_allowed())


def can_hear_words() -> bool:
    """Whether there is a Python that may have a recogniser."""
    try:
        recogniser()
    except SetupError:
        return False
    return True


def environment_folder(preferences: Any) -> Path:
    """Where EmoTalk's own environment is, or will be."""
    if preferences.environment_folder:
        return Path(bpy.path.abspath(preferences.environment_folder)) / "emotalk-environment"
    if sys.platform == "win32":  # paths inside torch are long, those of Windows may not be
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "EmoTalk" / "environment"
    return compat.extension_folder("environment") / "python"


def models_folder() -> Path:
    """Where imported checkpoints are kept."""
    return compat.extension_folder("models")


def cache_folder() -> Path:
    """Where Encodings are kept between sessions."""
    preferences = compat.preferences()
    if preferences is not None and preferences.cache_folder:
        return Path(bpy.path.abspath(preferences.cache_folder))
    return compat.extension_folder("cache")
