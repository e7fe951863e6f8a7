"""Batches for the lips: pairs of the same stretch in two copies, each pair with its own feeling and
style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.arkit import N_CHANNELS
from emotalk_core.controls import EMOTIONS
from emotalk_core.timing import SAMPLE_RATE

from .datasets import NOBODY, Recording, load_samples
from .faces import (
    Phone,
    SpeechCurves,
    combine,
    emotion_curves,
    learnable,
    loudness_db,
    phone_numbers,
    seen_by_animators,
    seen_on_video,
    speech_curves,
)
from .features import MARGIN_S, FeatureSet
from .losses import UNKNOWN, Target

__all__ = ["CONTEXT_FRAMES", "Batch", "Clips", "face_of"]

CONTEXT_FRAMES: Final = 33
"""Read on each side of a crop, 55 states: 40 that the front end's last layer hears, 15 for content
and decoder.
"""
_TOO_LOUD_DB: Final = 18.0  # below the loud parts of a clip: nobody is that loud in silence


_Row = tuple[Any, ...]  # arrays and numbers, in the order of Batch and Target


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's input, told feeling, and target."""

    states: Tensor  # (B, S, layers, width)
    level: Tensor  # (B, S)
    weights: Tensor  # (B, 8) emotion shares
    intensity: Tensor  # (B, 1)
    style: Tensor  # (B,)
    lag: Tensor  # (B,), frames by which the stretch starts later than its states
    target: Target


