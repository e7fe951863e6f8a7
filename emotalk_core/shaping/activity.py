"""When somebody speaks, from the level alone, and a mouth that rests when nobody does."""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from .filters import dilate, soften

__all__ = ["rest_in_silence", "speech_activity"]

_QUIET_DB: Final = (
    -42.0
)  # below: silence (dB of the Encoding's level: the loudest band of the sound is 0)
_LOUD_DB: Final = -30.0  # above: speech; vowels lie at -15 to +8, weak fricatives at -30
_HOLD_FRAMES: Final = 7  # pauses shorter than half a second belong to the speech: stops, commas
_SOFT_FRAMES: Final = 9

# What articulates. Smiles, frowns and everything above the mouth are expression and stay.
_ARTICULATION: Final = arkit.indices(
    *("jaw", "tongue", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug"),
    *("mouthPress", "mouthLowerDown", "mouthUpperUp"),
)
_KEPT: Final = 0.2  # of the articulation in silence: a mouth parted in surprise stays a little open


def speech_activity(level: np.ndarray) -> np.ndarray:
    """0 silence .. 1 speech, float32 (T,), without delay, from the level (T,) in dB; soft on both
    sides.
    """
    raw = np.clip((level - _QUIET_DB) / (_LOUD_DB - _QUIET_DB), 0.0, 1.0).astype(np.float32)
    return soften(dilate(raw, _HOLD_FRAMES), _SOFT_FRAMES)


def rest_in_silence(values: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose mouth comes to rest where `activity` (T,) is 0."""
    out = values.copy()
    out[:, _ARTICULATION] *= (_KEPT + (1.0 - _KEPT) * activity)[:, None]
    return out
