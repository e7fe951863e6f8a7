"""Whether the same speech gives the same face wherever it stands and however loud it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotalk_core import arkit
from emotalk_core.controls import Controls
from emotalk_core.engine.frontend import SAMPLE_RATE

from ..datasets import Recording, load_samples
from .studio import Studio, bare

__all__ = ["stability"]

_LATER_S = 1.7
_GRID = 1600  # samples in three frames
_PLAIN = bare(Controls())


def _r(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-6 and b.std() > 1e-6 else 0.0


def stability(studio: Studio, recordings: Sequence[Recording]) -> dict[str, dict[str, float]]:
    """Correlation of the jaw and mean difference of all curves, by what was changed: mean and worst
    clip.
    """
    found: dict[str, list[tuple[float, float]]] = {"later": [], "second": [], "quieter": []}
    for recording in recordings:
        samples = load_samples(recording.source)
        alone = studio.decode(studio.encode(recording), _PLAIN)
        rng = np.random.default_rng(recording.seed)
        hiss = (rng.standard_normal(int(_LATER_S * SAMPLE_RATE)) * 1e-4).astype(np.float32)
        # Whole frames apart: reading a curve between its frames would cost .01 of r by itself.
        whole = np.concatenate([samples, np.zeros(-len(samples) % _GRID, np.float32)])
        changed = {
            "later": (np.concatenate([hiss, samples]), len(hiss)),
            "second": (np.concatenate([whole, samples]), len(whole)),
            "quieter": (samples * np.float32(0.1), 0),
        }
        for name, (sound, start) in changed.items():
            curves = studio.decode(studio.encode_samples(sound), _PLAIN)
            first = start * 30 // SAMPLE_RATE
            # The very last frame of the clip alone may look past its end.
            a, b = alone[:-1], curves[first : first + len(alone) - 1]
            jaw = arkit.index("jawOpen")
            found[name].append((_r(a[:, jaw], b[:, jaw]), float(np.abs(a - b).mean())))
    return {
        name: {
            "jaw_r": float(np.mean([r for r, _ in pairs])),
            "jaw_r_worst": float(np.min([r for r, _ in pairs])),
            "difference": float(np.mean([d for _, d in pairs])),
        }
        for name, pairs in found.items()
    }
