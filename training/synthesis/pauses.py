"""Silence that is not digital: pauses before, after and between, breaths and the hiss of a room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emotalk_core.timing import SAMPLE_RATE
from training.faces import Phone

from .spoken import SpokenClip

__all__ = ["with_pauses"]


def with_pauses(clip: SpokenClip, rng: np.random.Generator) -> SpokenClip:
    """`clip` with silence around it, longer pauses in it, some with a breath, over faint noise."""
    gaps = {0.0: float(rng.uniform(0.1, 1.0)), clip.seconds: float(rng.uniform(0.1, 1.0))}
    inner = [
        p
        for p in clip.phones
        if p.kind == "silence" and p.start_s > 0.3 and p.end_s < clip.seconds - 0.3
    ]
    for phone in inner:
        if rng.random() < 0.5:
            gaps[(phone.start_s + phone.end_s) / 2] = float(rng.uniform(0.05, 0.9))
    pieces, phones, done = [], [], 0.0
    for at, length in sorted(gaps.items()):
        shift = sum(g for t, g in gaps.items() if t < at)
        pieces += [_cut(clip.samples, done, at), _pause(length, rng)]
        phones += [_moved(p, shift) for p in _between(clip.phones, done, at)]
        phones.append(Phone(at + shift, at + shift + length, "_", "silence"))
        done = at
    samples = np.concatenate(pieces)
    level = 10.0 ** (float(rng.uniform(-80.0, -48.0)) / 20.0)
    samples = samples + level * rng.standard_normal(len(samples))
    return replace(clip, samples=samples.astype(np.float32), phones=_merged(phones))


def _cut(samples: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return samples[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]


def _pause(length_s: float, rng: np.random.Generator) -> np.ndarray:
    pause = np.zeros(round(length_s * SAMPLE_RATE))
    if length_s > 0.45 and rng.random() < 0.35:
        n = round(float(rng.uniform(0.2, length_s - 0.1)) * SAMPLE_RATE)
        noise = np.convolve(rng.standard_normal(n), [0.5, 0.3, -0.2, -0.2], mode="same")
        start = int(rng.integers(0, len(pause) - n))
        level = 10.0 ** (float(rng.uniform(-46.0, -30.0)) / 20.0)
        pause[start : start + n] = level * noise * np.hanning(n)
    return pause


def _between(phones: tuple[Phone, ...], start_s: float, end_s: float) -> list[Phone]:
    parts = [(max(p.start_s, start_s), min(p.end_s, end_s), p) for p in phones]
    return [Phone(a, b, p.symbol, p.kind) for a, b, p in parts if b > a + 1e-6]


def _moved(phone: Phone, shift_s: float) -> Phone:
    return replace(phone, start_s=phone.start_s + shift_s, end_s=phone.end_s + shift_s)


def _merged(phones: list[Phone]) -> tuple[Phone, ...]:
    """Neighbouring silences as one."""
    merged: list[Phone] = []
    for phone in phones:
        if merged and phone.kind == "silence" == merged[-1].kind:
            merged[-1] = replace(merged[-1], end_s=phone.end_s)
        else:
            merged.append(phone)
    return tuple(merged)
