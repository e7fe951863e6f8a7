"""EmoTalk's core: speech in, face coefficient curves out. Needs numpy alone."""

from __future__ import annotations

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
from .timing import exact_rate

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
    "load_model",
    "open_engine",
    "open_sound",
    "read_clip",
    "starter_folder",
    "write_clip",
]