class Clips:
    """Everything that lips are trained on: features of all copies, curves made on demand and kept.

    Parameters
    ----------
    sets : sequence of (recordings, features, share)
        `share` says how often a set is drawn.
    """

    def __init__(
        self,
        sets: Sequence[tuple[Sequence[Recording], FeatureSet, float]],
        *,
        n_styles: int,
    ) -> None:
        self._n_styles = n_styles
        self._speech: dict[tuple[str, int], SpeechCurves] = {}
        self._loudness: dict[str, np.ndarray] = {}
        self._seconds: dict[str, float] = {}  # of each clip's longest copy
        self._groups: list[tuple[FeatureSet, list[tuple[Recording, np.ndarray]], np.ndarray]] = []
        shares = []
        for recordings, features, share in sets:
            entries = [
                (r, rows)
                for r in recordings
                if len(rows := np.flatnonzero(features.names == r.name))
            ]
            if not entries:
                continue
            for recording, rows in entries:
                self._seconds[recording.name] = float(features.lengths[rows].max()) / 50.0
            seconds = np.array([r.seconds for r, _ in entries])
            self._groups.append((features, entries, seconds / seconds.sum()))
            shares.append(share)
        self._shares = np.array(shares) / sum(shares)

    def batch(self, n_pairs: int, n_frames: int, seed: tuple[int, ...]) -> Batch:
        """`n_pairs` stretches of `n_frames`, each in two copies that follow each other; the same
        `seed` draws the same ones.
        """
        rng = np.random.default_rng(seed)
        samples = [self._pair(n_frames, rng) for _ in range(n_pairs)]
        rows = [row for pair in samples for row in pair]
        columns = [torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)]
        states, level, weights, intensity, style, lag, *target = columns
        return Batch(states, level, weights, intensity, style, lag, Target(*target))

    def _pair(self, n_frames: int, rng: np.random.Generator) -> list[_Row]:
        features, entries, odds = self._groups[rng.choice(len(self._groups), p=self._shares)]
        recording, rows = entries[rng.choice(len(entries), p=odds)]
        feeling = draw_feeling(rng)
        plain = recording.captured is not None or rng.random() < 0.5
        style = 0 if plain else int(rng.integers(self._n_styles))
        a, b = rng.choice(rows, 2, replace=len(rows) < 2)
        total = min(int(features.lengths[row]) * 3 // 5 for row in (a, b)) - 2  # the largest lag
        first = 3 * int(rng.integers(0, max(1, (total - n_frames) // 3 + 1)))
        cut = slice(first, min(first + n_frames, total))
        curves = self._curves(recording, features, int(a), feeling, style, cut)
        valid = self._believed(recording, curves[-1], cut)
        target = [_padded(curve, n_frames) for curve in (*curves, valid)]
        weights, intensity = feeling
        told = (weights.astype(np.float32), np.array([intensity], np.float32), np.int64(style))
        labels = (np.float32(_has_face(recording)), _channels_known(recording))
        return [
            (
                *_crop(features, int(row), first, n_frames),
                *told,
                np.int64(features.lags[row]),
                *target,
                *labels,
                self._phones_of(recording, features, int(row), first, n_frames),
            )
            for row in (a, b)
        ]

    def _phones_of(
        self, recording: Recording, features: FeatureSet, row: int, first: int, n_frames: int
    ) -> np.ndarray:
        """The phone at each state of a crop, as `_crop` cuts it."""
        low, high = _states_of(first, n_frames)
        states = np.arange(low, high)
        inside = (states >= 0) & (states < int(features.lengths[row]))
        if recording.speaker == NOBODY:
            return np.where(inside, 0, UNKNOWN)
        if not recording.phones:
            return np.full(len(states), UNKNOWN)
        before = MARGIN_S + float(features.phase_s[row]) + float(features.lags[row]) / 30.0
        numbers = phone_numbers(recording.phones, states / 50.0 - before)
        level = self._loudness[recording.name]
        frames = np.clip(states * 3 // 5 - int(features.lags[row]), 0, len(level) - 1)
        loud = level[frames] > np.percentile(level, 95) - _TOO_LOUD_DB
        return np.where(inside & ~(loud & (numbers == 0)), numbers, UNKNOWN)

    def _believed(self, recording: Recording, activity: np.ndarray, cut: slice) -> np.ndarray:
        """1 where labels count: not in loud "silence", where a transcript lacks words."""
        valid = np.ones(cut.stop - cut.start, np.float32)
        if recording.speaker == NOBODY or not recording.phones:
            return valid
        level = self._loudness[recording.name]
        loud = level[cut] > np.percentile(level, 95) - _TOO_LOUD_DB
        doubtful = np.convolve(loud & (activity < 0.05), np.ones(7), mode="same") > 0
        valid[doubtful] = 0.0
        return valid

    def _curves(
        self,
        recording: Recording,
        features: FeatureSet,
        row: int,
        feeling: tuple[np.ndarray, float],
        style: int,
        cut: slice,
    ) -> tuple[np.ndarray, ...]:
        """A stretch of all curves of `Target`, in order; zeros where nothing is known."""
        if not _has_face(recording):
            nothing = np.zeros(cut.stop - cut.start, np.float32)
            face = np.zeros((len(nothing), N_CHANNELS), np.float32)
            return face, face, nothing, nothing, nothing
        speech, loudness = self._speech_of(recording, features, row, style)
        values = face_of(speech, loudness, *feeling, style)
        never = replace(speech, closed=np.zeros_like(speech.closed))
        free = face_of(never, loudness, *feeling, style)
        parts = (values, free, speech.closed, speech.tucked, speech.activity)
        return tuple(curve[cut] for curve in parts)

    def _speech_of(
        self, recording: Recording, features: FeatureSet, row: int, style: int
    ) -> tuple[SpeechCurves, np.ndarray]:
        """Curves of a clip with its margins, and its loudness."""
        before = MARGIN_S + float(features.phase_s[row])
        seconds = self._seconds[recording.name]
        if recording.name not in self._loudness:
            samples = load_samples(recording.source)
            silence = np.zeros(round(before * SAMPLE_RATE), np.float32)
            level = loudness_db(np.concatenate([silence, samples]), SAMPLE_RATE)
            n = round(seconds * 30)
            self._loudness[recording.name] = np.pad(
                level[:n], (0, max(0, n - len(level))), constant_values=-90.0
            )
        loudness = self._loudness[recording.name]
        key = (recording.name, style)
        if key not in self._speech:
            self._speech[key] = _spoken(recording, before, seconds, style, loudness)
        return self._speech[key], loudness


def _has_face(recording: Recording) -> bool:
    return bool(recording.phones) or recording.captured is not None


def _channels_known(recording: Recording) -> np.ndarray:
    """float32 (52,): 1 for channels whose target means something."""
    if recording.captured is None or recording.phones:  # phones tell what a capture does not
        return np.ones(N_CHANNELS, np.float32)
    return learnable(recording.captured.known)


def _spoken(
    recording: Recording, before: float, seconds: float, style: int, loudness: np.ndarray
) -> SpeechCurves:
    """Speech of a clip that begins `before` seconds into its track: by rules, captured, or both."""
    captured = recording.captured
    if captured is not None and not recording.phones:
        values = captured.starting(before, len(loudness))
        return seen_by_animators(values, loudness, captured.known)
    phones = [
        Phone(p.start_s + before, p.end_s + before, p.symbol, p.kind) for p in recording.phones
    ]
    curves = speech_curves(phones, seconds, style=style, loudness=loudness)
    if captured is None:
        return curves
    return seen_on_video(curves, captured.starting(before, len(curves.free)))


def face_of(
    speech: SpeechCurves, loudness: np.ndarray, weights: np.ndarray, intensity: float, style: int
) -> np.ndarray:
    """Finished curves (T, 52) of speech under a feeling."""
    feeling = emotion_curves(
        speech, emotion=weights, intensity=intensity, style=style, loudness=loudness
    )
    return combine(speech, feeling, style=style)


def draw_feeling(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Emotion shares and intensity: often one emotion, sometimes none, sometimes a blend with room
    for neutral.
    """
    weights = np.zeros(len(EMOTIONS))
    kind = rng.random()
    if kind < 0.3:
        weights[0] = 1.0
        return weights, 1.0
    if kind < 0.75:
        weights[rng.integers(len(EMOTIONS))] = 1.0
    else:
        weights[:] = rng.dirichlet(np.full(len(EMOTIONS), 0.25))
    return weights, float(rng.choice([1.0, rng.uniform(0.0, 2.0)]))


def _states_of(first: int, n_frames: int) -> tuple[int, int]:
    """First state of a crop and the one after its last, context included."""
    context = CONTEXT_FRAMES * 5 // 3
    return first * 5 // 3 - context, (first + n_frames) * 5 // 3 + context


def _crop(
    features: FeatureSet, row: int, first: int, n_frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """States and level of a stretch with its context; zeros beyond the clip's rows."""
    start, length = int(features.starts[row]), int(features.lengths[row])
    low, high = _states_of(first, n_frames)
    a, b = max(low, 0), min(high, length)
    shape = features.states.shape[1:]
    states = np.zeros((high - low, *shape), np.float32)
    level = np.full(high - low, -60.0, np.float32)
    states[a - low : b - low] = features.states[start + a : start + b]
    level[a - low : b - low] = features.level[start + a : start + b]
    return states, level


def _padded(curve: np.ndarray, n: int) -> np.ndarray:
    return np.pad(curve.astype(np.float32), ((0, n - len(curve)), *[(0, 0)] * (curve.ndim - 1)))
