"""What a user may turn: one frozen dataclass, its presets, and how it changes over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, overload

import numpy as np

from .errors import InputError

if TYPE_CHECKING:  # shaping reads Controls itself
    from .shaping.look import Look
    from .speech.passage import Script
    from .speech.phones import Phone
    from .speech.transcript import Words

__all__ = [
    "EMOTIONS",
    "LIMITS",
    "MOVING",
    "PRESETS",
    "ControlTrack",
    "Controls",
    "FrameControls",
    "MovingControls",
    "emotion_weights",
]

EMOTIONS: Final[tuple[str, ...]] = (
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgust",
    "surprised",
)
"""RAVDESS order; the order of every array with eight emotions."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "mix": (0.0, 1.0),
        "intensity": (0.0, 2.0),
        "contrast": (0.0, 1.0),
        "brows": (0.0, 2.0),
        "eyes": (0.0, 2.0),
        "mouth": (0.0, 2.0),
        "jaw": (0.0, 2.0),
        "smoothing": (0.0, 1.0),
        "upper_smoothing": (-1.0, 1.0),
        "lip_closure": (0.0, 1.0),
        "articulation": (0.0, 1.0),
        "sync_offset_ms": (-500.0, 500.0),
        "blink": (0.0, 2.0),
        "gaze": (0.0, 2.0),
        "head": (0.0, 2.0),
        "asymmetry": (0.0, 1.0),
    }
)
"""Smallest and largest value of every number in `Controls`, the same in panels and on the
command line."""


@dataclass(frozen=True)
class Controls:
    """Everything between the sound's encoding and the final curves.

    Raises
    ------
    InputError
        A number is not finite or lies outside `LIMITS`; emotions are not eight weights of 0..1.
    """

    # slider weights, EMOTIONS order, 0..1 each
    emotions: tuple[float, ...] = (0.0,) * len(EMOTIONS)
    mix: float = 0.0  # 0: emotion as heard in the voice; 1: the sliders alone
    intensity: float = 1.0  # distance from neutral; 0 neutral, 1 as trained, up to 2
    contrast: float = 0.0  # 0: feelings blended as they are heard .. 1: nearly the strongest alone
    style: int = 0  # speaking style (the published network's person)
    brows: float = 1.0  # gains on the regions of `arkit.REGIONS`
    eyes: float = 1.0
    mouth: float = 1.0
    jaw: float = 1.0
    smoothing: float = 0.0  # 0 none .. 1 strongest (Savitzky-Golay over 0.37 s)
    upper_smoothing: float = 0.0  # added to it for brows, lids and cheeks
    lip_closure: float = 0.0  # pressing of nearly closed lips, over what the network closes itself
    articulation: float = 0.25  # open vowels that open, rounded ones that round; 0 as heard
    sync_offset_ms: float = 0.0  # + moves the face later
    blink: float = 1.0  # rate of the blink layer, 1 is natural (about 15 a minute)
    gaze: float = 1.0  # size of the gaze layer's saccades
    head: float = 1.0  # size of the head layer's motion and of the brows' accents
    asymmetry: float = 0.35  # how unlike left and right are in what a face feels; 0 a mirror's
    seed: int = 0  # of the blink, gaze, head and brow layers and of the asymmetry

    def __post_init__(self) -> None:
        if len(self.emotions) != len(EMOTIONS) or not all(0.0 <= w <= 1.0 for w in self.emotions):
            raise InputError(
                "Emotion weights must be eight numbers of 0..1",
                value=self.emotions,
                remedy=f"Give one for each of {', '.join(EMOTIONS)}.",
            )
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(
                    f"{name.replace('_', ' ').capitalize()} out of range",
                    value=value,
                    remedy=f"Use {low:g} to {high:g}.",
                )

    def to_dict(self) -> dict[str, object]:
        """Plain values for a Clip's meta or a report."""
        values: dict[str, object] = {f.name: getattr(self, f.name) for f in fields(self)}
        values["emotions"] = dict(zip(EMOTIONS, self.emotions, strict=True))
        return values


def emotion_weights(given: Mapping[str, float]) -> tuple[float, ...]:
    """Eight weights in EMOTIONS order from names and weights; names that are not there are 0.

    Raises
    ------
    InputError
        A name is none of the eight, or a weight lies outside 0..1.
    """
    for name, weight in given.items():
        if name not in EMOTIONS:
            raise InputError("No such emotion", value=name, remedy=f"Use {', '.join(EMOTIONS)}.")
        if not 0.0 <= weight <= 1.0:
            raise InputError(
                "Emotion weight out of range", value=f"{name}={weight:g}", remedy="Use 0 to 1."
            )
    return tuple(float(given.get(name, 0.0)) for name in EMOTIONS)


def _only(emotion: str, **changes: float) -> Controls:
    return replace(Controls(emotions=emotion_weights({emotion: 1.0}), mix=1.0), **changes)


PRESETS: Final[Mapping[str, Controls]] = MappingProxyType(
    {
        "From the voice": Controls(),
        **{emotion.capitalize(): _only(emotion) for emotion in EMOTIONS},
        "Broad (animation)": Controls(
            intensity=1.5, brows=1.3, mouth=1.15, jaw=1.15, articulation=0.6, asymmetry=0.5
        ),
        "Understated": Controls(intensity=0.6, brows=0.7, mouth=0.85, jaw=0.85, articulation=0.0),
        "Lips only": Controls(intensity=0.0, mix=1.0, blink=0.0, gaze=0.0, head=0.0, asymmetry=0.0),
    }
)


