"""Takes of a synthesised parallel set: faces made from exact phone times, feeling and person."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import InputError
from emotalk_core.timing import SAMPLE_RATE

from ..faces import face_curves, loudness_db
from ..synthesis import SpokenClip, read_shards
from .takes import Take

__all__ = ["INTENSITIES", "load_parallel"]

INTENSITIES: Final = (0.7, 1.3)
"""Of the face, at level 0 (normal) and 1 (strong)."""


def load_parallel(folder: Path, split: str, n_faces: int) -> list[Take]:
    """Takes of all shards of a folder.

    Parameters
    ----------
    folder : Path
        As `training.synthesis --parallel` leaves it.
    split : str
        What the folder is for; voices and sentences must be its own.
    n_faces : int
        Voice k has the face (style and person) k modulo `n_faces`: a voice that was not trained on
        speaks through a face that was.

    Raises
    ------
    InputError
        No shards, or shards that are no parallel set.
    """
    takes = [_take(clip, split, n_faces, number) for number, clip in enumerate(read_shards(folder))]
    if not takes:
        raise InputError(
            "No parallel set",
            value=folder,
            remedy="Make one: python3 run.py train paper parallel FOLDER.",
        )
    return takes


def _take(clip: SpokenClip, split: str, n_faces: int, number: int) -> Take:
    if clip.acted is None:
        raise InputError(
            "Shards without feelings",
            value=clip.voice,
            remedy="Make a parallel set with --parallel.",
        )
    acted = clip.acted
    face = int(acted.speaker.removeprefix("voice")) % n_faces
    emotion = EMOTIONS.index(acted.emotion)
    weights = np.zeros(len(EMOTIONS))
    weights[emotion] = 1.0
    curves = face_curves(
        clip.phones,
        clip.seconds,
        emotion=weights,
        intensity=INTENSITIES[acted.level],
        style=face,
        loudness=loudness_db(clip.samples, SAMPLE_RATE),
    )
    return Take(
        name=f"parallel/{acted.speaker}_{number:05d}",
        source=np.round(clip.samples * 32767).astype(np.int16),
        curves=curves,
        speaker=acted.speaker,
        split=split,
        sentence=acted.sentence,
        emotion=emotion,
        level=acted.level,
        person=face,
        phones=clip.phones,
    )
