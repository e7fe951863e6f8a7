"""The words of sounds, as a recogniser hears them: texts that nobody has to type.

It runs in a Python that has it (`recognise`), this one or another.
"""

from __future__ import annotations

import json
import sys
import wave
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..atomic_file import temporary_folder
from ..audio import SoundSource
from ..errors import InputError, RecogniserError, SetupError
from ..other_python.interpreter import our_command
from ..other_python.programs import Ended, Program, running
from ..progress import Progress, silent
from ..timing import SAMPLE_RATE
from .languages import ensure_heard, from_whisper, to_whisper
from .recognise import OFFLINE

__all__ = ["MODEL", "HeardWords", "Hearing", "Recogniser", "hearing"]

MODEL: Final = "base"
"""Of faster-whisper's models: 145 MB, which it fetches once."""

_WHAT: Final = "Hearing the words"
_ANSWERS: Final = frozenset({"opened", "text", "languages", "fault", "problem"})
_PATIENCE_S: Final = 3600.0  # a large model is fetched meanwhile, which says nothing
_SLOWEST: Final = 20.0  # times as long as the sound


@dataclass(frozen=True)
class Recogniser:
    """What hears words."""

    model: str = MODEL  # a name of faster-whisper's, or a folder with one of its models
    python: Path | None = None  # that has it; None: this one
    device: str = "cpu"  # or cuda
    is_online: bool = True  # whether a model may be fetched


@dataclass(frozen=True)
class HeardWords:
    """What is said in a sound; in one without words nothing, and in no language."""

    text: str
    language: str  # as `pronounced` takes it
    likely: Mapping[str, float] = field(default_factory=dict)
    """How likely each language is by the sound, 0..1; empty where it was told."""


class Hearing:
    """A recogniser at work on one sound after the other; `hearing` makes one, and ends it."""

    def __init__(self, recogniser: Recogniser, folder: Path, programs: ExitStack) -> None:
        self._recogniser, self._folder, self._programs = recogniser, folder, programs
        self._program: Program | None = None
        self._is_open = False  # whether the program has opened its model
        self._fault: RecogniserError | None = None  # which every sound would meet

    def words(
        self, sound: SoundSource, language: str = "", progress: Progress = silent
    ) -> HeardWords:
        """The words of a sound; `language` as `pronounced` takes it, empty: as it is heard.

        Raises
        ------
        RecogniserError
            The recogniser is not installed, or has no such model or device, or its Python does not
            work.
        InputError
            Whisper, or this model of it, has no such language.
        SetupError
            It broke or hangs; it is started anew for the next sound.
        Cancelled
            From `progress`.
        """
        ensure_heard(language)
        path = self._folder / "sound.wav"
        _write(sound, path)
        length_s = sound.n_samples / SAMPLE_RATE
        *found, last = self._answers(path, to_whisper(language), length_s, progress)
        text = " ".join(str(one["text"]) for one in found)
        if not any(map(str.isalnum, text)):  # music, breaths, silence
            return HeardWords("", "")
        likely = {from_whisper(theirs): share for theirs, share in last["languages"].items()}
        return HeardWords(text, language or from_whisper(found[0]["language"]), likely)

    def _answers(
        self, path: Path, language: str, length_s: float, progress: Progress
    ) -> list[dict[str, Any]]:
        """All that the program says of a sound."""
        progress(0.0, _WHAT)  # who has been stopped asks for nothing
        if self._fault is not None:
            raise self._fault
        program, self._program = self._program or self._started(), None
        try:
            answers = self._asked(program, path, language, length_s, progress)
        except BaseException as error:
            program.end()  # else what it still has to say would be taken for the next sound's
            self._fault = error if isinstance(error, RecogniserError) else None
            raise
        self._program = program
        if "fault" in (told := answers[-1]):
            raise InputError(told["fault"], value=told["value"], remedy=told["remedy"])
        return answers

    def _started(self) -> Program:
        self._is_open = False
        return self._programs.enter_context(running(self._command(), is_told=True))

    def _asked(
        self, program: Program, path: Path, language: str, length_s: float, progress: Progress
    ) -> list[dict[str, Any]]:
        answers = list[dict[str, Any]]()

        def tell() -> None:
            progress(min(answers[-1]["end_s"] / length_s, 1.0) if answers else 0.0, _WHAT)

        program.tell(json.dumps({"path": str(path), "language": language}))
        patience_s = _PATIENCE_S + _SLOWEST * length_s
        for told in filter(None, map(_answer, program.lines(tell, patience_s))):
            if "problem" in told:
                raise RecogniserError(told["problem"], value=told["value"], remedy=told["remedy"])
            if "opened" in told:
                self._is_open = True
                continue
            answers.append(told)
            if told.keys() & {"languages", "fault"}:
                return answers
        why, asked = _why(program.ended()), self._recogniser
        if not self._is_open:  # its Python is too old, say
            raise RecogniserError("The recogniser does not start", value=self._python, remedy=why)
        raise SetupError("The words were not heard", value=asked.model, remedy=why)

    def _command(self) -> Sequence[str]:
        asked, reach = self._recogniser, "online" if self._recogniser.is_online else OFFLINE
        return our_command(self._python, "speech.recognise", asked.model, asked.device, reach)

    @property
    def _python(self) -> Path:
        return self._recogniser.python or Path(sys.executable)


def _answer(line: str) -> dict[str, Any]:
    """What a line of the program says; nothing where it is one of a library's."""
    if line.startswith("{"):
        with suppress(ValueError):
            told = json.loads(line)
            return told if told.keys() & _ANSWERS else {}
    return {}


def _why(ended: Ended) -> str:
    """Why it has ended before its answer."""
    told = replace(ended, lines=tuple(line for line in ended.lines if not _answer(line)))
    if not told.lines:  # killed, as where memory is short, or crashed
        return f"The recogniser ended with code {ended.code}: try again, or a smaller model."
    return f"{told.last_line}."


@contextmanager
def hearing(recogniser: Recogniser) -> Generator[Hearing]:
    """A recogniser for many sounds, whose model is opened once: it takes seconds.

    Raises
    ------
    SetupError
        There is no place for temporary files.
    """
    with temporary_folder("words") as folder, ExitStack() as programs:
        yield Hearing(recogniser, folder, programs)


def _write(sound: SoundSource, path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for block in sound.blocks():
            file.writeframes(np.round(np.clip(block, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
