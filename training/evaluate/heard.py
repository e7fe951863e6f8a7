"""What the model says it hears, against the labels of actors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from emotalk_core.controls import EMOTIONS

from ..datasets import Recording, load_samples
from .studio import Studio

__all__ = ["SHARED", "heard_scores", "same_level"]

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
    allowed = np.isin(EMOTIONS, among)
    hits: dict[str, list[bool]] = {}
    for recording in recordings:
        assert recording.emotion is not None
        label = np.array(recording.emotion)
        if not allowed[int(label.argmax())]:
            continue
        if change is None:
            encoding = studio.encode(recording)
        else:
            encoding = studio.encode_samples(change(load_samples(recording.source)))
        best = int(np.where(allowed, encoding.heard.mean(axis=0), -1.0).argmax())
        hits.setdefault(EMOTIONS[int(label.argmax())], []).append(bool(label[best] > 0))
    recall = {e: float(np.mean(v)) for e, v in hits.items()}
    return {
        "accuracy": float(np.mean([h for v in hits.values() for h in v])),
        "unweighted_recall": float(np.mean(list(recall.values()))),
        "recall": recall,
        "clips": sum(map(len, hits.values())),
    }
