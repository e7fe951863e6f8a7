"""Speech from flite: few English voices, the best phone times of all."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.errors import SetupError
from training.faces import Phone, kind_of

from .sentences import sentence
from .spoken import SpokenClip

__all__ = ["VOICES", "say", "speak"]

VOICES: Final = ("slt", "rms", "awb", "kal16")
_MEAN_HZ: Final = {"slt": 170.0, "rms": 105.0, "awb": 125.0, "kal16": 105.0}


def _run(text: str, voice: str, settings: dict[str, float], folder: Path) -> tuple[np.ndarray, str]:
    program = shutil.which("flite")
    if program is None:
        raise SetupError(
            "Program not found", value="flite", remedy="Install it: apt-get install flite."
        )
    sound = folder / "said.wav"
    options = [part for key, value in settings.items() for part in ("--setf", f"{key}={value}")]
    done = subprocess.run(
        [program, "-voice", voice, *options, "-psdur", "-t", text, "-o", str(sound)],
        check=True,
        capture_output=True,
        text=True,
    )
    with wave.open(str(sound), "rb") as file:
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return data.astype(np.float32) / 32768.0, done.stdout


def _to_phones(times: str) -> tuple[Phone, ...]:
    """Phones of flite's `name:end_s` list."""
    phones, start = [], 0.0
    for part in times.split():
        name, _, end = part.partition(":")
        symbol = "_" if name == "pau" else name.upper()
        if float(end) > start:
            phones.append(Phone(start, float(end), symbol, kind_of(symbol)))
        start = float(end)
    return tuple(phones)


def say(rng: np.random.Generator) -> SpokenClip:
    """An English sentence in a random voice, rate and melody."""
    voice = str(rng.choice(VOICES, p=[0.35, 0.3, 0.25, 0.1]))
    settings = {
        "duration_stretch": round(float(rng.uniform(0.8, 1.35)), 3),
        "int_f0_target_mean": round(_MEAN_HZ[voice] * float(rng.uniform(0.85, 1.25)), 1),
        "int_f0_target_stddev": round(float(rng.uniform(8.0, 35.0)), 1),
    }
    text = sentence("en-us", rng, n_words=int(rng.integers(4, 12)))
    return _spoken(text, voice, settings)


def speak(text: str, voice: str, *, stretch: float) -> SpokenClip:
    """English `text` by one voice; `stretch` 1.2 is slower."""
    settings = {"duration_stretch": stretch, "int_f0_target_mean": _MEAN_HZ[voice]}
    return _spoken(text, voice, settings)


def _spoken(text: str, voice: str, settings: dict[str, float]) -> SpokenClip:
    with tempfile.TemporaryDirectory() as folder:
        samples, times = _run(text, voice, settings, Path(folder))
    return SpokenClip(samples, _to_phones(times), "flite", "en-us", voice)
