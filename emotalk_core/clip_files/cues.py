"""Mouth cues: one of nine drawn mouths at a time, for programs that switch pictures.

The mouths are those of Rhubarb Lip Sync, A to H and X (its readme), which Preston Blair drew before
it; the files are its own: tab-separated cues, and the switch data of Moho and OpenToonz.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import IO, Final, Protocol

import numpy as np

from ..arkit import CHANNELS
from ..best_path import best_path
from ..errors import InputError
from ..rigs.visemes import VISEMES, viseme_distances

__all__ = ["MOUTHS", "DatRows", "MouthCue", "TsvRows", "cue_frames", "mouth_cues"]

_MOUTHS: Final[Mapping[str, str]] = {
    "sil": "X", "PP": "A", "FF": "G", "TH": "B", "DD": "B", "kk": "B", "CH": "B", "SS": "B",
    "nn": "B", "RR": "E", "aa": "D", "E": "C", "ih": "B", "oh": "E", "ou": "F",
}  # fmt: skip
"""Rhubarb's mouth of each viseme: A lips shut, B teeth near each other, C open, D wide open, E
round, F puckered, G lip under the teeth, X at rest. H, a long l, is B: lips do not show it."""

MOUTHS: Final = "".join(sorted({*_MOUTHS.values()}))
"""The letters of all that are shown."""

_BLAIR: Final[Mapping[str, str]] = {
    "A": "MBP", "B": "etc", "C": "E", "D": "AI", "E": "O", "F": "U", "G": "FV", "X": "rest",
}  # fmt: skip
"""The same by Preston Blair's names, which Moho and OpenToonz know."""

_FAVOUR: Final[Mapping[str, float]] = {"A": -0.02, "D": 0.03, "F": 0.04, "G": 0.03, "X": 0.03}
"""Squared distance that a mouth is forgiven, or has to be nearer than the others: a hardly open
mouth is near to lips that are shut, and small movements of the lip say f and v."""

_REST: Final = "X"
_SEEN: Final = ("A", "G")  # lips that meet, however short: without them nothing seems to be said

_LEAST_ROWS: Final = 2  # of 30 a second: what the scene shows for less is not seen

_CHANGE: Final = 0.05  # squared distance that another mouth must save: what is shorter flickers


@dataclass(frozen=True)
class MouthCue:
    """A mouth, and the frames in which it is shown."""

    first: int
    end: int  # the frame after its last one
    mouth: str


def mouth_cues(faces: np.ndarray) -> list[MouthCue]:
    """The drawn mouths nearest to `faces` (T, 52), without flicker; each frame belongs to one."""
    names = np.array([_MOUTHS[viseme] for viseme in VISEMES])
    mouths = sorted({*names})
    distances = viseme_distances(faces)
    nearness = [_FAVOUR.get(m, 0.0) - distances[:, names == m].min(1) for m in mouths]
    path = best_path(np.stack(nearness, axis=1), _CHANGE)
    cues, first = [], 0
    for place, frames in groupby(path):
        end = first + sum(1 for _ in frames)
        cues.append(MouthCue(first, end, mouths[place]))
        first = end
    return cues


def cue_frames(faces: np.ndarray, first_frame: float, step: float) -> list[tuple[int, str]]:
    """The whole scene frames from which on each drawn mouth is shown, rising, and rest
    at the end.

    Parameters
    ----------
    faces : (T, 52)
        Row k is due at scene frame `first_frame + k * step`.
    """
    cues, least = mouth_cues(faces), max(1, round(_LEAST_ROWS * step))
    shown: list[tuple[int, str]] = []
    for row, mouth in (*((cue.first, cue.mouth) for cue in cues), (len(faces), _REST)):
        frame = round(first_frame + row * step)
        if shown and frame - shown[-1][0] < least and shown[-1][1] not in _SEEN:
            frame = shown.pop()[0]  # the one before would flicker
        elif shown:
            frame = max(frame, shown[-1][0] + 1)
        if not shown or shown[-1][1] != mouth or row == len(faces):
            shown.append((frame, mouth))
    return shown


class _Form(Protocol):
    """What is known of a clip before its rows."""

    @property
    def channels(self) -> tuple[str, ...]: ...
    @property
    def fps(self) -> Fraction: ...
    @property
    def start_s(self) -> float: ...


class _CueRows:
    """Rows are gathered: a cue is known when it has ended."""

    def __init__(self, file: IO[bytes], form: _Form) -> None:
        missing = next((name for name in CHANNELS if name not in form.channels), None)
        if missing is not None:
            raise InputError(
                "Mouth cues need all 52 channels", value=missing, remedy="Write npz or json."
            )
        self._columns = [form.channels.index(name) for name in CHANNELS]
        self._file, self._form = file, form
        self._faces: list[np.ndarray] = []

    def write(self, values: np.ndarray) -> None:
        self._faces.append(np.asarray(values[:, self._columns], np.float32))

    def finish(self) -> None:
        cues = mouth_cues(np.concatenate(self._faces))
        self._file.write("".join(f"{line}\n" for line in self._lines(cues)).encode())

    def abandon(self) -> None:
        pass

    def _lines(self, cues: list[MouthCue]) -> Iterator[str]:
        raise NotImplementedError


class TsvRows(_CueRows):
    """Rhubarb's tsv: the second at which a mouth appears, a tab, its letter; rest at the end."""

    def _lines(self, cues: list[MouthCue]) -> Iterator[str]:
        ends = [*((cue.first, cue.mouth) for cue in cues), (cues[-1].end, "X")]
        for frame, mouth in ends:
            yield f"{self._form.start_s + float(frame / self._form.fps):.2f}\t{mouth}"


class DatRows(_CueRows):
    """Moho's switch data: frames from 1 on at the clip's own rate, Preston Blair's names."""

    def _lines(self, cues: list[MouthCue]) -> Iterator[str]:
        yield "MohoSwitch1"
        zero = 1 + round(self._form.start_s * self._form.fps)
        for cue in cues:
            yield f"{zero + cue.first} {_BLAIR[cue.mouth]}"
        yield f"{zero + cues[-1].end} rest"
