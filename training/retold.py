"""The same recordings as if other people had spoken them, or as if their readers had acted: more
voices and feelings. Without real faces, and without phones where times change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from emotalk_core.audio.resampling import Ratio, resample_blocks
from emotalk_core.controls import EMOTIONS, emotion_weights
from emotalk_core.timing import SAMPLE_RATE

from .datasets import Recording, load_samples
from .faces import with_silence
from .synthesis import SpokenClip
from .synthesis.acting import LEVELS, acoustics, act
from .synthesis.voices import another_voice
from .synthesis.world import analyse

__all__ = ["OTHER_SPEEDS", "acted_by_rule", "at_other_speeds", "in_other_voices"]

OTHER_SPEEDS: Final = (Ratio(10, 9), Ratio(9, 10), Ratio(20, 17), Ratio(17, 20))
"""Samples in place of each sample: formants and pitch move along, as between people."""

_LOUDEST: Final = 0.5
_LONGEST_S: Final = 6.0


def at_other_speeds(recordings: Sequence[Recording]) -> list[Recording]:
    """The same clips slower and faster, as if other people had spoken them: speakers of their own.
    Without phones.
    """
    return [
        replace(
            recording,
            name=f"{recording.name}@{length.up}:{length.down}",
            speaker=f"{recording.speaker}@{length.up}:{length.down}",
            source=np.concatenate([*resample_blocks([samples], length)]),
            seconds=recording.seconds * length.up / length.down,
            phones=(),
            captured=None,
        )
        for recording in recordings
        for samples in [load_samples(recording.source)]
        for length in OTHER_SPEEDS
    ]


def in_other_voices(recordings: Sequence[Recording], copies: int = 2) -> list[Recording]:
    """The same clips, `copies` of each, by a longer or shorter vocal tract, higher or lower,
    sometimes breathy: speakers of their own. All times stay, so do phones.
    """
    return [
        replace(
            recording,
            name=f"{recording.name}@voice{copy}",
            speaker=f"{recording.speaker}@voice{copy}",
            source=another_voice(
                SpokenClip(load_samples(recording.source), (), "", "", recording.speaker),
                np.random.default_rng([recording.seed, copy]),
            ).samples,
            captured=None,
        )
        for recording in recordings
        for copy in range(copies)
    ]


def acted_by_rule(recordings: Sequence[Recording], n_readers: int) -> list[Recording]:
    """A short clip of each of `n_readers` with known phones, in all eight feelings, strongly, by
    the rules of `synthesis/acoustics.toml`; equally loud. Who is taken depends on names alone.
    """
    by_speaker: dict[str, Recording] = {}
    for recording in sorted(recordings, key=lambda r: r.seed):
        if recording.phones and recording.seconds <= _LONGEST_S:
            by_speaker.setdefault(recording.speaker, recording)
    return [r for reader in [*by_speaker.values()][:n_readers] for r in _in_all_feelings(reader)]


def _in_all_feelings(reader: Recording) -> list[Recording]:
    samples, rng = load_samples(reader.source), np.random.default_rng(reader.seed)
    parts = analyse(samples)
    phones = with_silence(reader.phones, len(samples) / SAMPLE_RATE)
    told = []
    for emotion in EMOTIONS:
        acted, _ = act(parts, phones, acoustics(emotion, LEVELS - 1), rng)
        scaled = acted * (_LOUDEST / max(float(np.abs(acted).max()), 1e-4))
        told.append(
            replace(
                reader,
                name=f"{reader.name}@{emotion}",
                source=scaled.astype(np.float32),
                seconds=len(acted) / SAMPLE_RATE,
                phones=(),
                captured=None,
                emotion=emotion_weights({emotion: 1.0}),
            )
        )
    return told
