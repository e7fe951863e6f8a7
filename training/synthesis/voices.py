"""Other people from the same recording: formants, pitch and breath by WORLD, all times kept."""

from __future__ import annotations

import numpy as np

from .spoken import SpokenClip, with_samples
from .world import Parts, analyse, synthesise, warped, widened

__all__ = ["another_voice"]


def another_voice(clip: SpokenClip, rng: np.random.Generator) -> SpokenClip:
    """`clip` by a longer or shorter vocal tract, higher or lower, sometimes breathy."""
    x = clip.samples.astype(np.float64)
    parts = analyse(x)
    warp, pitch = float(rng.uniform(0.88, 1.14)), float(np.exp(rng.uniform(-0.35, 0.35)))
    breath = float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.8)]))
    melody = float(rng.uniform(0.7, 1.5))
    aperiodic = np.clip(parts.aperiodic + breath * (1.0 - parts.aperiodic), 0.0, 1.0)
    f0 = widened(parts.f0 * pitch, melody)
    y = synthesise(Parts(f0, warped(parts.spectrum, warp), aperiodic))
    y = np.pad(y, (0, max(0, len(x) - len(y))))[: len(x)]
    y *= np.sqrt((x**2).mean() / max((y**2).mean(), 1e-12))
    return with_samples(clip, y, note=f"formants {warp:.2f} pitch {pitch:.2f} breath {breath:.2f}")
