"""Lips against phones and real curves, by the score tool that lies beside the data."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from emotalk_core.controls import Controls
from emotalk_core.speech.phones import Phone

from ..datasets import Recording, load_samples
from .studio import Studio

__all__ = ["FIGURES", "lip_scores", "score_tool"]

FIGURES = (
    "closure_auc", "place_auc", "jaw_auc", "round_auc", "fv_auc", "closed_hit", "closed_false",
    "quiet_open",
    "quiet_motion", "jawOpen_r", "aperture_r", "rounding_r", "lag_ms", "size_ratio", "jitter_ratio",
)  # fmt: skip


def score_tool(data: Path) -> Path | None:
    """The tool that defines the figures; None where only the recordings were brought along."""
    tool = data.parent / "tools" / "score.py"
    return tool if tool.is_file() else None


def lip_scores(
    studio: Studio,
    tool: Path,
    sets: Mapping[str, tuple[Sequence[Recording], str]],
    controls: Controls | None = None,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
    told: Mapping[str, tuple[Phone, ...]] | None = None,
) -> dict[str, dict[str, float]]:
    """Figures of each set; `sets`: name -> (recordings, the tool's name of their split); `change`
    alters the samples first; `told` has phones by the recordings' names, to be obeyed.
    """
    phones = told or {}
    table = {}
    for name, (recordings, split) in sets.items():
        with tempfile.TemporaryDirectory() as folder:
            for recording in recordings:
                stem = recording.name.split("/")[1]
                if change is None:
                    curves = studio.curves(recording, controls, phones.get(recording.name, ()))
                else:
                    altered = change(load_samples(recording.source))
                    curves = studio.decode(studio.encode_samples(altered), controls)
                np.save(Path(folder) / f"{stem}.npy", curves)
            command = [sys.executable, str(tool), name, folder, "--split", split, "--json"]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
        result = json.loads(answer.stdout)
        table[name] = {figure: result[figure] for figure in FIGURES if figure in result}
    return table
