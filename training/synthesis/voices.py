"""Other people from the same recording: formants, pitch and breath by WORLD, all times kept."""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

import numpy as np

from emotalk_core.errors import SetupError

from .spoken import SAMPLE_RATE, SpokenClip, with_samples

__all__ = ["another_voice"]


def another_voice(clip: SpokenClip, rng: np.random.Generator) -> SpokenClip:
    """`clip` by a longer or shorter vocal tract, higher or lower, sometimes breathy."""
    pyworld = _world()
    x = clip.samples.astype(np.float64)
    f0, times = pyworld.dio(x, SAMPLE_RATE)
    f0 = pyworld.stonemask(x, f0, times, SAMPLE_RATE)
    spectrum = pyworld.cheaptrick(x, f0, times, SAMPLE_RATE)
    aperiodic = pyworld.d4c(x, f0, times, SAMPLE_RATE)
    warp, pitch = float(rng.uniform(0.88, 1.14)), float(np.exp(rng.uniform(-0.35, 0.35)))
    breath = float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.8)]))
    melody = float(rng.uniform(0.7, 1.5))
    spectrum = _warped(spectrum, warp)
    aperiodic = np.clip(aperiodic + breath * (1.0 - aperiodic), 0.0, 1.0)
    y = pyworld.synthesize(_melody(f0 * pitch, melody), spectrum, aperiodic, SAMPLE_RATE)
    y = np.pad(y, (0, max(0, len(x) - len(y))))[: len(x)]
    y *= np.sqrt((x**2).mean() / max((y**2).mean(), 1e-12))
    return with_samples(clip, y, note=f"formants {warp:.2f} pitch {pitch:.2f} breath {breath:.2f}")


def _world() -> ModuleType:
    """WORLD, imported by the clips that need it; SetupError without it."""
    # Its package asks for its version in a way that Python has deprecated.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("pyworld")
        except ImportError as error:
            raise SetupError(
                "Library not found",
                value="pyworld",
                remedy="It compiles on this machine: .venv-train/bin/pip install pyworld==0.3.5 "
                '"setuptools<81" (needs gcc and Python\'s headers).',
            ) from error


def _melody(f0: np.ndarray, exponent: float) -> np.ndarray:
    voiced = f0 > 0
    if not voiced.any():
        return f0
    middle = float(np.median(f0[voiced]))
    out = f0.copy()
    out[voiced] = np.clip(middle * (f0[voiced] / middle) ** exponent, 50.0, 600.0)
    return out


def _warped(spectrum: np.ndarray, warp: float) -> np.ndarray:
    """(T, bins): formants times `warp`."""
    bins = np.arange(spectrum.shape[1])
    source = np.clip(bins / warp, 0, bins[-1])
    low = np.minimum(source.astype(int), bins[-1] - 1)
    part = source - low
    logs = np.log(spectrum + 1e-16)
    return np.ascontiguousarray(np.exp(logs[:, low] * (1 - part) + logs[:, low + 1] * part))
