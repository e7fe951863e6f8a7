"""Errors of a face in millimetres on a head: LVE, EVE and FDD.

LVE: mean over frames of the largest distance over the vertices of the lips; EVE: the same over eyes
and forehead. Weights are taken as they are, without limits. FDD as in CodeTalker's metric script:
for each vertex of the upper face the deviation over time of its squared offset from the neutral
head, averaged over the vertices; truth minus prediction, in mm².

`ict_masks.npz` has the lips and the upper face of the ICT-FaceKit head (MIT, beside it): 3842 of
its vertices. Another head: an npz of `deltas` (n, V, 3) in mm, `arkit_names` (n,), `mask_lips` and
`mask_upper` (V,).
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.arkit import CHANNELS, N_CHANNELS
from emotalk_core.errors import InputError

__all__ = ["Head", "dynamics", "largest_distances", "read_head", "shipped_head"]

_FIELDS: Final = ("deltas", "arkit_names", "mask_lips", "mask_upper")


@dataclass(frozen=True, eq=False)
class Head:
    """Millimetres per unit of each channel."""

    lips: np.ndarray  # float32 (52, L * 3)
    upper: np.ndarray  # float32 (52, U * 3)


def shipped_head() -> Head:
    """Lips and upper face of ICT-FaceKit."""
    return read_head(Path(__file__).with_name("ict_masks.npz"))


def read_head(path: Path) -> Head:
    """A head from an npz file.

    Raises
    ------
    InputError
        No such file, fields missing or of other shapes, or channels that ARKit does not have.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            missing = [name for name in _FIELDS if name not in stored]
            if missing:
                raise InputError(
                    f"Head without {', '.join(missing)}",
                    value=path,
                    remedy=f"It needs {', '.join(_FIELDS)}.",
                )
            deltas, names, lips, upper = (stored[name] for name in _FIELDS)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError("Head cannot be read", value=path, remedy="Give an npz file.") from error
    _check_shapes(path, deltas, names, (lips, upper))
    wide = np.zeros((N_CHANNELS, deltas.shape[1], 3), np.float32)
    for name, delta in zip(names, deltas, strict=True):
        if str(name) not in CHANNELS:
            raise InputError("No ARKit channel", value=name, remedy="Name shapes as ARKit does.")
        # Some heads have one channel in two halves: both follow the one weight.
        wide[CHANNELS.index(str(name))] += delta.astype(np.float32)
    return Head(*(wide[:, mask.astype(bool)].reshape(N_CHANNELS, -1) for mask in (lips, upper)))


def _check_shapes(
    path: Path, deltas: np.ndarray, names: np.ndarray, masks: Sequence[np.ndarray]
) -> None:
    n, vertices = (*deltas.shape, 0, 0)[:2]
    fits = deltas.shape == (n, vertices, 3) and names.shape == (n,)
    if not fits or any(m.shape != (vertices,) or not m.any() for m in masks):
        raise InputError(
            "Arrays of a head that do not fit",
            value=path,
            remedy="It needs deltas (n, V, 3), arkit_names (n,), masks (V,) of some vertices.",
        )


def largest_distances(made: np.ndarray, wanted: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(T,): mm, the largest distance over a part's vertices in each frame of (T, 52) curves."""
    offset = (made - wanted).astype(np.float32) @ part
    return np.sqrt((offset.reshape(len(offset), -1, 3) ** 2).sum(-1).max(1))


def dynamics(curves: np.ndarray, part: np.ndarray) -> float:
    """Mean over a part's vertices of the deviation over time of their squared offset, mm²."""
    offset = curves.astype(np.float32) @ part
    return float((offset.reshape(len(offset), -1, 3) ** 2).sum(-1).std(0).mean())
