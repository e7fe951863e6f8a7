"""A recogniser of words that is not there, and sounds for it."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from emotalk_core.speech import heard_words
from emotalk_core.timing import SAMPLE_RATE

_RANDOM = np.random.default_rng(1)
_SAY: Final = """
def write(**line): print(json.dumps(line), flush=True)
def say(text, language="en", end_s=1.0): write(text=text, language=language, end_s=end_s)
def end(**likely): write(languages=likely)
def problem(): write(problem="None", value="x", remedy="Get it.")
def fault(): write(fault="Not this one", value="x", remedy="Leave it.")
write(opened="base")
"""
_TOLD: Final = """    told = json.loads(line)
    seconds = wave.open(told["path"]).getnframes() // 16000
"""


def answering(monkeypatch: pytest.MonkeyPatch, *code: str) -> None:
    """Let Python lines stand for the recogniser; its arguments are in `asked`, what it is told of a
    sound, `seconds` long, in `told`. `say` writes a stretch of words, `end` that there are no more.
    """
    lines = "".join(f"    {line}\n" for line in code)

    def command(python: Path, module: str, *asked: object) -> list[str]:
        start = f"import json, sys, time, wave; asked = {[str(one) for one in asked]!r}\n"
        assert module == "speech.recognise"
        return [str(python), "-c", f"{start}{_SAY}for line in sys.stdin:\n{_TOLD}{lines}"]

    monkeypatch.setattr(heard_words, "our_command", command)


def noise_wav(path: Path, seconds: float) -> Path:
    """Noise."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(_RANDOM.integers(-999, 999, round(seconds * SAMPLE_RATE), "<i2").tobytes())
    return path
