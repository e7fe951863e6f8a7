"""One call from phones and a feeling to the curves that a model should give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .emotions import combine, emotion_curves
from .phones import Phone
from .speech import speech_curves

__all__ = ["face_curves"]


def face_curves(
    phones: Sequence[Phone],
    seconds: float,
    *,
    emotion: np.ndarray,
    intensity: float = 1.0,
    style: int = 0,
    loudness: np.ndarray | None = None,
) -> np.ndarray:
    """float32 (T, 52), 0..1, 30 fps: the face of a speaker who says `phones` with a feeling.

    Arguments as for `speech_curves` and `emotion_curves`; row k is at k / 30 s. Blinks and gaze
    stay 0: seeded layers add them after the model.
    """
    speech = speech_curves(phones, seconds, style=style, loudness=loudness)
    feeling = emotion_curves(
        speech, emotion=emotion, intensity=intensity, style=style, loudness=loudness
    )
    return combine(speech, feeling, style=style)
