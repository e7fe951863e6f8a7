"""The table as pictures: bars of LVE and EVE, and the curves of one take by every network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from emotalk_core import arkit

if TYPE_CHECKING:
    from .table import Scores

__all__ = ["draw_bars", "draw_curves"]

_SHOWN: Final = ("jawOpen", "mouthClose", "browDownLeft", "noseSneerLeft")
_COLOURS: Final = {"emotalk": "C3", "faceformer": "C0", "meshtalk": "C2", "voca": "C1"}


def draw_bars(scores: Sequence[Scores], titles: Mapping[str, str], path: Path) -> None:
    """LVE and EVE on the parallel test takes: mean over seeds, each seed a dot. `titles`: of rows,
    in order.
    """
    from matplotlib.figure import Figure

    rows = [s for row in titles for s in scores if s.row == row and "parallel" in s.by_set]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    for axis, (name, label) in zip(
        figure.subplots(1, 2, sharey=True),
        (("lve_mm", "LVE mm"), ("eve_mm", "EVE mm")),
        strict=True,
    ):
        for place, row in enumerate(rows):
            values = [f[name] for f in row.by_set["parallel"]]
            colour = _COLOURS.get(row.row, "0.65")
            axis.barh(place, float(np.mean(values)), color=colour, alpha=0.8)
            axis.plot(values, [place] * len(values), "k.", markersize=4)
        axis.set_yticks(range(len(rows)), [titles[r.row] for r in rows], fontsize=8)
        axis.set_xlabel(f"{label}, lower is better")
        axis.invert_yaxis() if axis is figure.axes[0] else None
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def draw_curves(made: Mapping[str, np.ndarray], path: Path) -> None:
    """A few channels of one take, wanted and made."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7), layout="constrained")
    for axis, channel in zip(figure.subplots(len(_SHOWN), 1, sharex=True), _SHOWN, strict=True):
        for name, curves in made.items():
            style = {"color": _COLOURS.get(name, "0.5"), "lw": 1.2}
            if name == "wanted":
                style = {"color": "0.6", "lw": 3.0}
            axis.plot(
                np.arange(len(curves)) / 30.0, curves[:, arkit.index(channel)], label=name, **style
            )
        axis.set_ylabel(channel, fontsize=8)
    figure.axes[0].legend(fontsize=8, ncols=5)
    figure.axes[-1].set_xlabel("s")
    figure.savefig(path, dpi=100)
