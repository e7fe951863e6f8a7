"""The one sample type of supervised training: a sound with its face, and what is known of both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.arkit import CHANNELS, N_CHANNELS
from emotalk_core.errors import EmoTalkError, InputError
from emotalk_core.timing import resample

from ..datasets import Utterance

__all__ = ["FPS", "Faults", "Take", "numbered_persons", "on_frames"]

log = logging.getLogger(__name__)

FPS: Final = 30
LARGEST_WEIGHT: Final = 4.0  # captures go a little beyond 1; percent go far
LONGEST_DIFFERENCE_S: Final = 0.5  # between sound and curves: more is another recording


@dataclass(frozen=True, eq=False, kw_only=True)
class Take(Utterance):
    """A sound with its face; takes of one speaker, level and sentence are the same words, so that
    feelings can be swapped.
    """

    curves: np.ndarray  # float32 (T, 52), Apple's order, 30 fps: row k is at k / 30 s
    sentence: str = ""  # empty: nobody else says it
    emotion: int | None = None  # index into EMOTIONS
    level: int = 0  # 0 normal, 1 strong
    person: int = 0  # whose face: index of the person input
    known: np.ndarray | None = None  # float32 (52,), 0 where the capture sees nothing; None: all 1

    @property
    def channels_known(self) -> np.ndarray:
        """float32 (52,)."""
        return np.ones(N_CHANNELS, np.float32) if self.known is None else self.known


class Faults:
    """What is wrong with single takes: one error for all of them, or a warning and a way on."""

    def __init__(self, *, skip: bool = False) -> None:
        self._skip = skip
        self._found: list[str] = []

    def add(self, fault: str) -> None:
        """Remember a take that cannot be used."""
        self._found.append(fault)

    def add_error(self, name: str, error: EmoTalkError) -> None:
        """Remember a take whose files cannot be read, with all that the error says."""
        self.add(f"{name}: {str(error).rstrip('.')}")

    def check_curves(
        self, values: np.ndarray, name: str, channels: Sequence[str] = CHANNELS
    ) -> bool:
        """Whether curves can be trained on: (T, 52), T > 0, finite, of the size of weights."""
        if values.ndim != 2 or values.shape[1] != N_CHANNELS or not len(values):
            self.add(f"{name} has shape {values.shape}, not (frames, {N_CHANNELS})")
            return False
        if values.dtype.kind not in "fiu":
            self.add(f"{name} holds {values.dtype}, not numbers")
            return False
        for faulty, what in (
            (~np.isfinite(values), "no number"),
            (np.abs(values) > LARGEST_WEIGHT, "more than a weight (0 to 1; percent?)"),
        ):
            if faulty.any():
                row, column = (int(k) for k in np.argwhere(faulty)[0])
                self.add(f"{name} has {what} at frame {row}, channel {channels[column]}")
                return False
        return True

    def check_lengths(self, curves_s: float, sound_s: float, name: str) -> bool:
        """Whether a sound and its curves can be of one recording."""
        if abs(curves_s - sound_s) <= LONGEST_DIFFERENCE_S:
            return True
        self.add(f"{name} has {curves_s:.2f} s of curves for {sound_s:.2f} s of sound")
        return False

    def settle(self, folder: Path) -> None:
        """Raise InputError about all faults at once; with `skip`, warn and go on."""
        if not self._found:
            return
        what = f"{len(self._found)} in {folder}; first: {self._found[0]}"
        if not self._skip:
            raise InputError(
                "Takes that cannot be used",
                value=what,
                remedy="Mend or remove them, or leave them out with --skip-bad.",
            )
        log.warning("left out: %s", what)


def on_frames(values: np.ndarray, fps: Fraction) -> np.ndarray:
    """Curves at 30 fps, float32 (T, 52), from curves at another rate."""
    if fps == FPS:
        return values.astype(np.float32)
    n_frames = max(1, int((len(values) - 1) * FPS / fps) + 1)
    return resample(values.astype(np.float32), fps, np.arange(n_frames) / FPS)


def numbered_persons(takes: Sequence[Take], n_persons: int) -> list[Take]:
    """Takes with a person number for each training speaker; others have 0.

    Raises
    ------
    InputError
        More speakers than the network has persons.
    """
    speakers = sorted({t.speaker for t in takes if t.split == "train"})
    if len(speakers) > n_persons:
        raise InputError(
            "More speakers than persons",
            value=f"{len(speakers)} speakers, {n_persons} persons",
            remedy="Raise `persons` in the config.",
        )
    number = {speaker: k for k, speaker in enumerate(speakers)}
    return [replace(t, person=number.get(t.speaker, 0)) for t in takes]
