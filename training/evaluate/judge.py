"""The figures of one maker of faces on one set of takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.shaping.aperture import aperture_mm

from ..data.takes import Take
from .curve_figures import best_lag_ms, closures, jitter, pearson
from .mesh import Head, dynamics, largest_distances

__all__ = ["FIGURES", "Figures", "judge"]

_JAW: Final = arkit.index("jawOpen")


@dataclass(frozen=True)
class Figures:
    """What a row of the table says; NaN where a set cannot tell."""

    lve_mm: float
    eve_mm: float
    fdd_mm2: float  # upper face, truth minus made: 0 is as lively as the truth
    error: float  # mean absolute difference of the known channels, times 100
    closed_hit: float  # share of p, b, m that shut the lips
    closed_false: float  # share of open vowels that do
    jaw_r: float
    gap_r: float  # of the gap between the lips
    lag_ms: float  # + late
    jitter_ratio: float  # made over truth


FIGURES: Final = tuple(Figures.__dataclass_fields__)


def judge(made: Callable[[int], np.ndarray], takes: Sequence[Take], head: Head) -> Figures:
    """Figures over takes; `made(k)` gives the curves of take k, at most as long as its truth.

    LVE, EVE and the error are means over all frames; FDD and lag (its median) over takes; the
    correlations are over all takes joined, each take's mean removed.
    """
    rows = [_one(made(k), take, head) for k, take in enumerate(takes)]
    frames = np.array([row.n for row in rows], float)

    def by_frames(name: str) -> float:
        values = np.array([getattr(row, name) for row in rows])
        return float((values * frames).sum() / frames.sum())

    hits = [h for row in rows for h in row.hits]
    falses = [f for row in rows for f in row.falses]
    lags = [row.lag for row in rows if np.isfinite(row.lag)]
    made_jitter, true_jitter = (np.mean([row.jitter[k] for row in rows]) for k in (0, 1))
    return Figures(
        lve_mm=by_frames("lve"),
        eve_mm=by_frames("eve"),
        fdd_mm2=float(np.mean([row.fdd for row in rows])),
        error=by_frames("error"),
        closed_hit=float(np.mean(hits)) if hits else float("nan"),
        closed_false=float(np.mean(falses)) if falses else float("nan"),
        jaw_r=_joined([row.jaw for row in rows]),
        gap_r=_joined([row.gap for row in rows]),
        lag_ms=float(np.median(lags)) if len(lags) > len(rows) // 2 else float("nan"),
        jitter_ratio=float(made_jitter / max(float(true_jitter), 1e-9)),
    )


@dataclass(frozen=True, eq=False)
class _Row:
    n: int
    lve: float
    eve: float
    fdd: float
    error: float
    hits: list[bool]
    falses: list[bool]
    jaw: np.ndarray  # (2, T) made, true; each without its mean
    gap: np.ndarray
    lag: float
    jitter: tuple[float, float]


def _one(made: np.ndarray, take: Take, head: Head) -> _Row:
    n = min(len(made), len(take.curves))
    known = take.channels_known
    # What a capture cannot see does not count: the truth stands in for what was made.
    made = made[:n] * known + take.curves[:n] * (1.0 - known)
    true = take.curves[:n]
    hits, falses = closures(made, take.phones)
    pairs = [np.stack([a - a.mean(), b - b.mean()]) for a, b in _curves(made, true)]
    return _Row(
        n=n,
        lve=float(largest_distances(made, true, head.lips).mean()),
        eve=float(largest_distances(made, true, head.upper).mean()),
        fdd=dynamics(true, head.upper) - dynamics(made, head.upper),
        error=100.0 * float(np.abs(made - true).mean(0)[known > 0].mean()),
        hits=hits,
        falses=falses,
        jaw=pairs[0],
        gap=pairs[1],
        lag=best_lag_ms(made, true),
        jitter=(jitter(made), jitter(true)),
    )


def _curves(made: np.ndarray, true: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(made[:, _JAW], true[:, _JAW]), (aperture_mm(made), aperture_mm(true))]


def _joined(pairs: Sequence[np.ndarray]) -> float:
    return pearson(*np.concatenate(pairs, axis=1))
