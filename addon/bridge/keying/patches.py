"""Some keys of a long curve given other values in place: the others are neither read nor written,
so an hour of them costs what a minute does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....emotalk_core.retarget import KeyTable
from .. import compat
from . import own_actions
from .curves import NEAR, by_path
from .plans import checked_plans

__all__ = ["Patch", "find_patches"]


@dataclass(frozen=True, eq=False)
class Patch:
    """Keys of an F-curve that follow each other, and what becomes of them."""

    table: KeyTable  # whose they are
    block: Any
    points: list[Any]
    was: np.ndarray  # float32 (N,)
    now: np.ndarray
    n_after: int  # keys behind them until the end of the take's

    @property
    def frames(self) -> tuple[float, float]:
        """Scene frames of the first and the last of them."""
        return self.points[0].co.x, self.points[-1].co.x

    def write(self) -> None:
        """Put the values in place; handles go along."""
        for point, was, now in zip(self.points, self.was.tolist(), self.now.tolist(), strict=True):
            if now != was:
                point.co_ui.y = now


def find_patches(
    was: Sequence[KeyTable], now: Sequence[KeyTable], span: tuple[float, float]
) -> list[Patch] | None:
    """What has to be written where `now` is to be shown in place of `was`, the same frames of the
    same curves; None where it cannot be written so: other keys are there.

    `span`: first and last scene frame of the take's keys.

    Raises
    ------
    RigError
        An object or its keys are gone, linked, or in the NLA's tweak mode.
    """
    before = {_curve_of(table): table.values for table in was}
    found = []
    for plan in checked_plans(now, []):
        if not own_actions.is_ours_alone(plan.block):
            return None
        curves = by_path(compat.fcurves_of(plan.block))
        for table in plan.tables:
            old = before[_curve_of(table)]
            where = np.flatnonzero(table.values != old)
            if not len(where):
                continue
            part = slice(where[0], where[-1] + 1)
            curve = curves.get((table.data_path, table.array_index))
            points = _points_at(curve, table.frames[part], old[part]) if curve else None
            if points is None:
                return None
            n_after = _n_until(curve, span[1]) - _n_until(curve, points[-1].co.x)
            patch = Patch(table, plan.block, points, old[part], table.values[part], n_after)
            found.append(patch)
    return found


def _curve_of(table: KeyTable) -> tuple[str, str, str, int]:
    return table.object_name, table.block, table.data_path, table.array_index


def _points_at(curve: Any, frames: np.ndarray, values: np.ndarray) -> list[Any] | None:
    """The keys at these frames, None where they are others."""
    points = curve.keyframe_points
    first = bisect_left(points, frames[0] - NEAR, key=lambda point: point.co.x)
    part = points[first : first + len(frames)]
    there = np.array([point.co[:] for point in part], np.float32).reshape(-1, 2)
    ours = np.stack([frames, values], axis=1).astype(np.float32)
    return part if np.array_equal(there, ours) else None


def _n_until(curve: Any, frame: float) -> int:
    return bisect_right(curve.keyframe_points, frame + NEAR, key=lambda point: point.co.x)
