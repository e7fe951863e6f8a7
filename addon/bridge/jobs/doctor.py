"""A check-up of everything that animating in this Blender stands on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ....emotalk_core.doctor import (
    Finding,
    about_cache,
    about_engine,
    about_interpreter,
    about_model,
    about_python,
    about_recogniser,
    checked,
)
from ....emotalk_core.errors import EmoTalkError, SetupError
from ....emotalk_core.progress import Progress, silent
from ....emotalk_core.speech.heard_words import Recogniser
from .. import compat
from ..counting import counted
from . import environment
from .settings import cache_folder, engine_settings, environment_folder, model_folder, recogniser
from .work import EngineRoom, EngineSettings

__all__ = ["CheckUp", "n_amiss", "prepare", "report", "summary"]


@dataclass(frozen=True)
class CheckUp:
    """What is to be looked at: read from Blender first, looked at in a thread."""

    known: tuple[Finding, ...]  # what Blender itself has told
    settings: EngineSettings | None  # None: the preferences ask for a Python that is not there
    model: Path
    cache: Path
    recogniser: Recogniser | EmoTalkError  # or why there is none

    def run(self, room: EngineRoom, progress: Progress = silent) -> list[Finding]:
        """All findings; seconds, as the engine is started and hears something."""
        found = list(self.known)
        for share, what, look in (
            (0.1, "Looking at the model", lambda: iter([_model_finding(self.model)])),
            (0.2, "Looking at the cache", lambda: iter([_cache_finding(self.cache)])),
            (0.3, "Looking at the engine's Python", lambda: self._interpreter(progress)),
            (0.6, "Trying the engine", lambda: self._engine(room, progress)),
            (0.8, "Trying the recogniser", lambda: self._words(progress)),
        ):
            progress(share, what)
            found += look()
        progress(1.0, "Done")
        return found

    def _interpreter(self, progress: Progress) -> Iterator[Finding]:
        settings = self.settings
        if settings is None or settings.python is None:
            return iter(())

        def look() -> None:
            progress(0.3, "Looking at the engine's Python")

        return about_interpreter(settings.python, look, settings.device)

    def _engine(self, room: EngineRoom, progress: Progress) -> Iterator[Finding]:
        settings = self.settings
        if settings is not None:
            yield about_engine(lambda: room.engine(settings, progress))

    def _words(self, progress: Progress) -> Iterator[Finding]:
        def asked() -> Recogniser:
            if isinstance(self.recogniser, EmoTalkError):
                raise self.recogniser
            return self.recogniser

        yield about_recogniser(asked, lambda _share, what: progress(0.8, what))


def prepare() -> CheckUp:
    """The check-up for the preferences as they stand."""
    preferences = compat.preferences()
    settings: list[EngineSettings] = []
    chosen = checked("Engine chosen", lambda: _chosen(settings))
    model = model_folder(preferences) if preferences else engine_settings().model
    return CheckUp(
        known=(*_about_blender(), chosen, *_about_environment(preferences)),
        settings=settings[0] if settings else None,
        model=model,
        cache=cache_folder(),
        recogniser=_recogniser(),
    )


def n_amiss(findings: list[Finding]) -> int:
    """How many things have to be mended."""
    return sum(not finding.is_well and finding.is_needed for finding in findings)


def summary(findings: list[Finding]) -> str:
    """All of it in a few words."""
    count = n_amiss(findings)
    return f"{counted(count, 'thing')} to mend" if count else "All is well"


def report(findings: list[Finding]) -> str:
    """The findings as text, to send to somebody."""
    lines = []
    for finding in findings:
        amiss = "MISSING" if finding.is_needed else "--"
        lines.append(f"{'ok' if finding.is_well else amiss:<8}{finding.text}")
    return "\n".join(lines)


def _chosen(settings: list[EngineSettings]) -> str:
    settings.append(engine_settings())
    python = settings[0].python
    return f"runs in {python}, on {settings[0].device}" if python else "runs inside Blender"


def _recogniser() -> Recogniser | EmoTalkError:
    try:
        return recogniser()
    except SetupError as error:
        return error


def _about_blender() -> Iterator[Finding]:
    yield Finding("Blender", is_well=True, detail=bpy.app.version_string)
    yield from about_python()
    yield Finding(
        "Sound",
        compat.has_sound_library(),
        "Blender reads it" if compat.has_sound_library() else "this Blender was built without it",
        "Use wav files, or an official build of Blender.",
        is_needed=False,
    )


def _about_environment(preferences: object) -> Iterator[Finding]:
    if preferences is None:
        return
    folder = environment_folder(preferences)
    if not folder.exists():
        return
    found = environment.describe(folder)
    remedy = "The Python that it was made with may be gone: create it again in the preferences."
    yield Finding(
        "EmoTalk's environment", bool(found), found or f"{folder} is broken", remedy,
        is_needed=False,
    )  # fmt: skip


def _model_finding(folder: Path) -> Finding:
    return replace(about_model(folder), what="Model")


def _cache_finding(folder: Path) -> Finding:
    found = about_cache(folder, "Choose another folder in the preferences, or switch it off.")
    return replace(found, what="Cache")
