"""One sample type for every set of recordings: sound, phones where known, emotion where known, real
curves where known.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.atomic_file import atomic_file
from emotalk_core.controls import emotion_weights
from emotalk_core.errors import InputError
from emotalk_core.timing import SAMPLE_RATE

from .augment import quiet_sound
from .faces.captured import Captured
from .faces.phones import SILENCE, Phone
from .synthesis import read_shards

__all__ = [
    "NOBODY",
    "READ_ALOUD",
    "SPLITS",
    "Recording",
    "Utterance",
    "load_emodb",
    "load_german",
    "load_open_speech",
    "load_ravdess",
    "load_samples",
    "load_synth",
    "load_voices",
    "make_quiet",
    "read_phones",
    "read_rows",
    "split_of",
    "texts_of_german",
    "write_phones",
]

NOBODY: Final = ""
"""Speaker of sounds without speech."""
SPLITS: Final = ("train", "dev", "test")
"""To learn from, to choose between runs by, to report once."""

READ_ALOUD: Final = emotion_weights({"neutral": 0.8, "calm": 0.2})
"""Emotion of people who read: nobody labelled it."""

_DEV_SHARE: Final = 10  # one speaker in ten of the open sets chooses between runs
_EMODB: Final = {  # EMO-DB has boredom in place of calm, and no surprise
    "neutral": {"neutral": 1.0},
    "boredom": {"calm": 0.6, "neutral": 0.4},
    "happiness": {"happy": 1.0},
    "sadness": {"sad": 1.0},
    "anger": {"angry": 1.0},
    "fear": {"fearful": 1.0},
    "disgust": {"disgust": 1.0},
}


@dataclass(frozen=True, eq=False)
class Utterance:
    """A stretch of sound by one speaker: what is known of everything that is learnt from."""

    name: str  # unique: SET/STEM
    source: Path | np.ndarray  # a file, or int16 or float32 samples at 16 kHz
    speaker: str
    split: str = "train"  # one of SPLITS
    phones: tuple[Phone, ...] = ()  # none: nobody wrote them down


@dataclass(frozen=True, eq=False)
class Recording(Utterance):
    """What the starter learns from and is judged by: its faces are made, or captured."""

    emotion: tuple[float, ...] | None = None  # shares of EMOTIONS
    seconds: float = 0.0
    captured: Captured | None = None  # a real face

    @property
    def seed(self) -> int:
        """A number that stays the same for this clip: its style, its jitter."""
        return zlib.crc32(self.name.encode())


def load_samples(source: Path | np.ndarray) -> np.ndarray:
    """float32 (n,) at 16 kHz, mono; files by soundfile."""
    if isinstance(source, np.ndarray):
        return source.astype(np.float32) / 32768.0 if source.dtype == np.int16 else source
    import soundfile

    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate == SAMPLE_RATE:
        return mono
    # Not by the core's resampler: the weights that ship learnt through this one, and speech from
    # 44.1 kHz differs between the two by -34 dB, near 8 kHz. At 16 kHz neither is asked.
    from scipy.signal import resample_poly

    divisor = int(np.gcd(SAMPLE_RATE, rate))
    return resample_poly(mono, SAMPLE_RATE // divisor, rate // divisor).astype(np.float32)


def _seconds_of(file: Path) -> float:
    import soundfile

    return float(soundfile.info(file).duration)


def split_of(speaker: str) -> str:
    """Dev or train for a speaker of an open set, by a hash of the name."""
    return (
        "dev"
        if int(hashlib.sha256(speaker.encode()).hexdigest(), 16) % _DEV_SHARE == 0
        else "train"
    )


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a csv, by the names in its first line."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def read_phones(path: Path) -> dict[str, tuple[Phone, ...]]:
    """Phones by file name, of a csv as `write_phones` leaves it."""
    found: dict[str, list[Phone]] = {}
    for row in read_rows(path):
        phone = Phone(float(row["start_s"]), float(row["end_s"]), row["phone"], row["class"])
        found.setdefault(row["file"], []).append(phone)
    return {file: tuple(phones) for file, phones in found.items()}


def write_phones(path: Path, found: Mapping[str, Sequence[Phone]]) -> None:
    """A csv like `open_speech/phones.csv`, of phones by file name; it appears when it is whole."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["file", "start_s", "end_s", "phone", "class"])
    for file, phones in found.items():
        for p in phones:
            table.writerow([file, f"{p.start_s:.3f}", f"{p.end_s:.3f}", p.symbol, p.kind])
    with atomic_file(path) as stream:
        stream.write(text.getvalue().encode())


