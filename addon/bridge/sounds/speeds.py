"""Which second of its file a strip at another speed plays when."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import compat
from . import decode
from .sound import Heard, Speeds, sound_file

__all__ = ["speeds_of", "to_clock", "to_file"]


def speeds_of(strip: Any) -> Speeds:
    """Of the strip's retiming keys; none where it has none, or where it cannot be told.

    Raises
    ------
    InputError
        The sound's file is missing.
    """
    keys = compat.retiming(strip) if compat.is_retimed(strip) else []
    if not keys:
        return ()
    rate = compat.scene_rate(strip.id_data)
    file = Heard(sound_file(strip.sound, strip.name), 0.0, None, 0.0, rate, strip.name)
    seconds = decode.seconds_of(file)
    if seconds is None:
        return ()
    trimmed, cut = compat.hard_trim_frames(strip), compat.hard_trim_frames(strip, at_end=True)
    length = round(seconds * float(rate)) - trimmed - cut  # Blender's own, in whole frames
    late_s = compat.sound_offset_s(strip)
    return tuple(
        (frame / float(rate), (trimmed + share * length) / float(rate) - late_s)
        for frame, share in keys
    )


def to_file(speeds: Speeds, clock_s: float) -> float:
    """The second of the file that plays at a second of the strip."""
    return _along(speeds, clock_s, 0)


def to_clock(speeds: Speeds, file_s: float) -> float:
    """The second of the strip at which a second of the file plays."""
    return _along(speeds, file_s, 1)


def _along(speeds: Speeds, at_s: float, column: int) -> float:
    """From one column to the other; before the first pair and after the last one at the sound's own
    speed.
    """
    if not speeds:
        return at_s
    pairs = np.array(speeds)
    known, other = pairs[:, column], pairs[:, 1 - column]
    return float(np.interp(at_s, known, other)) + at_s - float(np.clip(at_s, known[0], known[-1]))
