"""A voice taken apart and put together by WORLD: pitch, spectrum, breath (Morise et al. 2016)."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np

from emotalk_core.errors import SetupError
from emotalk_core.timing import SAMPLE_RATE

__all__ = ["FRAME_S", "Parts", "analyse", "synthesise", "warped", "widened"]

FRAME_S: Final = 0.005


@dataclass(frozen=True, eq=False)
class Parts:
    """What WORLD hears in each 5 ms."""

    f0: np.ndarray  # float64 (n,) Hz, 0 unvoiced
    spectrum: np.ndarray  # float64 (n, bins), power
    aperiodic: np.ndarray  # float64 (n, bins), 0 tone .. 1 noise


def analyse(samples: np.ndarray) -> Parts:
    """The parts of a sound at 16 kHz."""
    world = _world()
    x = samples.astype(np.float64)
    f0, times = world.dio(x, SAMPLE_RATE)
    f0 = world.stonemask(x, f0, times, SAMPLE_RATE)
    spectrum = world.cheaptrick(x, f0, times, SAMPLE_RATE)
    return Parts(f0, spectrum, world.d4c(x, f0, times, SAMPLE_RATE))


def synthesise(parts: Parts) -> np.ndarray:
    """float64 (n,): the sound of parts."""
    arrays = (np.ascontiguousarray(a) for a in (parts.f0, parts.spectrum, parts.aperiodic))
    return _world().synthesize(*arrays, SAMPLE_RATE)


def widened(f0: np.ndarray, exponent: float) -> np.ndarray:
    """Pitch whose excursions around its median grow by `exponent`."""
    voiced = f0 > 0
    if not voiced.any():
        return f0
    middle = float(np.median(f0[voiced]))
    out = f0.copy()
    out[voiced] = np.clip(middle * (f0[voiced] / middle) ** exponent, 50.0, 600.0)
    return out


def warped(spectrum: np.ndarray, warp: float) -> np.ndarray:
    """(T, bins): formants times `warp`."""
    bins = np.arange(spectrum.shape[1])
    source = np.clip(bins / warp, 0, bins[-1])
    low = np.minimum(source.astype(int), bins[-1] - 1)
    part = source - low
    logs = np.log(spectrum + 1e-16)
    return np.ascontiguousarray(np.exp(logs[:, low] * (1 - part) + logs[:, low + 1] * part))


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
