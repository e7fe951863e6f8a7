"""What the decoder's three gates are: phones, thresholds, and what each does to which channel.

`contact` has the arithmetic for numpy and torch, `onnx_lips` the same as ONNX operators. All
numbers were chosen on the dev sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from .. import arkit
from ..model.config import PHONES

__all__ = [
    "AGAINST",
    "BY_CONTENT",
    "BY_PHONES",
    "CONTACT_MM",
    "FIRMNESS",
    "GATES",
    "GIVES_WAY",
    "HALF_SHUT_MM",
    "IS_JAW",
    "JAW",
    "JAW_SURE",
    "KEPT",
    "LEAST",
    "LEAST_WAY",
    "MOUTH_CLOSE",
    "NARROWED",
    "OPEN_VOWELS",
    "PRESSED",
    "PUCKER",
    "SLACK",
    "SURE_ROUNDED",
    "TAIL",
    "TUCKED",
    "TUCK_SURE",
    "YIELDS",
    "Gate",
    "columns_of",
]


@dataclass(frozen=True)
class Gate:
    """What shuts a gate."""

    phones: tuple[str, ...]
    sooner: float
    """Added to the log odds of its phones: lips that fail to meet are seen before lips that meet
    too soon.
    """
    slack: float
    """Firmness below which it is open: a share of phones is never quite nothing."""

    @property
    def columns(self) -> list[int]:
        """Of its phones among the shares."""
        return columns_of(self.phones)


def columns_of(phones: tuple[str, ...]) -> list[int]:
    """Columns of `phones` among the shares."""
    return [PHONES.index(phone) for phone in phones]


GATES: Final = (
    Gate(("p", "b", "m"), sooner=0.55, slack=0.07),
    Gate(("f", "v"), sooner=0.5, slack=0.11),
    Gate(("ɔ", "o", "ʊ", "u", "y", "ø", "œ", "w", "ɥ"), sooner=1.0, slack=0.295),
)
"""Lips meet, the lower lip goes under the teeth, the corners let the lips round."""

SLACK: Final = np.array([gate.slack for gate in GATES], np.float32)

OPEN_VOWELS: Final = ("æ", "a", "ɑ", "ʌ", "ɐ")
"""Phones that are said with an open jaw."""

AGAINST: Final = 15.0
"""An open vowel that may be heard counts so many times against a contact: a jaw that snaps shut in
the middle of "papa" is seen too.
"""

BY_CONTENT, BY_PHONES = 0.2, 0.9
"""How much the content's own contact and the log odds of p, b, m say of a contact."""

LEAST: Final = 1e-3
"""A share of phones, or of a gate, counts as this much at least: what was not heard at all is not
told apart.
"""

TAIL: Final = 0.57
FIRMNESS: Final = 3.0
"""What is heard as a contact by half shuts nearly all of the gap; what is hardly heard still
narrows it a little, so that the narrower mouth is always the likelier contact.
"""

CONTACT_MM: Final = 0.25
"""Gap between lips that press on each other."""

HALF_SHUT_MM: Final = 3.0
"""Gap that lips shut by half leave at most, and less by the odds of being shut: half of a wide
mouth is as open as a whole narrow one, and that p was never seen.
"""

LEAST_WAY: Final = 1e-3
"""Millimetres: a shorter way moves no lip."""

JAW_SURE: Final = 4
"""Power of a gate's firmness by which the jaw gives way: it waits until the contact is sure. What
comes of it is smoothed: the gap opens within a frame, a jaw that did would pop.
"""

TUCK_SURE: Final = 2
"""The same for the jaw of f, v: it keeps an open vowel that is half taken for one."""

SURE_ROUNDED: Final = 1.5
"""Firmness counts so much, 1 at most, for what is taken back: an "oo" is soon sure."""

JAW, MOUTH_CLOSE, PUCKER = (arkit.index(c) for c in ("jawOpen", "mouthClose", "mouthPucker"))
IS_JAW: Final = np.arange(arkit.N_CHANNELS) == JAW


def _row(values: Mapping[str, float], others: float = 0.0) -> np.ndarray:
    """float32 (52,) of values by the beginnings of names."""
    row = np.full(arkit.N_CHANNELS, others, np.float32)
    for prefix, value in values.items():
        row[list(arkit.indices(prefix))] = value
    return row


GIVES_WAY: Final = _row(
    {
        "mouthUpperUp": 1.0,
        "mouthLowerDown": 1.0,
        "mouthFunnel": 1.0,
        "mouthStretch": 1.0,
        "jawOpen": 0.85,  # most heads need more mouthClose for it than the one measured here
        "mouthSmile": 0.4,
        "mouthDimple": 0.4,
        "noseSneer": 0.8,  # it lifts the upper lip: under disgust no lips would meet otherwise
    }
)
"""Share of each channel that yields in a contact."""

PRESSED: Final = _row(
    {
        "mouthPress": 0.08,
        "mouthRollLower": 0.09,
        "mouthRollUpper": 0.05,
        "mouthShrugLower": 0.08,
        "mouthShrugUpper": 0.05,
    }
)
"""What lips that press on each other do at least."""

# The mouth of f, v: mean of their rows in the table that the faces are made by.
_TUCK: Final = {
    "jawOpen": 0.055,
    "mouthFunnel": 0.0,
    "mouthRollLower": 0.245,
    "mouthShrugLower": 0.085,
    "mouthClose": 0.0,
    "mouthLowerDown": 0.0,
}

KEPT: Final = _row(dict.fromkeys(_TUCK, 0.0) | {"mouthUpperUp": 0.5, "mouthPucker": 0.4}, 1.0)
TUCKED: Final = _row(_TUCK | {"mouthUpperUp": 0.145}, -1.0)
"""Share of a channel that a tucked lower lip leaves, and what it then is at least."""

YIELDS: Final = _row(
    {"mouthSmile": 0.75, "mouthDimple": 0.75, "mouthStretch": 0.9, "mouthFrown": 0.5}
)
"""Share of what spreads the lips that yields to a rounded vowel."""

NARROWED: Final = _row(
    {"mouthSmile": 0.4, "mouthStretch": 0.34, "mouthFrown": 0.11, "cheekSquint": 0.07}
)
"""mouthPucker that rounds the lips by as much as one unit of a channel spreads them: upper lip
forward less half the width, by the ICT-FaceKit landmarks (MIT).
"""
