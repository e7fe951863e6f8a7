"""One voice in eight feelings: pitch, pace, pauses, tension and breath changed by rule, with the
phones' times carried along exactly.

The rules and the literature they follow stand in `acoustics.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.controls import EMOTIONS
from emotalk_core.timing import SAMPLE_RATE
from training.faces import Phone

from .world import FRAME_S, Parts, synthesise, widened

__all__ = ["LEVELS", "Acoustics", "acoustics", "act"]

LEVELS: Final = 2  # normal, strong: RAVDESS's two intensities
_NORMAL_SHARE: Final = 0.5  # of the way from neutral to strong
# How much of a change of pace a phone takes: vowels and pauses stretch, contacts keep their length.
_ELASTIC: Final = {"open": 1.15, "rounded": 1.15, "other_vowel": 1.15, "closure": 0.5}
_FINAL_S: Final = 0.3
_TILT_FROM_HZ: Final = 500.0


@dataclass(frozen=True)
class Acoustics:
    """Changes to a neutral voice; units in `acoustics.toml`."""

    pitch: float = 1.0
    range: float = 1.0
    slope: float = 0.0
    final: float = 0.0
    rate: float = 1.0
    pause: float = 1.0
    energy: float = 0.0
    tilt: float = 0.0
    jitter: float = 0.0
    breath: float = 0.0


_RATIOS: Final = ("pitch", "range", "rate", "pause")


@cache
def acoustics(emotion: str, level: int) -> Acoustics:
    """The changes of an emotion at level 0 (normal) or 1 (strong)."""
    text = Path(__file__).with_name("acoustics.toml").read_text(encoding="utf-8")
    given = tomllib.loads(text)[emotion]
    strong = Acoustics(**given)
    if level == 1:
        return strong
    if emotion == EMOTIONS[0]:
        return Acoustics()
    half = {}
    for field in fields(Acoustics):
        value = getattr(strong, field.name)
        ratio = field.name in _RATIOS
        half[field.name] = value**_NORMAL_SHARE if ratio else value * _NORMAL_SHARE
    return Acoustics(**half)


def act(
    parts: Parts, phones: Sequence[Phone], changes: Acoustics, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[Phone, ...]]:
    """Sound, float64 (n,), and phones of a voice under `changes`.

    Parameters
    ----------
    parts : Parts
        The neutral recording.
    phones : sequence of Phone
        Its phones, without gaps from 0 to the end.
    changes : Acoustics
    rng : numpy Generator
        Jitter.
    """
    old = np.array([0.0, *(p.end_s for p in phones)])
    new = np.concatenate([[0.0], np.cumsum(np.diff(old) * _lengths(phones, changes))])
    n = round(new[-1] / FRAME_S)
    at = np.interp(np.arange(n) * FRAME_S, new, old)
    frames = np.minimum(np.round(at / FRAME_S).astype(int), len(parts.f0) - 1)
    f0 = _melody(parts.f0[frames], changes, rng)
    spectrum = parts.spectrum[frames] * _tilt(parts.spectrum.shape[1], changes.tilt)
    aperiodic = parts.aperiodic[frames]
    aperiodic = np.clip(aperiodic + changes.breath * (1.0 - aperiodic), 0.0, 1.0)
    # WORLD takes the tilt's energy along: size is the energy's alone.
    size = np.sqrt(parts.spectrum[frames].sum() / spectrum.sum()) * 10.0 ** (changes.energy / 20.0)
    samples = size * synthesise(Parts(f0, spectrum, aperiodic))
    samples = np.pad(samples, (0, max(0, round(new[-1] * SAMPLE_RATE) - len(samples))))
    moved = (
        Phone(float(a), float(b), p.symbol, p.kind)
        for p, a, b in zip(phones, new[:-1], new[1:], strict=True)
    )
    return samples[: round(new[-1] * SAMPLE_RATE)], tuple(moved)


def _lengths(phones: Sequence[Phone], changes: Acoustics) -> np.ndarray:
    """Ratio by which each phone's length changes."""
    last = len(phones) - 1
    ratios = np.ones(len(phones))
    for i, phone in enumerate(phones):
        if phone.kind != "silence":
            ratios[i] = changes.rate ** -_ELASTIC.get(phone.kind, 0.8)
        elif 0 < i < last:
            ratios[i] = changes.pause
    return ratios


def _melody(f0: np.ndarray, changes: Acoustics, rng: np.random.Generator) -> np.ndarray:
    voiced = np.flatnonzero(f0 > 0)
    if not len(voiced):
        return f0
    f0 = widened(f0 * changes.pitch, changes.range)
    when = (voiced - voiced[0]) / max(1, voiced[-1] - voiced[0])
    end = np.clip(1.0 - (voiced[-1] - voiced) * FRAME_S / _FINAL_S, 0.0, 1.0)
    semitones = changes.slope * (when - 0.5) + changes.final * end
    trembling = np.exp(changes.jitter * rng.standard_normal(len(voiced)))
    out = f0.copy()
    out[voiced] = np.clip(f0[voiced] * 2.0 ** (semitones / 12.0) * trembling, 50.0, 600.0)
    return out


def _tilt(n_bins: int, db_per_octave: float) -> np.ndarray:
    """(bins,): gain of the power spectrum."""
    hz = np.linspace(0.0, SAMPLE_RATE / 2, n_bins)
    octaves = np.log2(np.maximum(hz, _TILT_FROM_HZ) / _TILT_FROM_HZ)
    return 10.0 ** (db_per_octave * octaves / 10.0)
