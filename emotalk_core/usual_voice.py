"""How somebody sounds who speaks as usual, feeling nothing in particular: what is heard of a voice
that is rough or sad by nature is heard beside that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .controls import EMOTIONS
from .engine import Encoding, said_in
from .engine.emotion import beside
from .errors import InputError
from .model.config import ModelConfig
from .shaping.activity import speech_activity
from .timing import NETWORK_FPS

__all__ = ["UsualVoice", "ensure_knows_usual", "heard_beside", "usual_voice"]

_BELIEVED_S: Final = 4.0  # of speech, for half of the difference: one sentence may be no usual one
_LEAST_S: Final = 1.0
_LEAST_SHARE: Final = 1e-4  # float16 holds no less as exactly


@dataclass(frozen=True)
class UsualVoice:
    """What a speaker's usual voice sounds like, beside how usual voices are heard on average."""

    more: tuple[float, ...]  # EMOTIONS order: natural logarithms of how much more of each is heard
    speech_s: float  # seconds of speech that tell it

    @property
    def doubt(self) -> str:
        """What is to be told where less than half of the difference is believed; else nothing."""
        if self.speech_s >= _BELIEVED_S:
            return ""
        share = _believed(self.speech_s)
        return f"{share:.0%} of the usual voice counts: {self.speech_s:.1f} s of speech tell it"


def ensure_knows_usual(config: ModelConfig) -> None:
    """Raise InputError where a model cannot tell usual voices."""
    if not config.emotion.knows_usual:
        raise InputError(
            "This model cannot be told a usual voice", value=config.name, remedy="Take the starter."
        )


def usual_voice(pieces: Iterable[Encoding], config: ModelConfig) -> UsualVoice:
    """From the Encoding of a sound in which somebody speaks as usual, piece by piece.

    The less is spoken, the less is believed: half of the difference in four seconds.

    Raises
    ------
    InputError
        Hardly anybody speaks; as `ensure_knows_usual`.
    """
    ensure_knows_usual(config)
    total, n_speech = np.zeros(len(EMOTIONS)), 0.0
    for piece in pieces:
        said = said_in(piece, config)
        level = np.asarray(piece.level, np.float32)
        speech = speech_activity(level, said.silence if said else None).astype(np.float64)
        total += speech @ _logarithms(piece.heard)
        n_speech += float(speech.sum())
    speech_s = n_speech / float(NETWORK_FPS)
    if speech_s < _LEAST_S:
        raise InputError(
            "Hardly anybody speaks in the sound of a usual voice",
            value=f"{speech_s:.1f} s of speech",
            remedy=f"Take one with some sentences, {_LEAST_S:g} s at least.",
        )
    apart = total / n_speech - np.array(config.emotion.usual)
    more = _believed(speech_s) * (apart - apart.mean())
    return UsualVoice(tuple(more.tolist()), speech_s)


def _believed(speech_s: float) -> float:
    return speech_s / (speech_s + _BELIEVED_S)


def heard_beside(encoding: Encoding, more: tuple[float, ...], config: ModelConfig) -> Encoding:
    """The same with what is reported as heard beside a usual voice, as the face is."""
    if not more or not config.emotion.knows_usual:
        return encoding
    return replace(encoding, heard=beside(encoding.heard, more))


def _logarithms(shares: np.ndarray) -> np.ndarray:
    """float64 (T, 8), with a mean of 0 in each frame."""
    found = np.log(np.maximum(np.asarray(shares, np.float64), _LEAST_SHARE))
    return found - found.mean(axis=1, keepdims=True)
