"""Lips that meet, a lower lip under the teeth, lips that round: what the decoder's gates do to the
face; the same in torch (`model/network/starter.py`) and as ONNX operators (`onnx_lips`).

The gates are heard from the content and the phones named beside it alone, so that p, b, m close,
f, v tuck the lower lip and o, u round the mouth under every feeling. In a contact what parts the
lips gives way, the jaw keeps its drop until the contact is sure, and mouthClose takes up the rest
of the gap; for a rounded vowel the corners let go of a smile, and what they keep of it is taken
back by lips pushed forward.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..model.config import GATES, OPEN_VOWELS, PHONES
from ..shaping.aperture import MM, REST_MM

__all__ = [
    "AGAINST",
    "BY_CONTENT",
    "BY_PHONES",
    "CONTACT_MM",
    "FIRMNESS",
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
    "PRESSED",
    "PUCKER",
    "SLACK",
    "SOONER",
    "SOONER_ROUNDED",
    "SOONER_TUCKED",
    "SURE_ROUNDED",
    "TAIL",
    "TUCKED",
    "TUCK_SURE",
    "YIELDS",
    "columns_of",
    "firmness",
    "gate_logits",
    "press",
    "round_off",
    "tuck",
]

CONTACT_MM: Final = 0.25
"""Gap between lips that press on each other."""

LEAST: Final = 1e-3
"""A share of phones, or of a gate, counts as this much at least: what was not heard at all is not
told apart.
"""

BY_CONTENT, BY_PHONES = 0.2, 0.9
"""How much the content's own contact and the log odds of p, b, m say of a contact."""

SOONER, SOONER_TUCKED, SOONER_ROUNDED = 0.55, 0.5, 1.0
"""What is added to that and to the log odds of the other gates: lips that fail to meet are seen
before lips that meet too soon. Chosen on the dev sets, as all numbers here.
"""

AGAINST: Final = 15.0
"""An open vowel that may be heard counts so many times against a contact: a jaw that snaps shut in
the middle of "papa" is seen too.
"""

TAIL: Final = 0.57
FIRMNESS: Final = 3.0
"""What is heard as a contact by half shuts nearly all of the gap; what is hardly heard still
narrows it a little, so that the narrower mouth is always the likelier contact.
"""

HALF_SHUT_MM: Final = 3.0
"""Gap that lips shut by half leave at most, and less by the odds of being shut: half of a wide
mouth is as open as a whole narrow one, and that p was never seen.
"""

SLACK: Final = np.array([0.07, 0.11, 0.295], np.float32)
"""Firmness below which each gate is open: a share of phones is never quite nothing."""

LEAST_WAY: Final = 1e-3
"""Millimetres: a shorter way moves no lip."""

JAW_SURE: Final = 4
"""Power of a gate's firmness by which the jaw gives way: it waits until the contact is sure. What
comes of it is smoothed: the gap opens within a frame, a jaw that did would pop.
"""

TUCK_SURE: Final = 2
"""The same for the jaw of f, v: it keeps an open vowel that is half taken for one."""

MOUTH_CLOSE: Final = arkit.index("mouthClose")

