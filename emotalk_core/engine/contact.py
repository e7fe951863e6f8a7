"""Lips that meet: what the decoder's contact gate does to the face, the same in numpy and torch.

The gate is heard from the content alone, so that p, b, m close under every feeling. Where it is 1,
what parts the lips gives way, the jaw keeps part of its drop, and mouthClose takes up the rest of
the gap.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..shaping.aperture import MM, REST_MM

__all__ = ["CONTACT_MM", "GIVES_WAY", "MOUTH_CLOSE", "PRESSED", "press"]

CONTACT_MM: Final = 0.25
"""Gap between lips that press on each other."""

MOUTH_CLOSE: Final = arkit.index("mouthClose")

_SHARES: Final = {
    "mouthUpperUp": 1.0,
    "mouthLowerDown": 1.0,
    "mouthFunnel": 1.0,
    "mouthStretch": 1.0,
    "jawOpen": 0.65,
    "mouthSmile": 0.4,
    "mouthDimple": 0.4,
    "noseSneer": 0.8,  # it lifts the upper lip: under disgust no lips would meet otherwise
}


_PRESSING: Final = {
    "mouthPress": 0.08,
    "mouthRollLower": 0.09,
    "mouthRollUpper": 0.05,
    "mouthShrugLower": 0.08,
    "mouthShrugUpper": 0.05,
}


def _row(values: dict[str, float]) -> np.ndarray:
    row = np.zeros(arkit.N_CHANNELS, np.float32)
    for prefix, value in values.items():
        row[list(arkit.indices(prefix))] = value
    return row


GIVES_WAY: Final = _row(_SHARES)
"""float32 (52,): share of each channel that yields in a contact."""

PRESSED: Final = _row(_PRESSING)
"""float32 (52,): what lips that press on each other do at least."""


def press(free: np.ndarray, gate: np.ndarray) -> np.ndarray:
    """Coefficients (T, 52) of a free mouth (T, 52) whose lips meet where `gate` (T,) is 1."""
    g = gate[:, None]
    gap = np.maximum(free @ MM + np.float32(REST_MM), 0.0)
    values = free * (1.0 - g * GIVES_WAY)
    wanted = np.minimum((1.0 - gate) * gap + gate * CONTACT_MM, gap)
    values = np.maximum(values, g * PRESSED)
    excess = np.maximum(values @ MM + np.float32(REST_MM) - wanted, 0.0)
    values[:, MOUTH_CLOSE] -= gate * excess / MM[MOUTH_CLOSE]
    return values