def load_open_speech(data: Path, aligned: Path | None = None) -> list[Recording]:
    """Read speech with free licences: its phones train lips. A tenth of its speakers is dev.

    Parameters
    ----------
    data : Path
    aligned : Path, optional
        Phones of clips that came without (`training.alignment`).
    """
    folder = data / "open_speech"
    phones = read_phones(folder / "phones.csv")
    found = read_phones(aligned) if aligned and aligned.is_file() else {}
    return [
        Recording(
            name=f"open_speech/{Path(row['file']).stem}",
            source=folder / row["file"],
            speaker=row["speaker"],
            split="test" if row["split"] == "test" else split_of(row["speaker"]),
            phones=phones.get(row["file"], ())
            if row["phones"].startswith("forced")
            else found.get(row["file"], ()),
            emotion=READ_ALOUD,
            seconds=float(row["seconds"]),
        )
        for row in read_rows(folder / "index.csv")
    ]


def load_german(data: Path, told: Path | None = None) -> list[Recording]:
    """A German reader, `kerstin` as its authors publish it (CC0): phones from the csv `told` where
    they were found (`training.told`); every tenth clip is dev. Empty where it was not brought
    along.
    """
    folder = data / "kerstin" / "verified"
    phones = read_phones(told) if told and told.is_file() else {}
    files = sorted(folder.glob("*.flac"))
    return [
        Recording(
            name=f"german/{file.stem}",
            source=file,
            speaker="kerstin",
            split="dev" if number % _DEV_SHARE == 0 else "train",
            phones=phones.get(file.name, ()),
            emotion=READ_ALOUD,
            seconds=_seconds_of(file),
        )
        for number, file in enumerate(files)
    ]


def texts_of_german(data: Path) -> dict[str, str]:
    """What is read in each recording of `load_german`, by file name.

    Raises
    ------
    InputError
        The table of texts is not there.
    """
    table = data / "kerstin" / "metadata.csv"
    if not table.is_file():
        raise InputError(
            "The German reader's texts are missing", value=table, remedy="Clone the set whole."
        )
    lines = table.read_text(encoding="utf-8").splitlines()
    return {f"{name}.flac": text for name, _, text in (line.partition("|") for line in lines)}


def load_emodb(data: Path) -> list[Recording]:
    """Acted German: sound and emotion of the dev speakers, never its phones (the same ten sentences
    judge lips).
    """
    folder = data / "emodb"
    rows = list(read_rows(folder / "index.csv"))
    last = sorted({r["speaker"] for r in rows if r["split"] == "dev"})[-1]
    return [
        Recording(
            name=f"emodb/{Path(row['file']).stem}",
            source=folder / row["file"],
            speaker=row["speaker"],
            split="test"
            if row["split"] == "test"
            else ("dev" if row["speaker"] == last else "train"),
            emotion=emotion_weights(_EMODB[row["emotion"]]),
            seconds=float(row["seconds"]),
        )
        for row in rows
    ]


def load_ravdess(data: Path) -> list[Recording]:
    """Acted English for judging only: its licence is non-commercial. Dev actors choose, test actors
    are reported.
    """
    folder = data / "ravdess"
    return [
        Recording(
            name=f"ravdess/{Path(row['file']).stem}",
            source=folder / row["file"],
            speaker=row["actor"],
            split=row["split"],
            emotion=emotion_weights({row["emotion"]: 1.0}),
            seconds=float(row["seconds"]),
        )
        for row in read_rows(folder / "index.csv")
    ]


def load_synth(folder: Path, prefix: str) -> list[Recording]:
    """Speech that `training.synthesis` made, with exact phone times; every tenth clip is dev."""
    clips = enumerate(read_shards(folder))
    return [
        Recording(
            name=f"{prefix}/{number:05d}",
            source=np.round(clip.samples * 32767).clip(-32768, 32767).astype(np.int16),
            speaker=clip.voice,
            split="dev" if number % _DEV_SHARE == 0 else "train",
            phones=tuple(clip.phones),
            seconds=len(clip.samples) / SAMPLE_RATE,
        )
        for number, clip in clips
    ]


def load_voices(data: Path) -> list[Recording]:
    """More people, sound alone: every wav, flac or ogg file under `voices`, where there is one."""
    files = sorted((data / "voices").rglob("*.*"))
    return [
        Recording(f"voices/{path.stem}", path, path.stem, "train")
        for path in files
        if path.suffix in {".wav", ".flac", ".ogg"}
    ]


def make_quiet(n: int, seed: int) -> list[Recording]:
    """Sounds without speech: the mouth stays closed, the face neutral."""
    rng = np.random.default_rng(seed)
    sounds = [quiet_sound(rng.uniform(3, 8), rng) for _ in range(n)]
    return [
        Recording(
            name=f"quiet/{number:04d}",
            source=sound,
            speaker=NOBODY,
            split="dev" if number % _DEV_SHARE == 0 else "train",
            phones=(Phone(0.0, len(sound) / SAMPLE_RATE, SILENCE, "silence"),),
            emotion=emotion_weights({"neutral": 0.9, "calm": 0.1}),
            seconds=len(sound) / SAMPLE_RATE,
        )
        for number, sound in enumerate(sounds)
    ]
