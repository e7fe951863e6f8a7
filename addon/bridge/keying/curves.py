"""The keys of one F-curve as arrays: read, joined with what stays, written in bulk."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ....emotalk_core.keys.thinning import thinned

__all__ = [
    "NEAR",
    "NO_KEYS",
    "Bends",
    "Keys",
    "Stretch",
    "by_path",
    "checksum",
    "checksum_with",
    "held",
    "joined",
    "merged",
    "pin_before",
    "read_keys",
    "runs_on",
    "within",
    "write_keys",
]

_Span = tuple[float, float]  # first and last frame

NEAR: Final = 0.01
"""Frames: keys that lie so close are at one frame."""

_SAME: Final = 1e-5
"""Values: what rounding does. Far below what may be asked of thinned keys."""

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


def by_path(fcurves: Iterable[Any]) -> dict[tuple[str, int], Any]:
    """F-curves by data path and array index."""
    return {(curve.data_path, curve.array_index): curve for curve in fcurves}


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


def checksum(keys: Keys, span: _Span = (-math.inf, math.inf)) -> int:
    """Equal for equal keys in `span`, whatever keys stand beside them; 0 where there are none."""
    inside = within(keys.frames, span)
    total = 0
    for column in _columns(keys, inside):
        total = zlib.crc32(np.ascontiguousarray(column).tobytes(), total)
    return total


def checksum_with(total: int, was: np.ndarray, now: np.ndarray, n_after: int) -> int:
    """What the checksum `total` of straight keys becomes when some that follow each other get other
    values: the others need not be read.

    Parameters
    ----------
    was, now : float32 (N,)
        Their values.
    n_after : int
        Keys behind them.
    """
    # A CRC is linear but for how it begins: what differs counts alone, noughts before it nothing.
    apart = (was.view(np.uint32) ^ now.view(np.uint32)).tobytes() + bytes(4 * n_after)
    return total ^ zlib.crc32(apart) ^ zlib.crc32(bytes(len(apart)))


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

    old: _Span | None = None  # what the take had written when it was last baked
    others: tuple[_Span, ...] = ()  # of other takes, to whom `old` leaves them
    only: _Span | None = None  # a part of the take; None: all of it
    blend_frames: float = 4.0  # the ends of `only` are blended with what was there
    is_held: bool = False  # each key stays until the next one
    grid: tuple[float, int] = (0.0, 1)  # a frame where a key may stand, and frames to the next one
    is_thinned: bool = False  # keys that a curve does not need are left out

    def part(self, ends: _Span) -> _Span | None:
        """First and last frame in which keys may be others, of a take that has keys between `ends`;
        None where `only` lies beside them, or between two keys.

        A key moves what is shown as far as the next ones, so these have to lie in `only`, or beside
        it; a pose that is held moves nothing before its frame.
        """
        (first, last), (start, step) = self.only or ends, self.grid
        reach = step - 1
        if first > ends[0]:
            first += 0 if self.is_held else reach
            first = start + step * math.ceil((first - start) / step - NEAR)
        if last < ends[1]:
            last = start + step * math.floor((last - reach - start) / step + NEAR)
        first, last = max(first, ends[0]), min(last, ends[1])
        return (first, last) if first <= last else None


def merged(old: Keys, new: Keys, stretch: Stretch) -> Keys:
    """The new keys, and the old ones outside of what the bake may change."""
    if len(new.frames) == 0:
        return old
    ends = float(new.frames[0]), float(new.frames[-1])
    if stretch.only is not None and len(old.frames):
        return _with_part(old, new, stretch)
    goes = np.zeros(len(old.frames), bool)
    if stretch.old is not None:
        goes |= within(old.frames, stretch.old)
    for span in stretch.others:
        goes &= ~within(old.frames, span)
    goes |= within(old.frames, ends)
    pin = pin_before(old, ends[0], stretch.others)
    return joined(old, ~goes, joined(pin, np.ones(len(pin.frames), bool), new))


def pin_before(keys: Keys, frame: float, spans: Iterable[_Span]) -> Keys:
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


def within(frames: np.ndarray, span: _Span) -> np.ndarray:
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


def _with_part(old: Keys, new: Keys, stretch: Stretch) -> Keys:
    """The old keys with a part of the new ones, blended into them."""
    ends = float(new.frames[0]), float(new.frames[-1])
    part = stretch.part(ends)
    if part is None:
        return old
    low, high = _edges(part, ends, stretch)
    edges = [edge for edge in (low, high) if math.isfinite(edge)]
    frames = np.union1d(_frames_in(part, new, stretch), edges)
    before = _shown(old, frames)
    values = before + _weight(frames, part, stretch) * (_shown(new, frames) - before)
    if stretch.is_thinned:
        if np.allclose(values, before, rtol=0.0, atol=_SAME):
            return old
        frames, values = thinned(frames, values, max_error=_SAME, is_held=stretch.is_held)
    inside = within(frames, part)
    pairs = (column[inside].astype(np.float32) for column in (frames, values))
    made = (held if stretch.is_held else Keys)(*pairs)
    for edge in edges:
        pin = _pin_at(old, edge, is_before=edge == low and stretch.is_held)
        made = joined(pin, np.ones(len(pin.frames), bool), made)
    goes = within(old.frames, stretch.only or ends) & within(old.frames, ends)
    goes &= (old.frames > low + NEAR) & (old.frames < high - NEAR)
    return joined(old, ~goes, made)


def _edges(part: _Span, ends: _Span, stretch: Stretch) -> _Span:
    """The frames beside `part` up to which all is shown as it was; none at the take's own ends."""
    step = stretch.grid[1]
    low = part[0] - (1 if stretch.is_held else step) if part[0] > ends[0] else -math.inf
    return low, part[1] + step if part[1] < ends[1] else math.inf


