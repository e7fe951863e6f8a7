"""The words of a sound, as a recogniser hears them: a text that nobody has to type.

It runs in a Python that has it (`recognise`), this one or another.
"""

from __future__ import annotations

import json
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..audio import SoundSource
from ..errors import RecogniserError, SetupError, TextError
from ..other_python.interpreter import our_command
from ..other_python.programs import Ended, run_program
from ..progress import Progress, silent
from ..timing import SAMPLE_RATE
from .recognise import OFFLINE

__all__ = ["MODEL", "HeardWords", "Recogniser", "hear_words"]

MODEL: Final = "base"
"""Of faster-whisper's models: 145 MB, which it fetches once."""

_WHAT: Final = "Hearing the words"
_ESPEAK: Final = {"zh": "cmn", "fr": "fr-fr", "no": "nb", "jw": "jv", "tl": "fil"}
"""Languages that espeak-ng calls otherwise than Whisper."""


@dataclass(frozen=True)
class Recogniser:
    """What hears words."""

    model: str = MODEL  # a name of faster-whisper's, or a folder with one of its models
    python: Path | None = None  # that has it; None: this one
    device: str = "cpu"  # or cuda
    is_online: bool = True  # whether a model may be fetched


@dataclass(frozen=True)
class HeardWords:
    """What is said in a sound."""

    text: str
    language: str  # as `pronounced` takes it


def hear_words(
    sound: SoundSource, recogniser: Recogniser, language: str = "", progress: Progress = silent
) -> HeardWords:
    """The words of a sound; `language` as `pronounced` takes it, empty: as it is heard.

    Raises
    ------
    RecogniserError
        The recogniser is not installed, or has no such model, language or device.
    SetupError
        It broke.
    TextError
        No words are heard.
    Cancelled
        From `progress`; the recogniser is gone then.
    """
    found, length_s = list[dict[str, Any]](), sound.n_samples / SAMPLE_RATE

    def take(line: str) -> None:
        if line.startswith("{"):
            told = json.loads(line)
            if "problem" in told:
                raise RecogniserError(told["problem"], value=told["value"], remedy=told["remedy"])
            found.append(told)

    def tell() -> None:
        progress(min(found[-1]["end_s"] / length_s, 1.0) if found else 0.0, _WHAT)

    with tempfile.TemporaryDirectory(prefix="emotalk-") as folder:
        path = Path(folder) / "sound.wav"
        _write(sound, path)
        reach = "online" if recogniser.is_online else OFFLINE
        asked = path, recogniser.model, _whispered(language), recogniser.device, reach
        python = recogniser.python or Path(sys.executable)
        ended = run_program(
            our_command(python, "speech.recognise", *asked), on_line=take, progress=tell
        )
    if ended.code:
        raise _failure(ended, recogniser)
    if not found:
        raise TextError(
            "No words are heard in the sound",
            value=f"{length_s:.1f} s",
            remedy="Write them yourself, or take a larger model.",
        )
    heard = str(found[0]["language"])
    text = " ".join(str(one["text"]) for one in found)
    return HeardWords(text, language or _ESPEAK.get(heard, heard))


def _whispered(language: str) -> str:
    """Whisper's name of a language: `fr-fr` is `fr`."""
    known = {ours: theirs for theirs, ours in _ESPEAK.items()}
    return known.get(language, language.split("-")[0] or "")


def _failure(ended: Ended, recogniser: Recogniser) -> SetupError:
    return SetupError(
        "The words were not heard", value=recogniser.model,
        remedy=f"{ended.last_line}.",
    )  # fmt: skip


def _write(sound: SoundSource, path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for block in sound.blocks():
            file.writeframes(np.round(np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
