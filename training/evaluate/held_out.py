"""What a run's own held-out takes say of its network, beside what it started from and one face."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from torch import nn

from emotalk_core.atomic_file import atomic_file

from ..baselines.simple import ConstantFace
from ..paper.settings import PaperRun
from ..paper.starter import StarterAnimator
from ..paper.steps import network_of, with_sounds
from ..paper.store import Store
from .judge import judge
from .judged import HEADINGS, Judged, cell, figures_of, line, rows_of
from .mesh import Head, shipped_head

__all__ = ["judge_held_out"]

_SPLITS: Final = ("dev", "test")

_Rows = dict[str, dict[str, float]]


def judge_held_out(network: nn.Module, run: PaperRun, store: Store, folder: Path) -> str:
    """Leave `figures.json` in a run's folder; the same as Markdown, empty without held-out takes.

    Figures are those of `judge`: by split, then by row (the trained network, what the starter was
    before, the mean face of the training takes).
    """
    store, head = with_sounds(store, run), shipped_head()
    sets = [Judged(split, store, tuple(rows_of(store, split))) for split in _SPLITS]
    found = {one.name: _rows(network, run, one, head) for one in sets if one.rows}
    with atomic_file(folder / "figures.json") as file:
        file.write(f"{json.dumps(found, indent=1)}\n".encode())
    return "\n".join(_table(name, rows) for name, rows in found.items())


def _rows(network: nn.Module, run: PaperRun, judged: Judged, head: Head) -> _Rows:
    rows = {"trained": figures_of(network.cpu().eval(), judged, head)}
    if isinstance(network, StarterAnimator):
        rows["before"] = figures_of(network_of(run, judged.store).eval(), judged, head)
    mean = ConstantFace([judged.store.takes[k] for k in rows_of(judged.store, "train")])
    made = [mean.curves(take, len(take.curves)) for take in judged.takes]
    rows["one face"] = asdict(judge(made.__getitem__, judged.takes, head))
    return {row: {n: f for n, f in of.items() if math.isfinite(f)} for row, of in rows.items()}


def _table(name: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    columns = [c for c in HEADINGS if any(c in figures for figures in rows.values())]
    lines = [f"**{name}**", "", line(["", *(HEADINGS[c] for c in columns)])]
    lines.append(line(["---"] * (len(columns) + 1)))
    for row, figures in rows.items():
        lines.append(line([row, *(cell([figures.get(c, math.nan)], c) for c in columns)]))
    return "\n".join([*lines, ""])
