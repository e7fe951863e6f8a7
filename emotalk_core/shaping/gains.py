"""The region sliders: how far brows, eyes, mouth and jaw go from rest."""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..controls import Controls

__all__ = ["gain_regions"]

_MOUTH_CLOSE: Final = arkit.index("mouthClose")


def gain_regions(values: np.ndarray, controls: Controls) -> np.ndarray:
    """Curves (T, 52) with each region's deviation from rest scaled by its slider.

    Rest is 0 in every channel. `mouthClose` undoes the jaw's opening, so it goes with the jaw; else
    more jaw would part closed lips.
    """
    gain = np.ones(arkit.N_CHANNELS, np.float32)
    for region, channels in arkit.REGIONS.items():
        gain[list(channels)] = getattr(controls, region)
    gain[_MOUTH_CLOSE] = controls.jaw
    return values if (gain == 1.0).all() else values * gain
