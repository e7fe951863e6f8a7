"""The keys of one F-curve as arrays: read, joined with what stays, written in bulk."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

__all__ = [
    "NEAR",
    "NO_KEYS",
    "Bends",
    "Keys",
    "Stretch",
    "checksum",
    "held",
    "joined",
    "merged",
    "pin_before",
    "read_keys",
    "runs_on",
    "within",
    "write_keys",
]

NEAR: Final = 0.01
"""Frames: keys that lie so close are at one frame."""

_CONSTANT, _LINEAR = 0, 1  # Blender's numbers in foreach_set, the same on all lines
_OWN_HANDLES: Final = (0, 3)  # likewise: free and aligned ones, which somebody has drawn
_VECTOR: Final = 2  # likewise: handles along the line, which is what new keys have
_MANNER: Final = {  # what keys have besides, kept where a key stays at its frame
    "type": np.int32, "easing": np.int32, "amplitude": np.float32, "period": np.float32,
    "back": np.float32,
}  # fmt: skip
_HANDLES: Final = ("handle_left", "handle_right")
_HANDLE_TYPES: Final = ("handle_left_type", "handle_right_type")


@dataclass(frozen=True, eq=False)
class Bends:
    """How a curve goes from key to key where somebody gave it another way than straight lines."""

    interpolation: np.ndarray  # int32 (K,)
    handles: np.ndarray  # float32 (K, 4), left and right
    types: np.ndarray  # int32 (K, 2)

    @property
    def is_stepped(self) -> bool:
        """Whether no key has a way to the next one: handles, which Blender sets, mean nothing."""
        return bool((self.interpolation == _CONSTANT).all())


@dataclass(frozen=True, eq=False)
class Keys:
    """Keys of one F-curve, in rising frames."""

    frames: np.ndarray  # float (K,)
    values: np.ndarray  # float32 (K,)
    bends: Bends | None = None  # None: straight lines

    @property
    def is_held(self) -> np.ndarray:
        """Which of them stay until the next one, (K,)."""
        if self.bends is None:
            return np.zeros(len(self.frames), bool)
        return self.bends.interpolation == _CONSTANT

    def is_held_at(self, frame: float) -> bool:
        """Whether the value at `frame` stays until the next key."""
        place = max(0, int(np.searchsorted(self.frames, frame + NEAR)) - 1)
        return self.bends is not None and bool(self.bends.interpolation[place] == _CONSTANT)


NO_KEYS: Final = Keys(np.zeros(0, np.float32), np.zeros(0, np.float32))


def read_keys(curve: Any) -> Keys:
    """All keys of an F-curve."""
    points = curve.keyframe_points
    pairs = _read(points, "co", np.float32, 2)
    return Keys(pairs[:, 0], pairs[:, 1], _read_bends(points))


def write_keys(curve: Any, keys: Keys, old: Keys | None = None) -> None:
    """Make these the F-curve's keys; nothing is touched when they are already. `old`: those that
    it has, where they have been read.
    """
    points, old = curve.keyframe_points, old or read_keys(curve)
    pairs = np.stack([keys.frames, keys.values], axis=1).astype(np.float32)
    before, there = np.stack([old.frames, old.values], axis=1), old.bends
    if np.array_equal(before, pairs) and _alike(there, keys.bends):
        return
    n, manner = len(pairs), {}
    if len(points) != n:
        manner = {name: _read(points, name, kind, 1)[:, 0] for name, kind in _MANNER.items()}
        # New keys have noughts, as most have: to write those of a long take took half of all time.
        manner = {name: of_old for name, of_old in manner.items() if of_old.any()}
        points.clear()
        points.add(n)
        there = None
        points.foreach_set("interpolation", np.full(n, _LINEAR, np.int32))
    points.foreach_set("co", pairs.ravel())
    for name, of_old in manner.items():
        fresh = _read(points, name, of_old.dtype, 1)[:, 0]
        points.foreach_set(name, _at_frames(fresh, of_old, pairs[:, 0], before[:, 0]))
    if there is not None or keys.bends is not None:
        _write_bends(points, keys.bends or _straight(n))
    curve.update()


def runs_on(curve: Any) -> bool:
    """Whether an F-curve changes before and after its keys too: it repeats, or is drawn out."""
    return bool(len(curve.modifiers)) or curve.extrapolation == "LINEAR"


def checksum(keys: Keys, span: tuple[float, float] = (-math.inf, math.inf)) -> int:
    """Equal for equal keys in `span`, whatever keys stand beside them; 0 where there are none."""
    inside = within(keys.frames, span)
    total = 0
    for column in _columns(keys, inside):
        total = zlib.crc32(np.ascontiguousarray(column).tobytes(), total)
    return total


def _columns(keys: Keys, inside: np.ndarray) -> Iterator[np.ndarray]:
    """What a hand may change of the keys `inside`."""
    yield keys.frames[inside]
    yield keys.values[inside]
    if keys.bends is None or (keys.bends.interpolation[inside] == _LINEAR).all():
        return
    yield keys.bends.interpolation[inside]
    for side in (0, 1):  # handles that follow their neighbours tell nothing
        own = inside & np.isin(keys.bends.types[:, side], _OWN_HANDLES)
        yield keys.bends.handles[own, 2 * side : 2 * side + 2]


def held(frames: np.ndarray, values: np.ndarray) -> Keys:
    """Keys each of which stays until the next one: poses."""
    return Keys(frames, values, _straight(len(frames), _CONSTANT))


@dataclass(frozen=True)
class Stretch:
    """Which scene frames a bake may change."""

    old: tuple[float, float] | None = None  # what the take had written when it was last baked
    others: tuple[tuple[float, float], ...] = ()  # of other takes, to whom `old` leaves them
    only: tuple[float, float] | None = None  # a part of the take; None: all of it
    blend_frames: float = 4.0  # the ends of `only` are blended with what was there
    is_held: bool = False  # each key stays until the next one


def merged(old: Keys, new: Keys, stretch: Stretch) -> Keys:
    """The new keys, and the old ones outside of what the bake may change."""
    if len(new.frames) == 0:
        return old
    ends = float(new.frames[0]), float(new.frames[-1])
    if stretch.only is not None and len(old.frames):
        new = _blended(old, new, stretch.only, stretch.blend_frames)
        if len(new.frames) == 0:
            return old
        goes = within(old.frames, stretch.only) & within(old.frames, ends)
    else:
        goes = np.zeros(len(old.frames), bool)
        if stretch.old is not None:
            goes |= within(old.frames, stretch.old)
        for span in stretch.others:
            goes &= ~within(old.frames, span)
        goes |= within(old.frames, ends)
        pin = pin_before(old, ends[0], stretch.others)
        new = joined(pin, np.ones(len(pin.frames), bool), new)
    return joined(old, ~goes, new)


def pin_before(keys: Keys, frame: float, spans: Iterable[tuple[float, float]]) -> Keys:
    """A key a frame before `frame` on a line that goes over it within one of `spans`: what holds it
    there when other keys begin at `frame`. None where none is needed.
    """
    place = int(np.searchsorted(keys.frames, frame - NEAR)) - 1
    if not 0 <= place < len(keys.frames) - 1 or frame - keys.frames[place] <= 1.0 + NEAR:
        return NO_KEYS
    is_line = keys.bends is None or keys.bends.interpolation[place] == _LINEAR
    line = keys.frames[place : place + 2]
    if not is_line or not any(within(line, span).all() for span in spans):
        return NO_KEYS
    value = np.interp(frame - 1.0, keys.frames, keys.values)
    return Keys(np.array([frame - 1.0], np.float32), np.array([value], np.float32))


def within(frames: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """Which of these frames lie in `span`, both ends included: bool (K,)."""
    return (frames >= span[0] - NEAR) & (frames <= span[1] + NEAR)


def joined(old: Keys, stays: np.ndarray, new: Keys) -> Keys:
    """Those of the old keys that stay (bool (K,)) and the new ones."""
    if not stays.any():
        return new
    frames = np.concatenate([old.frames[stays], new.frames])
    values = np.concatenate([old.values[stays], new.values])
    order = np.argsort(frames, kind="stable")
    return Keys(frames[order], values[order], _joined(old, stays, new, order))


def _blended(old: Keys, new: Keys, only: tuple[float, float], blend_frames: float) -> Keys:
    inside = (new.frames >= only[0]) & (new.frames <= only[1])
    frames, values = new.frames[inside], new.values[inside]
    before = np.interp(frames, old.frames, old.values)
    from_ends = np.minimum(frames - only[0], only[1] - frames)
    weight = np.clip((from_ends + 1.0) / (blend_frames + 1.0), 0.0, 1.0)
    blended = (before + weight * (values - before)).astype(np.float32)
    return Keys(frames, blended) if new.bends is None else held(frames, blended)


def _at_frames(
    fresh: np.ndarray, old: np.ndarray, frames: np.ndarray, old_frames: np.ndarray
) -> np.ndarray:
    """`fresh` (K,), with what keys at the same frames had before."""
    if not len(old_frames):
        return fresh
    places = np.clip(np.searchsorted(old_frames, frames), 0, len(old_frames) - 1)
    return np.where(old_frames[places] == frames, old[places], fresh).astype(old.dtype)


def _read(points: Any, name: str, kind: Any, width: int) -> np.ndarray:
    flat = np.empty(width * len(points), kind)
    points.foreach_get(name, flat)
    return flat.reshape(-1, width)


def _read_bends(points: Any) -> Bends | None:
    interpolation = _read(points, "interpolation", np.int32, 1)[:, 0]
    if (interpolation == _LINEAR).all():
        return None
    handles = np.concatenate([_read(points, name, np.float32, 2) for name in _HANDLES], axis=1)
    types = np.concatenate([_read(points, name, np.int32, 1) for name in _HANDLE_TYPES], axis=1)
    return Bends(interpolation, handles, types)


def _write_bends(points: Any, bends: Bends) -> None:
    points.foreach_set("interpolation", bends.interpolation)
    for column, name in enumerate(_HANDLE_TYPES):
        points.foreach_set(name, np.ascontiguousarray(bends.types[:, column]))
    for column, name in enumerate(_HANDLES):
        both = np.ascontiguousarray(bends.handles[:, 2 * column : 2 * column + 2])
        points.foreach_set(name, both.ravel())


def _straight(n: int, interpolation: int = _LINEAR) -> Bends:
    """Handles follow from their type once the curve is updated."""
    kinds, handles = np.full(n, interpolation, np.int32), np.zeros((n, 4), np.float32)
    return Bends(kinds, handles, np.full((n, 2), _VECTOR, np.int32))


def _joined(old: Keys, stays: np.ndarray, new: Keys, order: np.ndarray) -> Bends | None:
    """Bends of the old keys that stay and of new ones, in `order`."""
    if old.bends is None and new.bends is None:
        return None
    a, b = (keys.bends or _straight(len(keys.frames)) for keys in (old, new))
    interpolation = np.concatenate([a.interpolation[stays], b.interpolation])[order]
    if (interpolation == _LINEAR).all():
        return None
    return Bends(
        interpolation,
        np.concatenate([a.handles[stays], b.handles])[order],
        np.concatenate([a.types[stays], b.types])[order],
    )


def _alike(a: Bends | None, b: Bends | None) -> bool:
    if a is None or b is None:
        return a is b
    return (
        np.array_equal(a.interpolation, b.interpolation)
        and np.array_equal(a.types, b.types)
        and (a.is_stepped or np.array_equal(a.handles, b.handles))
    )