def _weight(frames: np.ndarray, part: _Span, stretch: Stretch) -> np.ndarray:
    """How much of the new curve is shown at `frames`, (K,)."""
    first, last = stretch.only or part
    from_ends = np.minimum(frames - first, last - frames)
    weight = np.clip((from_ends + 1.0) / (stretch.blend_frames + 1.0), 0.0, 1.0)
    return np.where(within(frames, part), weight, 0.0)


def _frames_in(part: _Span, new: Keys, stretch: Stretch) -> np.ndarray:
    """Those of the new keys, and where some were left out those too: what is blended bends."""
    frames = new.frames[within(new.frames, part)].astype(np.float64)
    if not stretch.is_thinned:
        return frames
    start, step = stretch.grid
    first = start + step * math.ceil((part[0] - start) / step - NEAR)
    return np.union1d(frames, np.arange(first, part[1] + NEAR, step))


def _shown(keys: Keys, frames: np.ndarray) -> np.ndarray:
    """What a curve is at `frames`, as if it went in straight lines where it is not held."""
    places = np.maximum(np.searchsorted(keys.frames, frames + NEAR) - 1, 0)
    lines = np.interp(frames, keys.frames, keys.values)
    return np.where(keys.is_held[places], keys.values[places], lines)


def _pin_at(old: Keys, frame: float, *, is_before: bool) -> Keys:
    """A key that leaves a curve as it is at `frame` and beyond, where the keys on the other side
    become others; none where one stands there, or somebody has drawn the curve.

    `is_before`: held poses follow, which leave what is held before them as it is.
    """
    frames = np.array([frame], np.float32)
    place = max(0, int(np.searchsorted(old.frames, frame + NEAR)) - 1)
    way = _LINEAR if old.bends is None else int(old.bends.interpolation[place])
    is_there = within(old.frames, (frame, frame)).any()
    if is_there or way not in {_CONSTANT, _LINEAR} or (is_before and way == _CONSTANT):
        return NO_KEYS
    return Keys(frames, _shown(old, frames).astype(np.float32), _straight(1, way))


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
