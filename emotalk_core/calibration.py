"""Emotion prototypes for an imported network: where labelled recordings stand in its latent space.

The authors' checkpoint knows levels and persons, but no points for the eight sliders. A prototype
is the mean over clips of an emotion, each clip the mean over its frames with speech.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from .audio import open_sound
from .audio.decoders import AUDIBLE_SUFFIXES
from .cache import EncodingCache
from .controls import EMOTIONS
from .engine import Encoding, Engine
from .errors import EmoTalkError, InputError
from .model.folder import PROTOTYPES, Model
from .model.tensors import write_tensors
from .pipeline import encode
from .progress import Progress, part_of, silent
from .rows import Form, csv_rows, read_text

__all__ = ["Calibrated", "LabelledClip", "calibrate", "find_clips"]

_log = logging.getLogger(__name__)

_RAVDESS: Final = re.compile(r"\d\d-\d\d-(0[1-8])(?:-\d\d){4}")
_LIST: Final = Form("list of clips", ("path", "emotion"), "path,emotion")
_SPEECH_DB: Final = -40.0  # frames that are quieter say nothing about the voice
_OTHER_WORDS: Final = {
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "anger": "angry",
    "fear": "fearful",
    "disgusted": "disgust",
    "surprise": "surprised",
}


@dataclass(frozen=True)
class LabelledClip:
    """A recording and the emotion that is acted in it."""

    path: Path
    emotion: str  # one of EMOTIONS


@dataclass(frozen=True)
class Calibrated:
    """What calibration was made from."""

    counts: Mapping[str, int]  # clips by emotion; those without any take neutral's prototype
    failed: Sequence[str]  # clips that could not be heard, and why


def find_clips(path: Path) -> list[LabelledClip]:
    """Labelled clips of a folder, or of a csv with the columns `path` and `emotion`.

    In a folder a clip is labelled by its RAVDESS name (`03-01-05-01-02-01-12.wav`: the third
    number), or by a folder around it that is called after an emotion.

    Raises
    ------
    InputError
        No such folder or list, nothing labelled in it, or a label that is none of the eight.
    """
    if path.is_dir():
        there = path.rglob("[!.]*")  # ._talk.wav is macOS's
        sounds = sorted(p for p in there if p.suffix.lower() in AUDIBLE_SUFFIXES)
        labels = [(p, _label_of(p, path)) for p in sounds]
        clips = [LabelledClip(p, label) for p, label in labels if label is not None]
        if len(clips) < len(sounds):
            _log.warning("%d sounds without a label are left out", len(sounds) - len(clips))
    else:
        rows = csv_rows(read_text(path, "folder or list of clips"), _LIST)
        clips = [_clip_of(row, path) for row in rows]
    if not clips:
        raise InputError(
            "No labelled clips",
            value=path,
            remedy="Give RAVDESS folders, folders named after emotions, or a csv path,emotion.",
        )
    return clips


def _label_of(sound: Path, root: Path) -> str | None:
    match = _RAVDESS.fullmatch(sound.stem)
    if match:
        return EMOTIONS[int(match[1]) - 1]
    around = [part.lower() for part in sound.relative_to(root).parent.parts] + [root.name.lower()]
    words = [_OTHER_WORDS.get(word, word) for word in reversed(around)]
    return next((word for word in words if word in EMOTIONS), None)


def _clip_of(row: Mapping[str, str], listed: Path) -> LabelledClip:
    name, word = row.get("path", ""), row.get("emotion", "").strip().lower()
    if not name:
        raise InputError("A row without a clip", value=dict(row), remedy="Fill in `path`.")
    emotion = _OTHER_WORDS.get(word, word)
    if emotion not in EMOTIONS:
        raise InputError("No such emotion", value=word, remedy=f"Use {', '.join(EMOTIONS)}.")
    return LabelledClip(listed.parent / name, emotion)


def calibrate(
    model: Model,
    clips: Sequence[LabelledClip],
    engine: Engine,
    *,
    cache: EncodingCache | None = None,
    progress: Progress = silent,
) -> Calibrated:
    """Hear the clips and write the prototypes into the model's folder.

    Nothing is written before all clips have been heard.

    Raises
    ------
    InputError
        The model has prototypes from its training, or no neutral clip could be heard.
    SetupError
        The folder cannot be written to.
    """
    if model.config.published is None:
        raise InputError(
            "This model's sliders come from its training",
            value=model.config.name,
            remedy="Calibrate a folder made by import-checkpoint.",
        )
    points, failed = _heard(clips, engine, cache, progress)
    if not points["neutral"]:
        raise InputError(
            "No neutral clip could be heard, and all sliders start from neutral",
            value=failed[0] if failed else f"{len(clips)} clips",
            remedy="Add neutral clips of the same speakers.",
        )
    neutral = np.mean(points["neutral"], axis=0)
    prototypes = [np.mean(p, axis=0) if p else neutral for p in points.values()]
    write_tensors(model.path / PROTOTYPES, {"prototypes": np.stack(prototypes).astype(np.float32)})
    progress(1.0, "Done")
    return Calibrated({emotion: len(p) for emotion, p in points.items()}, failed)


def _heard(
    clips: Sequence[LabelledClip], engine: Engine, cache: EncodingCache | None, progress: Progress
) -> tuple[dict[str, list[np.ndarray]], list[str]]:
    """Where each emotion's clips lie, (E,) each, and a line for each clip that cannot be heard."""
    points: dict[str, list[np.ndarray]] = {emotion: [] for emotion in EMOTIONS}
    failed = []
    for number, clip in enumerate(clips):
        part = part_of(progress, number / len(clips), (number + 1) / len(clips))
        part(0.0, f"Listening to {clip.path.name}")
        try:
            encoding = encode(open_sound(clip.path), engine, cache=cache, progress=part)
            points[clip.emotion].append(_place(encoding))
        except EmoTalkError as error:
            failed.append(f"{clip.path}: {error}")
    return points, failed


def _place(encoding: Encoding) -> np.ndarray:
    """Mean over the frames with speech, float64 (E,); over all where there is none."""
    level = np.asarray(encoding.level, np.float32)
    spoken = level > _SPEECH_DB
    chosen = np.asarray(encoding.emotion)[spoken if spoken.any() else slice(None)]
    return chosen.astype(np.float64).mean(axis=0)
