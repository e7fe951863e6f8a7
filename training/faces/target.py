"""One call from phones and a feeling to the curves that a model should give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotalk_core import arkit

from .emotions import combine, emotion_curves
from .phones import Phone
from .speech import speech_curves

__all__ = ["FaceTarget", "face_curves"]


@dataclass(frozen=True, eq=False)
class FaceTarget:
    """Curves to learn, and which channels of them mean something."""

    values: np.ndarray  # float32 (T, 52), 0..1, 30 fps: row k is at k / 30 s
    mask: np.ndarray  # float32 (52,), 1 learn .. 0 leave out of the loss


def face_curves(  # noqa: PLR0913 - phones and feeling; the rest has defaults
    phones: Sequence[Phone],
    seconds: float,
    *,
    emotion: np.ndarray,
    intensity: float = 1.0,
    style: int = 0,
    loudness: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> FaceTarget:
    """The face of a speaker who says `phones` with a feeling.

    Arguments as for `speech_curves` and `emotion_curves`. Every channel is to be learned. Blinks
    and gaze stay 0: seeded layers add them after the model.
    """
    speech = speech_curves(phones, seconds, style=style, loudness=loudness, rng=rng)
    feeling = emotion_curves(
        speech, emotion=emotion, intensity=intensity, style=style, loudness=loudness, rng=rng
    )
    values = combine(speech, feeling, style=style)
    return FaceTarget(values, np.ones(arkit.N_CHANNELS, np.float32))
