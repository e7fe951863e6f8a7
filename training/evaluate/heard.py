"""What the model says it hears, against the labels of actors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from emotalk_core.controls import EMOTIONS
from emotalk_core.engine import Encoding
from emotalk_core.usual_voice import heard_beside, usual_voice

from ..datasets import Recording, load_samples
from .studio import Studio

__all__ = ["SHARED", "heard_beside_usual", "heard_scores", "same_level"]

SHARED = ("neutral", "happy", "sad", "angry", "fearful", "disgust")
"""Emotions that the German and the English actors both play."""


def same_level(samples: np.ndarray) -> np.ndarray:
    """Samples whose louder half has one size: loudness gives nothing away."""
    size = np.sqrt(np.mean(np.sort(samples**2)[len(samples) // 2 :]) + 1e-12)
    return (samples * (0.05 / size)).astype(np.float32)


def heard_scores(
    studio: Studio,
    recordings: Sequence[Recording],
    change: Callable[[np.ndarray], np.ndarray] | None = None,
    among: Sequence[str] = EMOTIONS,
) -> dict[str, object]:
    """Accuracy and recall by emotion: of the shares `among`, a clip's strongest must be one of its
    label's. Clips of other emotions are left out.
    """

    def hear(recording: Recording) -> Encoding:
        if change is None:
            return studio.encode(recording)
        return studio.encode_samples(change(load_samples(recording.source)))

    return _scores(hear, recordings, among)


def heard_beside_usual(
    studio: Studio,
    recordings: Sequence[Recording],
    everything: Sequence[Recording],
    among: Sequence[str] = EMOTIONS,
) -> dict[str, object]:
    """The same where each clip is heard beside its speaker's usual voice, which is told by the
    other clips of `everything` in which the same speaker feels nothing. Whose there are none of
    is left out.
    """
    config = studio.engine.config

    def others(recording: Recording) -> list[Recording]:
        return [
            r
            for r in everything
            if r.speaker == recording.speaker and r.name != recording.name and _feels_nothing(r)
        ]

    def hear(recording: Recording) -> Encoding:
        usual = usual_voice((studio.encode(r) for r in others(recording)), config)
        return heard_beside(studio.encode(recording), usual.more, config)

    return _scores(hear, [r for r in recordings if others(r)], among)


def _feels_nothing(recording: Recording) -> bool:
    return recording.emotion is not None and recording.emotion[EMOTIONS.index("neutral")] > 0.5


def _scores(
    hear: Callable[[Recording], Encoding], recordings: Sequence[Recording], among: Sequence[str]
) -> dict[str, object]:
    allowed = np.isin(EMOTIONS, among)
    hits: dict[str, list[bool]] = {}
    for recording in recordings:
        assert recording.emotion is not None
        label = np.array(recording.emotion)
        if not allowed[int(label.argmax())]:
            continue
        best = int(np.where(allowed, hear(recording).heard.mean(axis=0), -1.0).argmax())
        hits.setdefault(EMOTIONS[int(label.argmax())], []).append(bool(label[best] > 0))
    recall = {e: float(np.mean(v)) for e, v in hits.items()}
    return {
        "accuracy": float(np.mean([h for v in hits.values() for h in v])),
        "unweighted_recall": float(np.mean(list(recall.values()))),
        "recall": recall,
        "clips": sum(map(len, hits.values())),
    }
