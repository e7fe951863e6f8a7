"""EmoTalk's core: speech in, face coefficient curves out. Needs numpy alone.

The public names are imported when they are first used, so that a part can be had without the rest.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .audio import ArraySound, SoundSource, open_sound
    from .cache import EncodingCache
    from .clip import Clip, clips_equal
    from .clip_files import ClipWriter, read_clip, write_clip
    from .controls import Controls, ControlTrack, emotion_weights
    from .engine import Encoding, Engine, open_engine
    from .errors import (
        Cancelled,
        EmoTalkError,
        InputError,
        ModelFolderError,
        RigError,
        SetupError,
        WorkerError,
    )
    from .model.folder import Model, load_model, starter_folder
    from .pipeline import animate, animate_to_file, decode, encode
    from .report import Report
    from .speech.phrases import Phrase, felt_track, find_phrases
    from .timing import exact_rate

# ONNX Runtime reads this when it is imported, here or in a process that we start; otherwise it
# keeps an identity of the machine in the user's folder and sends events, on every system.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__all__ = [
    "ArraySound",
    "Cancelled",
    "Clip",
    "ClipWriter",
    "ControlTrack",
    "Controls",
    "EmoTalkError",
    "Encoding",
    "EncodingCache",
    "Engine",
    "InputError",
    "Model",
    "ModelFolderError",
    "Phrase",
    "Report",
    "RigError",
    "SetupError",
    "SoundSource",
    "WorkerError",
    "animate",
    "animate_to_file",
    "clips_equal",
    "decode",
    "emotion_weights",
    "encode",
    "exact_rate",
    "felt_track",
    "find_phrases",
    "load_model",
    "open_engine",
    "open_sound",
    "read_clip",
    "starter_folder",
    "write_clip",
]

_HOME: Final = {
    "ArraySound": "audio",
    "Cancelled": "errors",
    "Clip": "clip",
    "ClipWriter": "clip_files",
    "ControlTrack": "controls",
    "Controls": "controls",
    "EmoTalkError": "errors",
    "Encoding": "engine",
    "EncodingCache": "cache",
    "Engine": "engine",
    "InputError": "errors",
    "Model": "model.folder",
    "ModelFolderError": "errors",
    "Phrase": "speech.phrases",
    "Report": "report",
    "RigError": "errors",
    "SetupError": "errors",
    "SoundSource": "audio",
    "WorkerError": "errors",
    "animate": "pipeline",
    "animate_to_file": "pipeline",
    "clips_equal": "clip",
    "decode": "pipeline",
    "emotion_weights": "controls",
    "encode": "pipeline",
    "exact_rate": "timing",
    "felt_track": "speech.phrases",
    "find_phrases": "speech.phrases",
    "load_model": "model.folder",
    "open_engine": "engine",
    "open_sound": "audio",
    "read_clip": "clip_files",
    "starter_folder": "model.folder",
    "write_clip": "clip_files",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
