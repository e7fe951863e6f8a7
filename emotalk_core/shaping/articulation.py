"""How clearly a mouth speaks: open vowels drop the jaw further, rounded ones push the lips forward.

A network that is taught by averages mumbles a little: where it is not sure of a vowel it opens the
mouth half way. The phones that it names are surer than the jaw that it draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .. import arkit

__all__ = ["Said", "articulate"]

_DROPS, _FORWARD = 0.4, 0.4
"""What strength 1 adds to jawOpen in an open vowel and to mouthPucker in a rounded one: chosen so
that a quarter is the best compromise on the dev sets (docs/experiments.md, Articulation)."""

_CONTACT_POWER: Final = 8
"""Power by which it fades where p, b, m may be heard, or in the frames beside: lips that meet stay
as they are, and the jaw has a frame to come from there."""

_JAW_OPEN: Final = arkit.index("jawOpen")
_PUCKER: Final = arkit.index("mouthPucker")


@dataclass(frozen=True, eq=False)
class Said:
    """Phones as far as shaping asks for them, each a share 0..1 of every frame, float32 (T,)."""

    silence: np.ndarray
    met: np.ndarray  # p, b, m
    rounded: np.ndarray
    open: np.ndarray  # vowels of an open jaw


def articulate(values: np.ndarray, said: Said | None, strength: float) -> np.ndarray:
    """Curves (T, 52) with clearer vowels by `strength`, 0 (nothing changes) to 1 (theatre); a model
    that names no phones leaves them alone.
    """
    if said is None or strength <= 0.0:
        return values
    met = said.met.copy()
    met[1:] = np.maximum(met[1:], said.met[:-1])
    met[:-1] = np.maximum(met[:-1], said.met[1:])
    clear = strength * np.clip(1.0 - met, 0.0, 1.0) ** _CONTACT_POWER
    out = values.copy()
    out[:, _JAW_OPEN] += _DROPS * clear * said.open
    out[:, _PUCKER] += _FORWARD * clear * said.rounded
    return out
