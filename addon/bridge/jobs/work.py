"""One animation from sound to keys, on plain data alone: what runs in the background thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from ....emotalk_core.cache import EncodingCache
from ....emotalk_core.clip import Clip
from ....emotalk_core.clip_files import read_clip
from ....emotalk_core.controls import ControlTrack
from ....emotalk_core.engine import Encoding, Engine, open_engine, said_in
from ....emotalk_core.engine.remote import RemoteEngine
from ....emotalk_core.errors import EmoTalkError
from ....emotalk_core.model.folder import load_model
from ....emotalk_core.pipeline import decode, encode, hear_usual, said_in_script
from ....emotalk_core.progress import Progress, part_of, silent
from ....emotalk_core.report import Report, ReportBuilder, SoundTally
from ....emotalk_core.reshaping import reshaped
from ....emotalk_core.retarget import BakeOptions, Binding, KeyTable, faces_of, retarget
from ....emotalk_core.speech.passage import Passage, Script, summary
from ....emotalk_core.speech.phones import misplaced_phones
from ....emotalk_core.speech.phrases import Phrase, find_phrases, most_heard
from ....emotalk_core.speech.text_fit import unlike_line
from ....emotalk_core.speech.transcript import pronounced, unlike_text
from ....emotalk_core.timing import NETWORK_FPS
from ....emotalk_core.usual_voice import UsualVoice, heard_beside
from ..sounds.decode import to_source
from ..sounds.sound import Heard, Pause
from .words_first import WordsFirst, WordsRoom

__all__ = [
    "EngineRoom",
    "EngineSettings",
    "Known",
    "Outcome",
    "Request",
    "animate",
    "curves_in",
    "redo",
    "redo_part",
    "usual_voice_in",
]

_SCRIPT_SHARE: Final = 0.4  # of the time, where words are heard when nothing in it is said
_WORDS_SHARE: Final = 0.5  # of the time, where they are heard first
_BESIDE_ROWS: Final = 12  # on each side of a part: lips that met there go to one of its keys


@dataclass(frozen=True)
class EngineSettings:
    """Which model runs, on what, and where Encodings are kept."""

    model: Path
    engine: str = "auto"
    device: str = "auto"
    python: Path | None = None  # another Python, in which a worker runs it; None: in this one
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
    is_clip: bool = False  # whether what is `heard` is a file of curves
    words_first: WordsFirst | None = None  # where nothing is told of what is said


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a sound once it was heard."""

    encoding: Encoding
    notes: Mapping[str, float]  # on its loudness, as `report` wants them


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a job brings back."""

    known: Known | None  # None: curves of a file
    clip: Clip
    tables: list[KeyTable]
    report: Report
    phrases: tuple[Phrase, ...] = ()
    feelings: tuple[str, ...] = ()  # what is heard most in each of them
    script: Script | None = None  # that was looked in
    passage: Passage | None = None  # what of it is said


class EngineRoom:
    """Keeps the engine that was used last; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[tuple[object, ...], Engine] | None = None
        self.words = WordsRoom()

    def engine(self, settings: EngineSettings, progress: Progress = silent) -> Engine:
        """The engine for these settings, loaded once; another Python takes seconds to start.

        Raises
        ------
        ModelFolderError
            The model folder is missing or damaged.
        SetupError
            The other Python cannot run it.
        """
        with self._lock:
            if self._known is None or self._known[0] != _wanted(settings):
                self._drop()
                self._known = _wanted(settings), _open(settings, progress)
            engine = self._known[1]
            if isinstance(engine, RemoteEngine):
                engine.ensure_ready(progress)  # it may have been killed
            return engine

    def is_ready(self, settings: EngineSettings) -> bool:
        """Whether `engine` answers at once, and so does what it returns; safe while it is busy."""
        known = self._known
        if known is None or known[0] != _wanted(settings):
            return False
        return not isinstance(known[1], RemoteEngine) or known[1].is_ready

    def forget(self) -> None:
        """Give the engine's memory back; a worker ends, and a recogniser."""
        self.words.close()
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._known is not None and isinstance(self._known[1], RemoteEngine):
            self._known[1].close()
        self._known = None


