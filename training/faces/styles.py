"""Speakers' habits: how wide, how round, how even; a style number always means the same habits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from emotalk_core import arkit

from .phones import SHAPE_NAMES

__all__ = ["SpeakerStyle", "style_of"]

# Standard deviation of ln(left / right); real curves: FACEGOOD 0.05 at most, Live Link Face 0.05.
_ASYMMETRY = 0.05
_HABITS = {  # standard deviation of ln(size)
    "jawOpen": 0.12,
    "mouthFunnel": 0.15,
    "mouthPucker": 0.15,
    "mouthSmile": 0.20,
    "mouthStretch": 0.20,
    "mouthLowerDown": 0.15,
    "mouthUpperUp": 0.20,
}


@dataclass(frozen=True, eq=False)
class SpeakerStyle:
    """Gains of one speaker."""

    gains: np.ndarray  # float64 (len(SHAPE_NAMES),), on the mouth table's columns
    sides: np.ndarray  # float64 (52,), left and right differ a little


@cache
def style_of(style: int) -> SpeakerStyle:
    """Habits of speaker `style`; 0 is the plain, symmetrical one."""
    if style == 0:
        return SpeakerStyle(np.ones(len(SHAPE_NAMES)), np.ones(arkit.N_CHANNELS))
    rng = np.random.default_rng(style)
    gains = np.exp([rng.normal(0.0, _HABITS.get(name, 0.1)) for name in SHAPE_NAMES])
    tilt = rng.normal(0.0, _ASYMMETRY)
    sign = np.array([n.endswith("Left") - float(n.endswith("Right")) for n in arkit.CHANNELS])
    return SpeakerStyle(gains, np.exp(0.5 * sign * tilt))
