"""Lips that really meet.

Closures are pressed in, never smoothed.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.shaping.aperture import MM, REST_MM, aperture_mm

from .phones import SHAPE_NAMES, Mouth

__all__ = ["press_closures", "spread", "tuck_lower_lip"]

_CLOSED_MM: Final = 0.25

# Channels that part the lips or round them open: they give way entirely where the lips meet.
_PARTING: Final = arkit.indices("mouthUpperUp", "mouthLowerDown", "mouthFunnel", "mouthStretch")
# In a closure the jaw keeps part of its drop and the lips reach for each other, as in real speech.
_JAW_KEPT: Final = 0.35
_SMILE: Final = arkit.indices("mouthSmile", "mouthDimple")


def _expansion() -> np.ndarray:
    """(len(SHAPE_NAMES), 52): puts a table column on its channel, or on both of a pair."""
    matrix = np.zeros((len(SHAPE_NAMES), arkit.N_CHANNELS))
    for row, name in enumerate(SHAPE_NAMES):
        matched = [c for c in (name, f"{name}Left", f"{name}Right") if c in arkit.CHANNELS]
        # mouthLeft and mouthRight are no pair of a column "mouth".
        matrix[row, [arkit.index(c) for c in matched]] = 1.0
    return matrix


_EXPANSION: Final = _expansion()


def spread(shapes: np.ndarray) -> np.ndarray:
    """Table columns (..., len(SHAPE_NAMES)) on the 52 channels (..., 52), left and right alike."""
    return shapes @ _EXPANSION


def press_closures(values: np.ndarray, gate: np.ndarray, press: np.ndarray) -> np.ndarray:
    """Curves whose lips meet where `gate` is 1; the opening in between falls in proportion.

    Parameters
    ----------
    values : float64 (T, 52)
        Free mouth.
    gate : float64 (T,)
        0 free .. 1 closed.
    press : float64 (T, 52)
        What the lips do in the closure besides meeting: press, roll, shrug.
    """
    g = gate[:, None]
    free_mm = aperture_mm(values)
    closed = values.copy()
    closed[:, _PARTING] *= 1.0 - g
    closed[:, _SMILE] *= 1.0 - 0.4 * g
    jaw = arkit.index("jawOpen")
    closed[:, jaw] *= 1.0 - (1.0 - _JAW_KEPT) * gate
    closed = np.maximum(closed, press * g)
    wanted_mm = np.minimum((1.0 - gate) * free_mm + gate * _CLOSED_MM, free_mm)
    close, per_unit = arkit.index("mouthClose"), MM[arkit.index("mouthClose")]
    excess_mm = closed @ MM + REST_MM - wanted_mm
    # Only where the gate says so: elsewhere mouthClose belongs to the free mouth.
    closed[:, close] = np.clip(closed[:, close] - np.sign(gate) * excess_mm / per_unit, 0.0, 1.0)
    return closed


def tuck_lower_lip(values: np.ndarray, gate: np.ndarray, mouth: Mouth) -> np.ndarray:
    """Curves with the lower lip under the upper teeth where `gate` is 1 (f, v); upper lip free."""
    g = gate[:, None]
    shape = spread(mouth.shape)
    lip = np.array(
        [
            arkit.index(n)
            for n in ("jawOpen", "mouthFunnel", "mouthRollLower", "mouthShrugLower", "mouthClose")
        ]
    )
    down = np.array(arkit.indices("mouthLowerDown"))
    upper = np.array(arkit.indices("mouthUpperUp"))
    tucked = values.copy()
    tucked[:, lip] = (1 - g) * values[:, lip] + g * shape[lip]
    tucked[:, down] *= 1.0 - g
    tucked[:, upper] = (1 - g) * values[:, upper] + g * np.maximum(
        0.5 * values[:, upper], shape[upper]
    )
    tucked[:, arkit.index("mouthPucker")] *= 1.0 - 0.6 * gate
    return tucked
