"""How far the lips are apart, in millimetres, from coefficients alone."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np

from .. import arkit

__all__ = ["CLOSED_MM", "MM", "REST_MM", "aperture_mm"]

REST_MM: Final = 0.8066
"""Gap between the inner lips of the neutral head; faces are modelled with lips that touch there."""

CLOSED_MM: Final = 0.85
"""At or below this gap the lips count as closed: the rest, and a hair for rounding."""

# Millimetres that one unit of each channel opens the inner lips, at the middle of the mouth of a
# human-size head. Measured on the ICT-FaceKit blendshapes (USC Institute for Creative Technologies,
# MIT: LICENSE-ict-facekit); the rest is below 0.2.
_OPENS: Final = MappingProxyType(
    {
        "jawForward": 1.1014,
        "jawLeft": -0.2329,
        "jawRight": -0.2329,
        "jawOpen": 28.918,
        "mouthClose": -37.2142,
        "mouthFunnel": 10.8307,
        "mouthPucker": -1.292,
        "mouthLeft": -0.4611,
        "mouthRight": -0.4611,
        "mouthSmileLeft": -0.0941,
        "mouthSmileRight": -0.0941,
        "mouthFrownLeft": -0.118,
        "mouthFrownRight": -0.118,
        "mouthDimpleLeft": -0.7914,
        "mouthDimpleRight": -0.7915,
        "mouthStretchLeft": -0.1778,
        "mouthStretchRight": -0.1778,
        "mouthRollLower": -2.4591,
        "mouthRollUpper": 1.5802,
        "mouthShrugLower": -6.3953,
        "mouthShrugUpper": 4.5637,
        "mouthPressLeft": -1.0896,
        "mouthPressRight": -1.0896,
        "mouthLowerDownLeft": 2.9166,
        "mouthLowerDownRight": 2.9166,
        "mouthUpperUpLeft": 3.4958,
        "mouthUpperUpRight": 3.4958,
        "cheekPuff": -0.1037,
        "cheekSquintLeft": 0.1901,
        "cheekSquintRight": 0.1901,
        "noseSneerLeft": 3.1595,
        "noseSneerRight": 3.1595,
    }
)

MM: Final = np.array([_OPENS.get(name, 0.0) for name in arkit.CHANNELS], np.float32)
"""float32 (52,): millimetres for each channel."""
MM.setflags(write=False)


def aperture_mm(values: np.ndarray) -> np.ndarray:
    """Gap between the inner lips, float32 (T,), of curves (T, 52 or more); 0 is contact on every
    head.
    """
    return np.maximum(values[:, : arkit.N_CHANNELS] @ MM + np.float32(REST_MM), 0.0)
