"""Parallel sets: each sentence by each voice in eight emotions and two intensities, so that every
clip has partners with the same words and with the same feeling.

`python -m training.synthesis --parallel --out FOLDER --seed 1` writes one shard a voice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.controls import EMOTIONS
from emotalk_core.timing import SAMPLE_RATE
from training.faces import Phone

from . import espeak, flite
from .acting import LEVELS, acoustics, act
from .sentences import sentence
from .shards import write_shard
from .spoken import Acted, SpokenClip
from .world import Parts, analyse, warped

__all__ = ["ParallelPlan", "Voice", "make_parallel", "make_parallel_shards", "parallel_voice"]

_VOICE, _WORDS, _TAKE = 1, 2, 3  # first numbers of the seeds: what is drawn
_LANGUAGE: Final = "en-us"
_FLITE_SHARE: Final = 0.4
_SILENCE_S: Final = (0.15, 0.4)
_PEAK: Final = 0.9
_HISS_DB: Final = (-80.0, -60.0)


@dataclass(frozen=True)
class ParallelPlan:
    """Which voices say which sentences, by number, so that sets need not overlap."""

    seed: int = 1
    voices: tuple[int, ...] = tuple(range(10))
    sentences: tuple[int, ...] = tuple(range(10))
    words: int = 6
    each: int = 0  # sentences that one voice says, the voices taking turns; 0: all of them

    def said_by(self, voice: int) -> tuple[int, ...]:
        """Numbers of the sentences of a voice."""
        n = self.each or len(self.sentences)
        first = self.voices.index(voice) * n
        return tuple(self.sentences[(first + k) % len(self.sentences)] for k in range(n))


@dataclass(frozen=True)
class Voice:
    """One speaker: an engine's voice in a body."""

    number: int
    engine: str
    name: str
    formants: float  # ratio
    pitch: float  # ratio
    pace: float  # ratio

    @property
    def speaker(self) -> str:
        """A name for tables."""
        return f"voice{self.number:03d}"


def parallel_voice(seed: int, number: int) -> Voice:
    """Voice `number` of a seed, always the same."""
    rng = np.random.default_rng((seed, _VOICE, number))
    engine = "flite" if rng.random() < _FLITE_SHARE else "espeak-ng"
    name = str(rng.choice(flite.VOICES if engine == "flite" else espeak.VARIANTS))
    formants = round(float(rng.uniform(0.9, 1.12)), 3)
    pitch = round(float(np.exp(rng.uniform(-0.25, 0.25))), 3)
    return Voice(number, engine, name, formants, pitch, round(float(rng.uniform(0.9, 1.15)), 3))


def parallel_sentence(seed: int, number: int, n_words: int) -> str:
    """Sentence `number` of a seed, with one pause inside."""
    rng = np.random.default_rng((seed, _WORDS, number))
    words = sentence(_LANGUAGE, rng, n_words=n_words).rstrip(".?!").replace(",", "").split()
    middle = len(words) // 2
    words[middle - 1] += ","
    return " ".join(words) + "."


def make_parallel(plan: ParallelPlan, voice: Voice, number: int) -> list[SpokenClip]:
    """Sentence `number` by `voice`: one clip for each emotion and level, neutral normal first."""
    text = parallel_sentence(plan.seed, number, plan.words)
    base = _said(text, voice)
    rng = np.random.default_rng((plan.seed, _TAKE, voice.number, number))
    base = _with_silence(base, rng)
    parts = analyse(base.samples)
    parts = Parts(parts.f0 * voice.pitch, warped(parts.spectrum, voice.formants), parts.aperiodic)
    clips = [
        _acted(base, parts, Acted(voice.speaker, text, emotion, level), rng)
        for emotion in EMOTIONS
        for level in range(LEVELS)
    ]
    loudest = max(float(np.abs(c.samples).max()) for c in clips)
    hiss = 10.0 ** (float(rng.uniform(*_HISS_DB)) / 20.0)
    seed = (plan.seed, voice.number, number)
    return [
        replace(
            clip,
            samples=_finished(clip.samples * (_PEAK / loudest), hiss, rng),
            seed=(*seed, k),
            voice=f"{voice.name} formants {voice.formants} pitch {voice.pitch}",
        )
        for k, clip in enumerate(clips)
    ]


def make_parallel_shards(
    folder: Path, plan: ParallelPlan, progress: Callable[[float, str], None]
) -> None:
    """One file a voice; started again, it goes on with the first voice that is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for done, number in enumerate(plan.voices, start=1):
        said = plan.said_by(number)
        path = folder / f"seed{plan.seed}_voice{number:03d}_{said[0]:03d}-{said[-1]:03d}.npz"
        if not path.exists():
            voice = parallel_voice(plan.seed, number)
            write_shard(path, [c for s in said for c in make_parallel(plan, voice, s)])
        progress(done / len(plan.voices), str(path))


def _said(text: str, voice: Voice) -> SpokenClip:
    if voice.engine == "flite":
        return flite.speak(text, voice.name, stretch=round(1.0 / voice.pace, 3))
    return espeak.speak(text, _LANGUAGE, voice.name, rate=round(160 * voice.pace), pitch=50)


def _with_silence(clip: SpokenClip, rng: np.random.Generator) -> SpokenClip:
    """Quiet before and after, as phones too."""
    before, after = (
        round(float(rng.uniform(*_SILENCE_S)) * SAMPLE_RATE) / SAMPLE_RATE for _ in range(2)
    )
    silent = [np.zeros(round(s * SAMPLE_RATE), np.float32) for s in (before, after)]
    phones = [Phone(0.0, before, "_", "silence")]
    phones += [replace(p, start_s=p.start_s + before, end_s=p.end_s + before) for p in clip.phones]
    end = phones[-1].end_s
    samples = np.concatenate([silent[0], clip.samples, silent[1]])
    phones.append(Phone(end, len(samples) / SAMPLE_RATE, "_", "silence"))
    return replace(clip, samples=samples, phones=tuple(phones))


def _acted(base: SpokenClip, parts: Parts, acted: Acted, rng: np.random.Generator) -> SpokenClip:
    samples, phones = act(parts, base.phones, acoustics(acted.emotion, acted.level), rng)
    return replace(base, samples=samples, phones=phones, acted=acted)


def _finished(samples: np.ndarray, hiss: float, rng: np.random.Generator) -> np.ndarray:
    return (samples + hiss * rng.standard_normal(len(samples))).astype(np.float32)
