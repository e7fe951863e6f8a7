"""How curves follow other curves: lag, jitter, size, closed lips. 30 fps in, compared at 100 Hz."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.shaping.aperture import REST_MM, aperture_mm

from ..faces.phones import Phone

__all__ = ["best_lag_ms", "closures", "jitter", "on_grid", "pearson"]

GRID_HZ: Final = 100
_FPS: Final = 30
_MOUTH: Final = [*arkit.JAW, *arkit.indices("mouth")]
_LAG_REACH: Final = 25  # steps of 10 ms
_EDGE_S: Final = 0.02


def on_grid(curves: np.ndarray) -> np.ndarray:
    """Curves (T, C) at 30 fps, read at 100 Hz."""
    frames = np.arange(len(curves))
    times = np.arange(len(curves) * GRID_HZ // _FPS) / GRID_HZ * _FPS
    return np.stack([np.interp(times, frames, column) for column in curves.T], 1)


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation; 0 where one of them does not move."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-9 and b.std() > 1e-9 else 0.0


def best_lag_ms(made: np.ndarray, wanted: np.ndarray) -> float:
    """By how much the lip gap of `made` comes late, ms; NaN where it does not follow at all."""
    a, b = (aperture_mm(on_grid(curves)) for curves in (made, wanted))
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    lags = np.arange(-_LAG_REACH, _LAG_REACH + 1)
    scores = [
        pearson(a[max(0, k) : n + min(0, k)], b[max(0, -k) : n - max(0, k)])
        if n > abs(k) + 2
        else 0
        for k in lags
    ]
    best = int(np.argmax(scores))
    if scores[best] <= 0:
        return float("nan")
    shift = 0.0
    if 0 < best < len(lags) - 1:
        before, here, after = scores[best - 1 : best + 2]
        bend = before - 2 * here + after
        shift = 0.5 * (before - after) / bend if bend else 0.0
    return 1000.0 * (lags[best] + shift) / GRID_HZ


def jitter(curves: np.ndarray) -> float:
    """Second differences of mouth and jaw over the size of their motion."""
    mouth = curves[:, _MOUTH]
    size = np.sqrt(mouth.var(0).mean())
    return float(np.sqrt((np.diff(mouth, 2, axis=0) ** 2).mean()) / max(size, 1e-9))


def closures(curves: np.ndarray, phones: Sequence[Phone]) -> tuple[list[bool], list[bool]]:
    """Whether each p, b, m shuts the lips, and whether each open vowel's middle is that shut.

    Shut: less than a fifth of the clip's wide openings, or the resting mouth.
    """
    gap = aperture_mm(on_grid(curves))
    shut = max(0.2 * float(np.percentile(gap, 90)), REST_MM + 0.05)
    hits, falses = [], []
    for phone in phones:
        if phone.kind == "closure":
            part = _between(gap, phone.start_s - _EDGE_S, phone.end_s + _EDGE_S)
            hits.append(bool(len(part) and part.min() <= shut))
        elif phone.kind == "open":
            middle = (phone.start_s + phone.end_s) / 2
            part = _between(gap, middle - _EDGE_S, middle + _EDGE_S)
            falses.append(bool(len(part) and part.max() <= shut))
    return hits, falses


def _between(curve: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return curve[max(0, round(start_s * GRID_HZ)) : round(end_s * GRID_HZ) + 1]
