"""Rooms, noise and sounds without speech, made by code from a seed."""

from __future__ import annotations

import numpy as np

from emotalk_core.timing import SAMPLE_RATE

__all__ = ["add_noise", "coloured_noise", "in_a_room", "quiet_sound"]


def coloured_noise(n: int, slope: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of unit deviation whose amplitude falls as f ** -slope (0 white, 0.5 pink, 1 brown)."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 30.0)
    noise = np.fft.irfft(spectrum * hz**-slope, n)
    return (noise / max(noise.std(), 1e-12)).astype(np.float32)


def add_noise(samples: np.ndarray, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """Sound with noise of a random colour, `snr_db` below its louder half."""
    size = np.sqrt(np.mean(np.sort(samples**2)[len(samples) // 2 :]) + 1e-12)
    noise = coloured_noise(len(samples), rng.choice([0.0, 0.25, 0.5, 0.8]), rng)
    if rng.random() < 0.3:
        noise = 0.6 * noise + _hum(len(samples), rng)
    return (samples + noise * size * 10 ** (-snr_db / 20)).astype(np.float32)


def in_a_room(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sound in a small room: direct sound and an exponential tail; onsets stay where they are."""
    decay_s = rng.uniform(0.12, 0.5)
    n = int(decay_s * SAMPLE_RATE)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail *= rng.uniform(0.2, 0.6) / np.sqrt((tail**2).sum())
    tail[: SAMPLE_RATE // 500] = 0.0
    tail[0] = 1.0
    size = len(samples) + n
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    return wet[: len(samples)].astype(np.float32)


def quiet_sound(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A sound without speech: room tone, breaths, hum, clicks or held notes. The mouth stays
    closed.
    """
    n = int(seconds * SAMPLE_RATE)
    kind = rng.integers(5)
    sound = coloured_noise(n, rng.choice([0.0, 0.5, 1.0]), rng) * 10 ** rng.uniform(-4.5, -2.5)
    if kind == 1:
        sound += _breaths(n, rng)
    elif kind == 2:
        sound += _hum(n, rng) * 10 ** rng.uniform(-2.5, -1)
    elif kind == 3:
        sound += _notes(n, rng)
    elif kind == 4:
        at = rng.integers(0, n, max(1, int(seconds * 2)))
        sound[at] += rng.uniform(-0.3, 0.3, len(at))
    return sound.astype(np.float32)


def _hum(n: int, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(n) / SAMPLE_RATE
    base = rng.choice([50.0, 60.0, 100.0, 120.0])
    parts = [
        rng.uniform(0.1, 1) / k * np.sin(2 * np.pi * (base * k * t + rng.random()))
        for k in range(1, 6)
    ]
    return np.sum(parts, axis=0).astype(np.float32)


def _breaths(n: int, rng: np.random.Generator) -> np.ndarray:
    """Band-passed noise that swells and dies away, with gaps: breathing through an open or closed
    nose.
    """
    t = np.arange(n) / SAMPLE_RATE
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / SAMPLE_RATE)
    centre, width = rng.uniform(500, 3000), rng.uniform(400, 2000)
    band = np.fft.irfft(spectrum * np.exp(-(((hz - centre) / width) ** 2)), n)
    rate = rng.uniform(0.25, 0.7)
    swell = np.maximum(np.sin(2 * np.pi * (rate * t + rng.random())), 0.0) ** 2
    return (band / max(band.std(), 1e-9) * swell * 10 ** rng.uniform(-2.5, -1.3)).astype(np.float32)


def _notes(n: int, rng: np.random.Generator) -> np.ndarray:
    """Held chords with a plucked or swelling envelope."""
    sound, t = np.zeros(n), np.arange(n) / SAMPLE_RATE
    for start in np.arange(0.0, n / SAMPLE_RATE, rng.uniform(0.3, 1.2)):
        root = 55.0 * 2 ** (rng.integers(0, 36) / 12)
        age = np.maximum(t - start, 0.0)
        envelope = (t >= start) * np.exp(-age / rng.uniform(0.2, 1.0)) * (1 - np.exp(-age / 0.02))
        for ratio in (1.0, rng.choice([1.25, 1.2, 4 / 3]), 1.5):
            for k in range(1, 5):
                sound += envelope * np.sin(2 * np.pi * root * ratio * k * t) / k**2
    return (sound * 10 ** rng.uniform(-2.5, -1)).astype(np.float32)