MOVING: Final[tuple[str, ...]] = (*EMOTIONS, "mix", "intensity")
"""What may change over time; the others hold for a whole sound."""

_NEARLY: Final = 1e-6  # what rounding does to a slider


def _moving(controls: Controls) -> tuple[float, ...]:
    """Of `MOVING`."""
    return (*controls.emotions, controls.mix, controls.intensity)


class MovingControls(Sequence[Controls]):
    """Many keys of sliders, at the price of an array.

    Parameters
    ----------
    base : Controls
        What does not move.
    rows : float (K, 10)
        Emotions in EMOTIONS order, mix and intensity of each key, within `LIMITS`.
    """

    def __init__(self, base: Controls, rows: np.ndarray) -> None:
        self._base, self.rows = base, rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Controls: ...
    @overload
    def __getitem__(self, place: slice) -> MovingControls: ...
    def __getitem__(self, place: int | slice) -> Controls | MovingControls:
        if isinstance(place, slice):
            return MovingControls(self._base, self.rows[place])
        *emotions, mix, intensity = self.rows[place].tolist()
        return replace(self._base, emotions=tuple(emotions), mix=mix, intensity=intensity)


@dataclass(frozen=True, eq=False)
class FrameControls:
    """What the decoder is told, frame by frame."""

    weights: np.ndarray  # float32 (T, 8), EMOTIONS order
    mix: np.ndarray  # float32 (T,), 0..1
    intensity: np.ndarray  # float32 (T,), 0..2
    style: int = 0
    contrast: float = 0.0  # 0..1
    usual: tuple[float, ...] = ()  # as of `ControlTrack`


@dataclass(frozen=True)
class ControlTrack:
    """Controls that change over time: keyed sliders, interpolated linearly between their keys.

    Only emotions, mix and intensity move; everything else is taken from `base`.
    """

    base: Controls = field(default_factory=Controls)
    times_s: Sequence[float] = ()  # rising, seconds on the sound's own clock
    keys: Sequence[Controls] = ()  # one for each time; none at all: `base` throughout
    look: Look | None = None  # what the eyes rest on
    usual: tuple[float, ...] = ()  # `more` of the speaker's `UsualVoice`, where it is known
    words: Words = ()  # the phones of the text that is spoken, where it is known
    script: Script | None = None  # else what may hold it, among much else
    phones: tuple[Phone, ...] = ()  # what is said, where people know better than the network

    def __post_init__(self) -> None:
        if len(self.times_s) != len(self.keys) or list(self.times_s) != sorted(self.times_s):
            raise InputError(
                "Control keys need rising times, one for each key",
                value=list(self.times_s),
                remedy="Sort the keys by time.",
            )

    @property
    def keyed(self) -> tuple[str, ...]:
        """Names of the controls that are not throughout as `base` says."""
        moves = (self._rows != np.array(_moving(self.base))).any(axis=0)
        return tuple(name for name, does in zip(MOVING, moves, strict=True) if does)

    def frames(self, times_s: np.ndarray) -> FrameControls:
        """Values at `times_s` (T,) seconds; held before the first and after the last key."""
        rows = self._at(times_s).astype(np.float32)
        weights = np.ascontiguousarray(rows[:, : len(EMOTIONS)])
        mix, intensity = np.ascontiguousarray(rows[:, len(EMOTIONS) :].T)
        base = self.base
        return FrameControls(weights, mix, intensity, base.style, base.contrast, self.usual)

    def changed_from(self, other: ControlTrack) -> tuple[float, float] | None:
        """First and last second between which this says something else than `other`, infinite where
        it does from the start or to the end; None: nowhere. What they look at is not compared.
        """
        if not self._is_alike(other):
            return -math.inf, math.inf
        times_s = np.union1d(self._times_s, other._times_s)
        apart = np.abs(self._at(times_s) - other._at(times_s)).max(axis=1) > _NEARLY
        where = np.flatnonzero(apart)
        if not len(where):
            return None
        edges = np.concatenate([[-math.inf], times_s, [math.inf]])
        return float(edges[where[0]]), float(edges[where[-1] + 2])

    def _is_alike(self, other: ControlTrack) -> bool:
        """But for what moves and what is looked at."""
        moved = {name: getattr(self.base, name) for name in ("emotions", "mix", "intensity")}
        bases = self.base == replace(other.base, **moved)
        told = (self.words, self.phones, self.usual)
        return bases and told == (other.words, other.phones, other.usual)

    @property
    def _times_s(self) -> np.ndarray:
        return np.asarray(self.times_s if self.keys else (0.0,), np.float64)

    @property
    def _rows(self) -> np.ndarray:
        """float64 (K, 10): as of `MovingControls`; `base` where nothing is keyed."""
        if isinstance(self.keys, MovingControls) and self.keys:
            return self.keys.rows
        return np.array([_moving(one) for one in self.keys or (self.base,)])

    def _at(self, times_s: np.ndarray) -> np.ndarray:
        """float64 (T, 10): the same at `times_s` (T,)."""
        keys_s = self._times_s
        return np.stack([np.interp(times_s, keys_s, column) for column in self._rows.T], axis=1)
