"""One animation from sound to keys, on plain data alone: what runs in the background thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ...emotalk_core.cache import EncodingCache
from ...emotalk_core.clip import Clip
from ...emotalk_core.controls import ControlTrack
from ...emotalk_core.engine import Encoding, Engine, open_engine
from ...emotalk_core.model.folder import load_model
from ...emotalk_core.pipeline import decode, encode
from ...emotalk_core.progress import Progress, part_of, silent
from ...emotalk_core.report import Report, ReportBuilder, SoundTally
from ...emotalk_core.retarget import BakeOptions, Binding, KeyTable, retarget
from .decode import to_source
from .sound import Heard

__all__ = ["EngineRoom", "EngineSettings", "Outcome", "Request", "animate", "redo"]


@dataclass(frozen=True)
class EngineSettings:
    """Which model runs, on what, and where Encodings are kept."""

    model: Path
    engine: str = "auto"
    cache: Path | None = None
    cache_bytes: int = 1_000_000_000
    blender: str = ""  # Blender's own program, which decodes long sound in the background


@dataclass(frozen=True, eq=False)
class Request:
    """Everything that a job needs to know; nothing of it is Blender's."""

    heard: Heard
    binding: Binding
    track: ControlTrack
    settings: EngineSettings
    options: BakeOptions


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a job brings back."""

    encoding: Encoding
    clip: Clip
    tables: list[KeyTable]
    report: Report


class EngineRoom:
    """Keeps the engine that was used last; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[tuple[Path, str], Engine] | None = None

    def engine(self, settings: EngineSettings) -> Engine:
        """The engine for these settings, loaded once.

        Raises
        ------
        ModelFolderError
            The model folder is missing or damaged.
        """
        wanted = (settings.model, settings.engine)
        with self._lock:
            if self._known is None or self._known[0] != wanted:
                self._known = wanted, open_engine(settings.engine, load_model(settings.model))
            return self._known[1]

    def forget(self) -> None:
        """Give the engine's memory back."""
        with self._lock:
            self._known = None


def animate(request: Request, room: EngineRoom, progress: Progress = silent) -> Outcome:
    """Sound to keys."""
    settings = request.settings
    progress(0.0, "Loading the model")
    engine = room.engine(settings)
    progress(0.05, "Reading the sound")
    reading = part_of(progress, 0.05, 0.1)
    source = to_source(request.heard, blender=settings.blender, progress=reading)
    sound = SoundTally(source)
    cache = (
        EncodingCache(settings.cache, max_bytes=settings.cache_bytes) if settings.cache else None
    )
    encoding = encode(sound, engine, cache=cache, progress=part_of(progress, 0.1, 0.9))
    for _block in () if sound.notes else sound.blocks():  # heard before: count its loudness now
        pass
    progress(0.9, "Shaping the curves")
    outcome = redo(request, encoding, engine, sound.notes)
    progress(1.0, "Writing keys")
    return outcome


def redo(
    request: Request, encoding: Encoding, engine: Engine, notes: dict[str, float] | None = None
) -> Outcome:
    """Encoding to keys: what a slider asks for."""
    heard = request.heard
    clip = decode(encoding, request.track, engine)
    tables = retarget(
        clip,
        request.binding,
        rate=heard.rate,
        start_frame=heard.start_frame,
        options=request.options,
    )
    return Outcome(encoding, clip, tables, _report(encoding, clip, notes or {"power": 1.0}))


def _report(encoding: Encoding, clip: Clip, notes: dict[str, float]) -> Report:
    builder = ReportBuilder()
    builder.add_heard(encoding)
    builder.add_rows(clip.values)
    return builder.finish(clip.n_frames, Fraction(clip.fps), notes)
