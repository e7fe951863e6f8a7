"""The keys of one F-curve as arrays: read, joined with what stays, written in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from .bake import Stretch

__all__ = ["Keys", "merged", "read_keys", "write_keys"]

_LINEAR: Final = 1  # Blender's number for it in foreach_set, the same on all lines


@dataclass(frozen=True, eq=False)
class Keys:
    """Keys of one F-curve, in rising frames."""

    frames: np.ndarray  # float (K,)
    values: np.ndarray  # float32 (K,)


def read_keys(curve: Any) -> Keys:
    """All keys of an F-curve."""
    pairs = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", pairs)
    return Keys(pairs[0::2], pairs[1::2])


def write_keys(curve: Any, keys: Keys) -> None:
    """Make these the F-curve's keys; nothing is touched when they are already."""
    points = curve.keyframe_points
    pairs = np.empty(2 * len(keys.frames), np.float32)
    pairs[0::2], pairs[1::2] = keys.frames, keys.values
    old = np.empty(2 * len(points), np.float32)
    points.foreach_get("co", old)
    if np.array_equal(old, pairs):
        return
    if len(old) != len(pairs):
        points.clear()
        points.add(len(keys.frames))
        points.foreach_set("interpolation", np.full(len(keys.frames), _LINEAR, np.int32))
    points.foreach_set("co", pairs)
    curve.update()


def merged(old: Keys, new: Keys, stretch: Stretch) -> Keys:
    """The new keys, and the old ones outside of what the bake may change."""
    if len(new.frames) == 0:
        return old
    if stretch.only is not None and len(old.frames):
        new = _blended(old, new, stretch.only, stretch.blend_frames)
        if len(new.frames) == 0:
            return old
        spans = [stretch.only]
    else:
        spans = [(float(new.frames[0]), float(new.frames[-1]))]
        if stretch.old is not None:
            spans.append(stretch.old)
    stays = np.ones(len(old.frames), bool)
    for first, last in spans:
        stays &= (old.frames < first - 0.01) | (old.frames > last + 0.01)
    if not stays.any():
        return new
    frames = np.concatenate([old.frames[stays], new.frames])
    values = np.concatenate([old.values[stays], new.values])
    order = np.argsort(frames, kind="stable")
    return Keys(frames[order], values[order])


def _blended(old: Keys, new: Keys, only: tuple[float, float], blend_frames: float) -> Keys:
    inside = (new.frames >= only[0]) & (new.frames <= only[1])
    frames, values = new.frames[inside], new.values[inside]
    before = np.interp(frames, old.frames, old.values)
    from_ends = np.minimum(frames - only[0], only[1] - frames)
    weight = np.clip((from_ends + 1.0) / (blend_frames + 1.0), 0.0, 1.0)
    return Keys(frames, (before + weight * (values - before)).astype(np.float32))
