"""When somebody speaks, from the level alone, and a mouth that rests when nobody does."""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from .aperture import MM
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
# Where the network names phones, silence begins and ends to a state of 20 ms and needs no hold.
_MAYBE_SILENT, _SURELY_SILENT = 0.3, 0.8  # share of silence among the phones
_NAMED_HOLD_FRAMES, _NAMED_SOFT_FRAMES = 1, 5

CONTEXT_FRAMES: Final = _FLOOR_FRAMES + _HOLD_FRAMES + _SOFT_FRAMES

_SHRUG: Final = arkit.index("mouthShrugLower")
_SHRUG_MAX: Final = 0.6
_KEPT: Final = 0.1  # of the articulation in silence: a mouth parted in surprise stays a little open


def speech_activity(level: np.ndarray, silence: np.ndarray | None = None) -> np.ndarray:
    """0 silence .. 1 speech, float32 (T,), without delay, soft on both sides: from the level (T,)
    in dB, and from how sure the network is of silence (T,), 0..1, which breaths and noise do not
    mislead.
    """
    floor = -dilate(-soften(level, 7), _FLOOR_FRAMES)
    quiet = np.clip(floor + _OVER_FLOOR_DB, _SURE_QUIET_DB, _SURE_SPEECH_DB)
    raw = np.clip((level - quiet) / _SLOPE_DB, 0.0, 1.0).astype(np.float32)
    by_level = soften(dilate(raw, _HOLD_FRAMES), _SOFT_FRAMES)
    if silence is None:
        return by_level
    sure = (silence.astype(np.float32) - _MAYBE_SILENT) / (_SURELY_SILENT - _MAYBE_SILENT)
    spoken = dilate(1.0 - np.clip(sure, 0.0, 1.0), _NAMED_HOLD_FRAMES)
    return np.minimum(by_level, soften(spoken, _NAMED_SOFT_FRAMES))


def rest_in_silence(values: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose mouth comes to rest where `activity` (T,) is 0: what articulates fades,
    and where a feeling parts the lips (a sneer) the lower one reaches for the upper.
    """
    share = _KEPT + (1.0 - _KEPT) * activity
    out = values.copy()
    out[:, arkit.ARTICULATION] *= share[:, None]
    wanted = np.maximum(values @ MM, 0.0) * share
    excess = np.maximum(out @ MM - wanted, 0.0)
    out[:, _SHRUG] += np.minimum(excess / -MM[_SHRUG], _SHRUG_MAX)
    return out
