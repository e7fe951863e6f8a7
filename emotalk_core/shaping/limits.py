"""What a face cannot do: coefficients outside 0..1, lids that are wide and shut, lips that close
further than the jaw.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit

__all__ = ["limit"]

_LIDS: Final = tuple(
    tuple(arkit.index(f"eye{part}{side}") for part in ("Blink", "Wide", "Squint"))
    for side in ("Left", "Right")
)
_JAW_OPEN: Final = arkit.index("jawOpen")
_MOUTH_CLOSE: Final = arkit.index("mouthClose")
_SQUINT_SHUTS: Final = 0.25
"""Part of the lids' way that a full squint takes: 1.007 of 3.944 mm on the ICT-FaceKit head
(MIT).
"""


def limit(values: np.ndarray) -> np.ndarray:
    """Curves (T, 52) within what a face can do; doing it twice changes nothing.

    Coefficients lie in 0..1. A squint already shuts part of the lids, so a blink on top goes less
    far; an eye that blinks is not wide. `mouthClose` draws the lips together over an open jaw: it
    never exceeds `jawOpen`.
    """
    out = np.clip(values, 0.0, 1.0)
    for blink, wide, squint in _LIDS:
        out[:, blink] = np.minimum(out[:, blink], 1.0 - _SQUINT_SHUTS * out[:, squint])
        out[:, wide] = np.minimum(out[:, wide], 1.0 - out[:, blink])
    out[:, _MOUTH_CLOSE] = np.minimum(out[:, _MOUTH_CLOSE], out[:, _JAW_OPEN])
    return out
