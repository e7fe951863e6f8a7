"""Hypothesis strategies that all tiers share."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.controls import EMOTIONS, LIMITS, Controls

USUAL_RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)


def rates() -> st.SearchStrategy[Fraction]:
    """Frame rates that scenes have."""
    return st.sampled_from(USUAL_RATES)


def seeds() -> st.SearchStrategy[int]:
    """Seeds for arrays that are too big to be drawn number by number."""
    return st.integers(0, 2**32 - 1)


@st.composite
def samples(draw: st.DrawFn, min_size: int = 1, max_size: int = 5000) -> np.ndarray:
    """Mono sound: noise, silence or a tone, float32 in -1..1."""
    n = draw(st.integers(min_size, max_size))
    kind = draw(st.sampled_from(["noise", "silence", "tone"]))
    if kind == "silence":
        return np.zeros(n, np.float32)
    if kind == "tone":
        return np.sin(np.arange(n) * draw(st.floats(0.01, 3.0))).astype(np.float32)
    return np.random.default_rng(draw(seeds())).uniform(-1, 1, n).astype(np.float32)


@st.composite
def curves(draw: st.DrawFn, min_frames: int = 1, max_frames: int = 120) -> np.ndarray:
    """Coefficients (T, 52) in 0..1, float32: noise or slow motion."""
    n = draw(st.integers(min_frames, max_frames))
    rng = np.random.default_rng(draw(seeds()))
    if draw(st.booleans()):
        return rng.random((n, arkit.N_CHANNELS), np.float32)
    phase = rng.uniform(0, 6, arkit.N_CHANNELS)
    speed = rng.uniform(0.05, 0.6, arkit.N_CHANNELS)
    return (0.5 + 0.5 * np.sin(np.arange(n)[:, None] * speed + phase)).astype(np.float32)


@st.composite
def clips(draw: st.DrawFn, min_frames: int = 1, *, starts: bool = True) -> Clip:
    """Clips of 52 channels, with or without a moving head."""
    values = draw(curves(min_frames, min_frames + 60))
    channels = arkit.CHANNELS
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(seeds()))
        head = rng.uniform(-0.5, 0.5, (len(values), 3)).astype(np.float32)
        head[0] = 0.125  # a column of zeros is left out by the csv format
        values, channels = np.concatenate([values, head], axis=1), channels + arkit.HEAD_CHANNELS
    start_s = draw(st.floats(-100, 100)) if starts else 0.0
    return Clip(values, channels, draw(rates()), start_s, {"seed": draw(st.integers(0, 9))})


@st.composite
def controls(draw: st.DrawFn) -> Controls:
    """Any controls within their limits."""
    numbers = {name: draw(st.floats(low, high)) for name, (low, high) in LIMITS.items()}
    weights = tuple(draw(st.lists(st.floats(0, 1), min_size=len(EMOTIONS), max_size=len(EMOTIONS))))
    return Controls(emotions=weights, seed=draw(st.integers(0, 99)), **numbers)