def _wanted(settings: EngineSettings) -> tuple[object, ...]:
    return settings.model, settings.engine, settings.device, settings.python


def _open(settings: EngineSettings, progress: Progress) -> Engine:
    if settings.python is None:
        return open_engine(settings.engine, load_model(settings.model), device=settings.device)
    return RemoteEngine(
        settings.python,
        settings.model,
        engine=settings.engine,
        options={"device": settings.device},
        progress=progress,
    )


def animate(request: Request, room: EngineRoom, progress: Progress = silent) -> Outcome:
    """Sound to keys; curves of a file as they are, but for what their sliders say."""
    if request.is_clip:
        return _played(request)
    asked, script = request.words_first, request.track.script
    if asked is None or request.track.words:
        return _animated(request, room, progress)
    if script is None:
        return _animated_by_words(request, asked, room, progress)
    found = _animated(request, room, part_of(progress, 0.0, _SCRIPT_SHARE))
    if found.passage is not None:
        return found
    alone = replace(request, track=replace(request.track, script=None))
    outcome = _animated_by_words(alone, asked, room, part_of(progress, _SCRIPT_SHARE, 1.0))
    return replace(_warned(outcome, script.unsaid), script=outcome.script or script)


def _animated(request: Request, room: EngineRoom, progress: Progress) -> Outcome:
    settings = request.settings
    progress(0.0, "Loading the model")
    engine = room.engine(settings, part_of(progress, 0.0, 0.05))
    progress(0.05, "Reading the sound")
    reading = part_of(progress, 0.05, 0.1)
    source = to_source(request.heard, blender=settings.blender, progress=reading)
    sound = SoundTally(source)
    encoding = encode(sound, engine, cache=_cache(settings), progress=part_of(progress, 0.1, 0.9))
    for _block in () if sound.notes else sound.blocks():  # heard before: count its loudness now
        pass
    looking = part_of(progress, 0.9, 0.95)
    track, passage = said_in_script(encoding, request.track, engine.config, looking)
    progress(0.95, "Shaping the curves")
    shaping, told = part_of(progress, 0.95, 1.0), replace(request, track=track)
    outcome = redo(told, Known(encoding, sound.notes), engine, shaping)
    progress(1.0, "Writing keys")
    return _with_passage(outcome, request.track, passage)


def usual_voice_in(
    heard: Heard, settings: EngineSettings, room: EngineRoom, progress: Progress
) -> UsualVoice:
    """How the speaker of a sound sounds, who speaks as usual in it; errors as `hear_usual`."""
    engine = room.engine(settings, part_of(progress, 0.0, 0.05))
    reading, hearing = part_of(progress, 0.05, 0.1), part_of(progress, 0.1, 1.0)
    sound = to_source(heard, blender=settings.blender, progress=reading)
    return hear_usual(sound, engine, cache=_cache(settings), progress=hearing)


def curves_in(
    heard: Heard,
    track: ControlTrack,
    settings: EngineSettings,
    room: EngineRoom,
    progress: Progress,
) -> Clip:
    """The curves of a sound, whoever they are for; errors as those of the engine and the sound."""
    engine = room.engine(settings, part_of(progress, 0.0, 0.05))
    reading, hearing = part_of(progress, 0.05, 0.1), part_of(progress, 0.1, 0.95)
    sound = to_source(heard, blender=settings.blender, progress=reading)
    encoding = encode(sound, engine, cache=_cache(settings), progress=hearing)
    return decode(encoding, track, engine, progress=part_of(progress, 0.95, 1.0))


def _cache(settings: EngineSettings) -> EncodingCache | None:
    if settings.cache is None:
        return None
    return EncodingCache(settings.cache, max_bytes=settings.cache_bytes)


