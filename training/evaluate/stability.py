"""Whether the same speech gives the same face wherever it stands and however loud it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotalk_core import arkit
from emotalk_core.controls import Controls
from emotalk_core.timing import NETWORK_FPS, SAMPLE_RATE, resample

from ..datasets import Recording, load_samples
from .studio import Studio, bare

__all__ = ["stability"]

_LATER_S = 1.7
_ASKED = 0.985
_GRID = 1600  # samples in three frames
_BREATH = 8000  # samples, half a second
_PLAIN = bare(Controls())


def _r(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-6 and b.std() > 1e-6 else 0.0


def stability(studio: Studio, recordings: Sequence[Recording]) -> dict[str, dict[str, float]]:
    """By what was changed: correlation of the jaw in the mean and in the worst clip, and how many
    clips are below .985; of all curves the mean difference, the correlation, and the size of the
    motion as a share of what it was.
    """
    found: dict[str, list[tuple[float, ...]]] = {}
    for recording in recordings:
        samples = load_samples(recording.source)
        alone = studio.decode(studio.encode(recording), _PLAIN)
        for name, (sound, start) in _changed(recording, samples).items():
            curves = studio.decode(studio.encode_samples(sound), _PLAIN)
            # The very last frame of the clip alone may look past its end.
            a, jaw = alone[:-1], arkit.index("jawOpen")
            times_s = np.arange(len(a)) / 30 + start / SAMPLE_RATE
            b = resample(curves, NETWORK_FPS, times_s)
            figures = (
                _r(a[:, jaw], b[:, jaw]),
                _difference(a, b),
                _r(a.ravel(), b.ravel()),
                _size(a, b),
            )
            found.setdefault(name, []).append(figures)
    return {name: _summary(np.array(rows)) for name, rows in found.items()}


def _summary(rows: np.ndarray) -> dict[str, float]:
    """Over clips, rows of jaw r, difference, r of all curves, size."""
    jaw, difference, everything, size = rows.T
    return {
        "jaw_r": float(jaw.mean()),
        "jaw_r_worst": float(jaw.min()),
        "n_below": float((jaw < _ASKED).sum()),
        "difference": float(difference.mean()),
        "all_r": float(everything.mean()),
        "size": float(size.mean()),
    }


def _changed(recording: Recording, samples: np.ndarray) -> dict[str, tuple[np.ndarray, int]]:
    """The clip elsewhere or at another level: the sound, and the sample at which the clip starts.

    "second" starts on a frame. The frames of "anywhere", and the front end's states, fall on other
    samples of the clip than the first one's: a copy after a breath of about half a second. "joined"
    does so too, but without the breath: clips that were cut tight then begin in the last word of
    the copy before, and the mouth does not come from rest.
    """
    rng = np.random.default_rng(recording.seed)
    hiss = (rng.standard_normal(int(_LATER_S * SAMPLE_RATE)) * 1e-4).astype(np.float32)
    breath = np.zeros(int(rng.integers(_BREATH, _BREATH + _GRID)), np.float32)
    whole = np.concatenate([samples, np.zeros(-len(samples) % _GRID, np.float32)])
    return {
        "later": (np.concatenate([hiss, samples]), len(hiss)),
        "second": (np.concatenate([whole, samples]), len(whole)),
        "anywhere": (np.concatenate([samples, breath, samples]), len(samples) + len(breath)),
        "joined": (np.concatenate([samples, samples]), len(samples)),
        "quieter": (samples * np.float32(0.1), 0),
    }


def _size(a: np.ndarray, b: np.ndarray) -> float:
    return float(b.std(axis=0).sum() / max(a.std(axis=0).sum(), 1e-9))


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).mean())
