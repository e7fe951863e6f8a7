"""Real curves with sound as other projects left them: FACEGOOD (animators), GRID through MediaPipe,
one Live Link Face take. Channels that a capture cannot see are marked unknown.

What each may be used for stands in its licence; the Live Link Face take is for judging alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.arkit import CHANNELS
from emotalk_core.clip import Clip
from emotalk_core.clip_files import read_clip
from emotalk_core.errors import InputError
from emotalk_core.retarget import faces_of

from ..datasets import read_phones, read_rows
from .takes import FPS, Take, on_frames

__all__ = ["CAPTURES", "load_capture", "read_capture"]

_SPLITS: Final = {"train": "train", "val": "dev", "test": "test"}
# MediaPipe's curves of GRID: these move as the face does; the others hardly move at all.
_GRID_KNOWN: Final = (
    "jawOpen", "jawLeft", "jawRight", "mouthClose", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight",
)  # fmt: skip


def load_capture(data: Path, name: str) -> list[Take]:
    """Takes of one of `CAPTURES`, in the folder of its name.

    Raises
    ------
    InputError
        There is no such set, or it is not under `data`, or not whole.
    """
    if name not in CAPTURES:
        raise InputError("No such set", value=name, remedy=f"Use {', '.join(CAPTURES)}.")
    return read_capture(data / name, name)


def read_capture(folder: Path, name: str) -> list[Take]:
    """Takes of one of `CAPTURES`, whatever its folder is called.

    Raises
    ------
    InputError
        No such folder, or one without the set's tables.
    """
    if not folder.is_dir():
        raise InputError("Set not found", value=folder, remedy=f"Give the folder of {name}.")
    try:
        takes = list(CAPTURES[name](folder))
    except FileNotFoundError as error:
        raise InputError(
            "Set is not whole", value=error.filename, remedy=f"Give the folder of {name}."
        ) from error
    if not takes:
        raise InputError("No takes", value=folder, remedy=f"Give the folder of {name}.")
    return takes


def _facegood(folder: Path) -> Iterator[Take]:
    with np.load(folder / "curves.npz") as stored:
        arrays = {name: stored[name] for name in stored}
    names = [str(n) for n in arrays["arkit_names"]]
    known = _ordered(arrays["arkit_trainable"][None], names)[0]
    for row in read_rows(folder / "clips.csv"):
        values = _ordered(arrays[f"{row['clip']}/arkit_ext"], names)
        yield Take(
            name=f"facegood_zh/{row['clip']}",
            source=folder / "audio" / f"{row['clip']}.flac",
            curves=values,
            speaker="facegood",
            split=_SPLITS[row["split"]],
            known=known,
        )


def _grid(folder: Path) -> Iterator[Take]:
    with np.load(folder / "curves.npz") as stored:
        weights, names = stored["weights"], [str(n) for n in stored["names"]]
        starts = dict(zip((str(c) for c in stored["clip_ids"]), stored["offsets"], strict=False))
        rate = Fraction(int(stored["fps"]))
    known = np.array([c in _GRID_KNOWN for c in CHANNELS], np.float32)
    timed = folder / "phones.csv"
    phones = read_phones(timed) if timed.is_file() else {}
    for row in read_rows(folder / "clips.csv"):
        first = int(starts[row["clip"]])
        seen = weights[first : first + int(row["frames"])]
        if not np.isfinite(seen).all():
            continue
        yield Take(
            name=f"grid_mp/{row['clip']}",
            source=folder / "audio" / f"{row['clip']}.opus",
            curves=on_frames(_ordered(seen, names), rate),
            speaker=row["speaker"],
            split=_SPLITS.get(row["split"], "test"),
            known=known,
            phones=phones.get(f"{row['clip']}.opus", ()),
        )


def _live_link(folder: Path) -> Iterator[Take]:
    for path in sorted(folder.glob("*.flac")):
        clip = read_clip(path.with_suffix(".csv"))
        yield Take(
            name=f"llf/{path.stem}",
            source=path,
            curves=on_frames(faces_of(clip), clip.fps),
            speaker="llf",
            split="test",
        )


def _ordered(values: np.ndarray, names: list[str]) -> np.ndarray:
    """float32 (T, 52) in Apple's order; what has no column is 0."""
    return faces_of(Clip(values.astype(np.float32), tuple(names), Fraction(FPS)))


CAPTURES: Final[dict[str, Callable[[Path], Iterator[Take]]]] = {
    "facegood_zh": _facegood,
    "grid_mp": _grid,
    "llf": _live_link,
}
