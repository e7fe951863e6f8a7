"""Takes that a network is judged on: its curves, their figures, and the cells of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import nn

from ..data.takes import Take
from ..paper.batches import collate
from ..paper.store import Store
from .judge import FIGURES, judge
from .mesh import Head

__all__ = ["HEADINGS", "Judged", "cell", "figures_of", "line", "make_all", "rows_of"]

HEADINGS: Final[Mapping[str, str]] = {
    "lve_mm": "LVE mm", "eve_mm": "EVE mm", "fdd_mm2": "FDD mm²", "error": "error %",
    "closed_hit": "p b m shut", "closed_false": "vowels shut", "jaw_r": "jaw r", "gap_r": "gap r",
    "lag_ms": "lag ms", "jitter_ratio": "jitter", "cost": "s per s",
}  # fmt: skip
"""Figures by what a table calls them; `cost` is processor time."""

_DIGITS: Final = {"lve_mm": 3, "eve_mm": 3, "lag_ms": 0, "cost": 4}
_AT_ONCE: Final = 16  # takes in a batch; long ones go alone
_LONG_FRAMES: Final = 400


@dataclass(frozen=True, eq=False)
class Judged:
    """A set of takes to judge on."""

    name: str
    store: Store
    rows: tuple[int, ...]

    @property
    def takes(self) -> list[Take]:
        """Its takes, as `rows`."""
        return [self.store.takes[k] for k in self.rows]


def rows_of(store: Store, split: str) -> list[int]:
    """The takes of a split."""
    return [k for k, t in enumerate(store.takes) if t.split == split]


def figures_of(
    network: nn.Module, judged: Judged, head: Head, level: int | None = None
) -> dict[str, float]:
    """Figures of a network, told one level where `level` is given."""
    made = make_all(network, judged.store, judged.rows, level)
    return asdict(judge(made.__getitem__, judged.takes, head))


@torch.no_grad()
def make_all(
    network: nn.Module, store: Store, rows: Sequence[int], level: int | None = None
) -> list[np.ndarray]:
    """Curves of takes, in batches of about one length."""
    order = sorted(range(len(rows)), key=lambda i: store.n_frames(rows[i]))
    made: dict[int, np.ndarray] = {}
    while order:
        alone = store.n_frames(rows[order[0]]) > _LONG_FRAMES
        some, order = order[: 1 if alone else _AT_ONCE], order[1 if alone else _AT_ONCE :]
        batch = collate(store, [rows[i] for i in some])
        if level is not None:
            batch = replace(batch, level=torch.full_like(batch.level, level))
        curves = network.animate(batch)
        for i, values in zip(some, curves, strict=True):
            made[i] = values[: store.n_frames(rows[i])].numpy()
    return [made[i] for i in range(len(rows))]


def line(cells: Sequence[str]) -> str:
    """A row in Markdown."""
    return f"| {' | '.join(cells)} |"


def cell(values: Sequence[float], column: str) -> str:
    """Mean ± deviation over seeds (ddof 1, of more than one); empty where none is known."""
    known = [v for v in values if math.isfinite(v)]
    if not known:
        return ""
    digits = _DIGITS.get(column, 2)
    spread = f" ± {np.std(known, ddof=1):.{digits}f}" if len(known) > 1 else ""
    of = f" ({len(known)} of {len(values)})" if len(known) < len(values) else ""
    return f"{np.mean(known):.{digits}f}{spread}{of}"


assert set(HEADINGS) == {*FIGURES, "cost"}