_SHARES: Final = {
    "mouthUpperUp": 1.0,
    "mouthLowerDown": 1.0,
    "mouthFunnel": 1.0,
    "mouthStretch": 1.0,
    "jawOpen": 0.85,  # most heads need more mouthClose for it than the one measured here
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

JAW: Final = arkit.index("jawOpen")
IS_JAW: Final = np.arange(arkit.N_CHANNELS) == JAW

PRESSED: Final = _row(_PRESSING)
"""float32 (52,): what lips that press on each other do at least."""


_TUCK: Final = {  # the mouth of f, v: mean of their rows in the table that the faces are made by
    "jawOpen": 0.055,
    "mouthFunnel": 0.0,
    "mouthRollLower": 0.245,
    "mouthShrugLower": 0.085,
    "mouthClose": 0.0,
    "mouthLowerDown": 0.0,
}
_UPPER, PUCKER = list(arkit.indices("mouthUpperUp")), arkit.index("mouthPucker")


def _tucked() -> tuple[np.ndarray, np.ndarray]:
    kept, least = np.ones(arkit.N_CHANNELS, np.float32), np.full(arkit.N_CHANNELS, -1.0, np.float32)
    for prefix, value in _TUCK.items():
        columns = list(arkit.indices(prefix))
        kept[columns], least[columns] = 0.0, value
    kept[_UPPER], least[_UPPER] = 0.5, 0.145
    kept[PUCKER] = 0.4
    return kept, least


KEPT, TUCKED = _tucked()
"""float32 (52,) each: share of a channel that a tucked lower lip leaves, and what it then is at
least.
"""


YIELDS: Final = _row(
    {"mouthSmile": 0.75, "mouthDimple": 0.75, "mouthStretch": 0.9, "mouthFrown": 0.5}
)
"""float32 (52,): share of what spreads the lips that yields to a rounded vowel."""

NARROWED: Final = _row(
    {"mouthSmile": 0.4, "mouthStretch": 0.34, "mouthFrown": 0.11, "cheekSquint": 0.07}
)
"""float32 (52,): mouthPucker that rounds the lips by as much as one unit of a channel spreads them:
upper lip forward less half the width, by the ICT-FaceKit landmarks (MIT).
"""

SURE_ROUNDED: Final = 1.5
"""Firmness counts so much, 1 at most, for what is taken back: an "oo" is soon sure."""


def columns_of(phones: tuple[str, ...]) -> list[int]:
    """Columns of `phones` among the shares."""
    return [PHONES.index(phone) for phone in phones]


def gate_logits(contact: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Logits (T, 3) of the gates, from the content's of a contact (T,) and the share of each phone
    (T, 46).
    """
    of_gates = [shares[:, columns_of(phones)].sum(axis=1) for phones in GATES]
    p = np.clip(np.stack(of_gates, axis=1), LEAST, 1.0 - LEAST)
    met, tucked, rounded = np.log(p / (1.0 - p)).T
    met = met - np.log1p(AGAINST * shares[:, columns_of(OPEN_VOWELS)].sum(axis=1))
    lips = BY_CONTENT * contact + BY_PHONES * met + SOONER
    return np.stack([lips, tucked + SOONER_TUCKED, rounded + SOONER_ROUNDED], axis=1)


def firmness(logits: np.ndarray) -> np.ndarray:
    """How far the gates are shut, 0..1, by their logits (..., 3)."""
    away = np.where(logits < 0.0, TAIL * logits, logits)
    shut = 1.0 - (1.0 / (1.0 + np.exp(away))) ** FIRMNESS
    return np.maximum((shut - SLACK) / (1.0 - SLACK), 0.0).astype(np.float32)


def round_off(free: np.ndarray, firm: np.ndarray) -> np.ndarray:
    """Coefficients (T, 52) of a mouth (T, 52) whose corners let the lips round by `firm` (T, 1)."""
    values = free * (1.0 - firm * YIELDS)
    spread = np.maximum(values, 0.0) @ NARROWED
    values[:, PUCKER] += np.minimum(SURE_ROUNDED * firm[:, 0], 1.0) * spread
    return values


def tuck(free: np.ndarray, firm: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """Coefficients (T, 52) of a mouth (T, 52) whose lower lip is under the teeth by `firm` (T,) and
    whose jaw is up for it by `jaw` (T,).
    """
    share = np.where(IS_JAW, jaw[:, None], firm[:, None])
    return free + share * (np.maximum(free * KEPT, TUCKED) - free)


def press(free: np.ndarray, firm: np.ndarray, slow: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """Coefficients (T, 52) of a free mouth (T, 52) whose gap is shut by `firm` (T,), 0..1, while
    what parts the lips gives way by `slow` (T,) and the jaw by `jaw` (T,), 0..1.

    The gap that is left is its share of the free one, whatever parted the lips, and no more than a
    gate that is shut so far may leave: so the order of the gaps is the order of what was heard.
    What gives way does so over three frames, a lip that vanished within one would twitch;
    mouthClose, and where the jaw leaves it no room more giving way, shut what is left in time.
    """
    wanted = _gap_left(free, firm)
    pressed = np.maximum(free, np.maximum(2.0 * slow - 1.0, 0.0)[:, None] * PRESSED)

    def given(way: np.ndarray) -> np.ndarray:
        return pressed * (1.0 - np.where(IS_JAW, jaw[:, None], way[:, None]) * GIVES_WAY)

    values = given(slow)
    room = np.maximum(values[:, JAW] - np.maximum(values[:, MOUTH_CLOSE], 0.0), 0.0)
    values = _towards(values, given(np.maximum(firm, slow)), wanted - room * MM[MOUTH_CLOSE])
    values = _towards(values, pressed, wanted)
    excess = np.maximum(_gap(values) - wanted, 0.0)
    values[:, MOUTH_CLOSE] -= excess / MM[MOUTH_CLOSE]
    return values


def _gap(values: np.ndarray) -> np.ndarray:
    return values @ MM + np.float32(REST_MM)


def _gap_left(free: np.ndarray, firm: np.ndarray) -> np.ndarray:
    """Millimetres (T,) that a gate shut by `firm` (T,) leaves of the gap of a mouth (T, 52)."""
    gap = np.maximum(_gap(free), 0.0)
    widest = HALF_SHUT_MM * (1.0 - firm) / np.maximum(firm, LEAST)
    share = (1.0 - firm) * gap + firm * np.float32(CONTACT_MM)
    return np.minimum(np.minimum(share, np.maximum(widest, CONTACT_MM)), gap)


def _towards(values: np.ndarray, other: np.ndarray, gap_mm: np.ndarray) -> np.ndarray:
    """Mouths (T, 52) moved from `values` to `other`, as far as their gap comes nearer to `gap_mm`
    (T,) by it.
    """
    here = _gap(values)
    way = _gap(other) - here
    share = np.clip((gap_mm - here) * np.sign(way) / np.maximum(np.abs(way), LEAST_WAY), 0.0, 1.0)
    return values + share[:, None] * (other - values)
