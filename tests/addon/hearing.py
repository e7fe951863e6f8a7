"""What stands for a recogniser of words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from emotalk.addon.bridge.jobs import doctor, settings
from emotalk.emotalk_core.audio import SoundSource
from emotalk.emotalk_core.progress import Progress
from emotalk.emotalk_core.speech import text_fit
from emotalk.emotalk_core.speech.heard_words import HeardWords, Hearing, Recogniser

Hear = Callable[[SoundSource, Recogniser, str, Progress], HeardWords]


def stand_in(monkeypatch: pytest.MonkeyPatch, hear: Hear) -> None:
    """Let `hear` stand for the recogniser, and all words for what is babbled."""
    monkeypatch.setattr(text_fit, "_LEAST_LIKE", -100.0)
    monkeypatch.setattr(
        Hearing,
        "words",
        lambda self, sound, language, progress: hear(sound, self._recogniser, language, progress),
    )
    for module in (settings, doctor):
        monkeypatch.setattr(module, "recogniser", lambda: Recogniser("small"))


def of_length(sound: SoundSource, recogniser: Recogniser, language: str, _: Progress) -> HeardWords:
    """The length of what is given, and by which model it is heard."""
    seconds = round(sound.n_samples / 16_000)
    return HeardWords(f"{recogniser.model} papa {seconds}", language or "en")
