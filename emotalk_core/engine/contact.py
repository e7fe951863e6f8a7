"""Lips that meet: what the decoder's contact gate does to the face, the same in numpy and torch.

The gate is heard from the content alone, so that p, b, m close under every feeling. Where it is
open, what parts the lips gives way, the jaw keeps part of its drop, and mouthClose takes up the
rest of the gap.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..shaping.aperture import MM, REST_MM

__all__ = [
    "CONTACT_MM",
    "FIRMNESS",
    "GIVES_WAY",
    "MOUTH_CLOSE",
    "PRESSED",
    "TAIL",
    "firmness",
    "press",
]

CONTACT_MM: Final = 0.25
"""Gap between lips that press on each other."""

TAIL: Final = 0.3
FIRMNESS: Final = 1.5
"""What is heard as a contact by half shuts two thirds of the gap; what is hardly heard still
narrows it a little, so that the narrower mouth is always the likelier contact.
"""

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


def firmness(logits: np.ndarray) -> np.ndarray:
    """How much of the gap is shut, 0..1, by the gate's logits (T,)."""
    away = np.where(logits < 0.0, TAIL * logits, logits)
    return (1.0 - (1.0 / (1.0 + np.exp(away))) ** FIRMNESS).astype(np.float32)


def press(free: np.ndarray, firm: np.ndarray) -> np.ndarray:
    """Coefficients (T, 52) of a free mouth (T, 52) whose gap is shut by `firm` (T,), 0..1.

    The gap that is left is its share of the free one, whatever parted the lips: so the order of the
    gaps is the order of what was heard.
    """
    rest, f = np.float32(REST_MM), firm[:, None]
    gap = np.maximum(free @ MM + rest, 0.0)
    wanted = np.minimum((1.0 - firm) * gap + firm * np.float32(CONTACT_MM), gap)
    pressed = np.maximum(free, np.maximum(2.0 * f - 1.0, 0.0) * PRESSED)
    values = pressed * (1.0 - f * GIVES_WAY)
    nearest, farthest = values @ MM + rest, pressed @ MM + rest
    back = np.clip((wanted - nearest) / np.maximum(farthest - nearest, 1e-3), 0.0, 1.0)
    values = values + back[:, None] * (pressed - values)
    excess = np.maximum(values @ MM + rest - wanted, 0.0)
    values[:, MOUTH_CLOSE] -= excess / MM[MOUTH_CLOSE]
    return values
