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

from ..datasets import read_phones
from ..filmed import Filmed, facegood_clips, grid_clips
from .takes import Take, on_frames

__all__ = ["CAPTURES", "load_capture", "read_capture"]

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
    for filmed in facegood_clips(folder):
        yield Take(
            name=f"facegood_zh/{filmed.clip}",
            source=filmed.source,
            curves=_ordered(filmed),
            speaker="facegood",
            split=filmed.split,
            known=filmed.known,
        )


def _grid(folder: Path) -> Iterator[Take]:
    known = np.array([c in _GRID_KNOWN for c in CHANNELS], np.float32)
    timed = folder / "phones.csv"
    phones = read_phones(timed) if timed.is_file() else {}
    for filmed in grid_clips(folder):
        if np.isfinite(filmed.values).all():
            yield Take(
                name=f"grid_mp/{filmed.clip}",
                source=filmed.source,
                curves=on_frames(_ordered(filmed), Fraction(filmed.fps)),
                speaker=filmed.row["speaker"],
                split=filmed.split,
                known=known,
                phones=phones.get(filmed.source.name, ()),
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


def _ordered(filmed: Filmed) -> np.ndarray:
    """float32 (T, 52) in Apple's order; what has no column is 0."""
    values, channels = filmed.values.astype(np.float32), tuple(filmed.channels)
    return faces_of(Clip(values, channels, Fraction(filmed.fps)))


CAPTURES: Final[dict[str, Callable[[Path], Iterator[Take]]]] = {
    "facegood_zh": _facegood,
    "grid_mp": _grid,
    "llf": _live_link,
}
