"""Feeling on a face: prototypes that come and go over phrases, with accents on loud syllables.

They have onset, apex and offset, and are joined to speech at the end.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS

from .speech import FPS, SpeechCurves, finish
from .styles import style_of

__all__ = ["EmotionCurves", "combine", "emotion_curves"]

_LOW_MOUTH: Final = np.array(arkit.indices("mouth", "jaw", "cheekPuff", "tongueOut"))
_REST_SHARE: Final = (
    0.85  # of the apex, between phrases: a feeling does not leave the face with the voice
)
_ARC_S: Final = 0.25


@dataclass(frozen=True, eq=False)
class EmotionCurves:
    """What feeling adds to a neutral speaker, and what of it remains while the mouth speaks."""

    values: np.ndarray  # float32 (T, 52), added to the free mouth and the upper face
    while_speaking: np.ndarray  # float32 (52,), share that stays at full speech


@dataclass(frozen=True, eq=False)
class _Prototypes:
    face: np.ndarray  # float64 (8, 52)
    accent: np.ndarray  # float64 (8, 52)
    speaking: np.ndarray  # float64 (8, 52)


def _channels(table: dict[str, float]) -> np.ndarray:
    row = np.zeros(arkit.N_CHANNELS)
    for name, value in table.items():
        matched = [c for c in (name, f"{name}Left", f"{name}Right") if c in arkit.CHANNELS]
        assert matched, f"emotions.toml: no channel {name}"
        row[[arkit.index(c) for c in matched]] = value
    return row


def _read_prototypes() -> _Prototypes:
    table = tomllib.loads(Path(__file__).with_name("emotions.toml").read_text(encoding="utf-8"))
    speaking = np.ones((len(EMOTIONS), arkit.N_CHANNELS))
    for row, name in enumerate(EMOTIONS):
        speaking[row, _LOW_MOUTH] = table[name]["speaking"]
    return _Prototypes(
        np.stack([_channels(table[n]["face"]) for n in EMOTIONS]),
        np.stack([_channels(table[n]["accent"]) for n in EMOTIONS]),
        speaking,
    )


_PROTOTYPES: Final = _read_prototypes()


def emotion_curves(
    speech: SpeechCurves,
    *,
    emotion: np.ndarray,
    intensity: float = 1.0,
    style: int = 0,
    loudness: np.ndarray | None = None,
) -> EmotionCurves:
    """Brows, lids, cheeks, nose and the mouth's colour of a feeling over the phrases of `speech`.

    Parameters
    ----------
    speech : SpeechCurves
        Where phrases begin and end.
    emotion : float (8,)
        Weights in the order of `EMOTIONS`; blends are sums.
    intensity : float
        0 none .. 1 clear .. 2 theatrical.
    style : int
        As for `speech_curves`: side-to-side difference.
    loudness : float (T,), optional
        Level in dB at 30 fps: raises accents on loud syllables. Without it speech has no accents.
    """
    weights = np.asarray(emotion, np.float64)
    face = weights @ _PROTOTYPES.face
    arc = _phrase_arc(speech.activity)
    accents = _accents(speech.activity, loudness)
    values = intensity * arc[:, None] * face
    # Everybody underlines words a little, with or without feeling: neutral's accents never fade.
    accent = (
        weights @ _PROTOTYPES.accent * intensity if weights[1:].any() else _PROTOTYPES.accent[0]
    )
    values = (values + accents[:, None] * accent) * style_of(style).sides
    total = max(float(weights.sum()), 1e-9)
    speaking = (
        weights @ _PROTOTYPES.speaking / total if weights.any() else np.ones(arkit.N_CHANNELS)
    )
    return EmotionCurves(values.astype(np.float32), speaking.astype(np.float32))


def _smooth(curve: np.ndarray, seconds: float) -> np.ndarray:
    window = np.hanning(2 * round(seconds * FPS) + 3)[1:-1]
    padded = np.pad(curve, len(window) // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def _phrase_arc(activity: np.ndarray) -> np.ndarray:
    """(T,): `_REST_SHARE` in pauses, 1 in phrases, with a quarter second of onset and offset."""
    if not len(activity):
        return np.zeros(0)
    return _REST_SHARE + (1.0 - _REST_SHARE) * _smooth(np.asarray(activity, np.float64), _ARC_S)


def _accents(activity: np.ndarray, loudness: np.ndarray | None) -> np.ndarray:
    """(T,): 0..1, high on syllables that stand out from the half second around them."""
    frames = len(activity)
    if loudness is None or frames < 3:
        return np.zeros(frames)
    level = np.asarray(loudness, np.float64)
    level = np.pad(level[:frames], (0, max(0, frames - len(level))), mode="edge")
    level = np.maximum(level, np.percentile(level, 80) - 20.0)
    stands_out = np.clip((_smooth(level, 0.10) - _smooth(level, 0.8) - 3.0) / 4.0, 0.0, 1.0)
    return _smooth(stands_out, 0.12) * np.asarray(activity, np.float64)


def combine(speech: SpeechCurves, emotion: EmotionCurves, *, style: int = 0) -> np.ndarray:
    """Finished face, float32 (T, 52) in 0..1: speech with feeling.

    Feeling joins the free mouth, then the lips are pressed as in neutral speech.
    """
    active = speech.activity[:, None]
    share = 1.0 - active * (1.0 - emotion.while_speaking)
    added = emotion.values * share * _room_for_speech(speech.free)
    free = np.clip(speech.free + added, 0.0, 1.0)
    return finish(free, speech.closed, speech.tucked, style_of(style)).astype(np.float32)


_SPREADING: Final = np.array(
    arkit.indices("mouthSmile", "mouthStretch", "mouthFrown", "mouthDimple")
)
_PRESSING: Final = np.array(arkit.indices("mouthPress", "mouthRoll", "mouthShrug"))


def _room_for_speech(free: np.ndarray) -> np.ndarray:
    """(T, 52) in 0..1: smiles give way to rounded lips, pressed lips to an open mouth."""
    room = np.ones_like(free)
    rounded = np.clip(
        free[:, [arkit.index("mouthFunnel"), arkit.index("mouthPucker")]].sum(1), 0.0, 1.0
    )
    opened = np.clip(free[:, arkit.index("jawOpen")] / 0.35, 0.0, 1.0)
    room[:, _SPREADING] = (1.0 - 0.85 * rounded)[:, None]
    room[:, _PRESSING] = (1.0 - 0.6 * opened)[:, None]
    return room
