"""From what the network says to what a face does: pure functions on coefficient arrays at 30 fps."""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..controls import Controls
from .limits import limit

__all__ = ["CHANNELS", "CONTEXT_FRAMES", "shape"]

CHANNELS: Final = arkit.CHANNELS + arkit.HEAD_CHANNELS
"""Columns of what `shape` returns."""

CONTEXT_FRAMES: Final = 180
"""Frames on each side of a stretch that `shape` needs for the stretch to come out as in the whole."""


def shape(values: np.ndarray, level: np.ndarray, controls: Controls, start_frame: int = 0) -> np.ndarray:
    """Curves ready for a face."""
    head = np.zeros((len(values), len(arkit.HEAD_CHANNELS)), np.float32)
    return np.concatenate([limit(values), head], axis=1)
