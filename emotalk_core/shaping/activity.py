"""When somebody speaks, from the level alone, and a mouth that rests when nobody does."""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from .filters import dilate, soften

__all__ = ["CONTEXT_FRAMES", "rest_in_silence", "speech_activity"]

# Decibels of the Encoding's level: 0 is the loudest band of the sound, vowels lie at -15 to +8. A
# recording's noise lies anywhere from -70 to -20, so silence is what hardly rises over the quietest
# moment around. On phones of RAVDESS, EMO-DB and open speech (dev) 3 to 8 of a thousand frames of
# speech fall below 0.9; a hold of one frame more left 1 to 2, but the mouth came to rest too late.
_FLOOR_FRAMES: Final = 120  # 4 s on each side hold a pause nearly always
_OVER_FLOOR_DB: Final = 10.0
_SURE_QUIET_DB: Final = -45.0
_SURE_SPEECH_DB: Final = -24.0  # the floor is taken for noise no further up than this
_SLOPE_DB: Final = 8.0
_HOLD_FRAMES: Final = 4  # pauses shorter than a quarter of a second belong to the speech
_SOFT_FRAMES: Final = 9

CONTEXT_FRAMES: Final = _FLOOR_FRAMES + _HOLD_FRAMES + _SOFT_FRAMES

# What articulates. Smiles, frowns and everything above the mouth are expression and stay.
_ARTICULATION: Final = arkit.indices(
    *("jaw", "tongue", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug"),
    *("mouthPress", "mouthLowerDown", "mouthUpperUp"),
)
_KEPT: Final = 0.1  # of the articulation in silence: a mouth parted in surprise stays a little open


def speech_activity(level: np.ndarray) -> np.ndarray:
    """0 silence .. 1 speech, float32 (T,), without delay, from the level (T,) in dB; soft on both
    sides.
    """
    floor = -dilate(-soften(level, 7), _FLOOR_FRAMES)
    quiet = np.clip(floor + _OVER_FLOOR_DB, _SURE_QUIET_DB, _SURE_SPEECH_DB)
    raw = np.clip((level - quiet) / _SLOPE_DB, 0.0, 1.0).astype(np.float32)
    return soften(dilate(raw, _HOLD_FRAMES), _SOFT_FRAMES)


def rest_in_silence(values: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose mouth comes to rest where `activity` (T,) is 0."""
    out = values.copy()
    out[:, _ARTICULATION] *= (_KEPT + (1.0 - _KEPT) * activity)[:, None]
    return out