def _animated_by_words(
    request: Request, asked: WordsFirst, room: EngineRoom, progress: Progress
) -> Outcome:
    """The words are heard first, and lips in the light of them; where that fails, by the voice
    alone, and the report says why.
    """
    hearing = part_of(progress, 0.0, _WORDS_SHARE)
    rest = part_of(progress, _WORDS_SHARE, 1.0)
    reading, recognising = part_of(hearing, 0.0, 0.1), part_of(hearing, 0.1, 1.0)
    try:
        sound = to_source(request.heard, blender=request.settings.blender, progress=reading)
        heard = room.words.words(sound, asked, recognising)
        if not heard.text:
            return _warned(_animated(request, room, rest), "Heard without words: none are heard")
        words = pronounced(heard.text, heard.language, lambda _, what: hearing(1.0, what))
        told = replace(request, track=replace(request.track, words=words))
        outcome = _animated(told, room, rest)
    except EmoTalkError as error:
        return _warned(_animated(request, room, rest), f"Heard without words: {error}")
    script = Script(heard.text, heard.language, "Words heard")
    shown = heard.text.split()
    if 2 * len(shown) < len(words):  # written without spaces
        shown = [*heard.text]
    told_of = summary(script.name, shown, n_words=len(words))
    passage = Passage(words, heard.text, told_of)
    report = replace(outcome.report, said=passage.summary)
    return replace(outcome, report=report, script=script, passage=passage)


def _warned(outcome: Outcome, warning: str) -> Outcome:
    report = outcome.report
    return replace(outcome, report=replace(report, warnings=(*report.warnings, warning)))


def _with_passage(outcome: Outcome, asked: ControlTrack, passage: Passage | None) -> Outcome:
    """The same, and what of the script was found."""
    script = asked.script
    if script is None or asked.words:
        return outcome
    if passage is None:
        return replace(_warned(outcome, script.unsaid), script=script)
    report = replace(outcome.report, said=passage.summary)
    return replace(outcome, report=report, script=script, passage=passage)


def _played(request: Request) -> Outcome:
    clip = reshaped(read_clip(request.heard.path), request.track.base)
    tables = _tables(request, clip)
    builder = ReportBuilder()
    builder.add_rows(faces_of(clip))
    report = builder.finish(clip.n_frames, Fraction(clip.fps), {})
    return Outcome(None, clip, tables, replace(report, warnings=()))  # they are of the sound


def redo(request: Request, known: Known, engine: Engine, progress: Progress = silent) -> Outcome:
    """Encoding to keys: what a slider asks for."""
    heard, encoding = request.heard, known.encoding
    clip = decode(encoding, request.track, engine, progress=progress)
    tables = _tables(request, clip)
    said, builder = said_in(encoding, engine.config), ReportBuilder()
    felt = heard_beside(encoding, request.track.usual, engine.config)
    builder.add_heard(felt, said)
    builder.add_rows(clip.values)
    misplaced = misplaced_phones(
        request.track.phones, lambda a, b: encoding[a:b], encoding.n_frames, engine.config
    )
    unlike = unlike_text(encoding, request.track.words, engine.config)
    warnings = [*filter(None, (misplaced, unlike_line(unlike, heard.place)))]
    report = builder.finish(clip.n_frames, Fraction(clip.fps), known.notes, warnings)
    if isinstance(heard, Pause):
        report = replace(report, warnings=())  # it is meant to be silent
    phrases = find_phrases(encoding.level, said.silence if said else None)
    feelings = tuple(most_heard(felt.heard, phrase) for phrase in phrases)
    return Outcome(known, clip, tables, report, phrases, feelings)


def redo_part(request: Request, known: Known, engine: Engine, frames: np.ndarray) -> list[KeyTable]:
    """The keys of `redo` at some scene frames that follow each other, float64 (K,), as they come
    without leaving any out.
    """
    heard, options = request.heard, request.options
    fps, rate = NETWORK_FPS, float(heard.rate)
    beside = _BESIDE_ROWS + math.ceil(options.every_n_frames * float(fps) / rate)
    first, last = (float(fps) * (frames[[0, -1]] - heard.start_frame) / rate).tolist()
    span = math.floor(first) - beside, math.ceil(last) + beside
    clip = decode(known.encoding, request.track, engine, span=span)
    return _tables(replace(request, options=replace(options, max_error=0.0)), clip, frames)


def _tables(request: Request, clip: Clip, frames: np.ndarray | None = None) -> list[KeyTable]:
    heard = request.heard
    return retarget(
        clip, request.binding, rate=heard.rate, start_frame=heard.start_frame,
        options=request.options, frames=frames,
    )  # fmt: skip
