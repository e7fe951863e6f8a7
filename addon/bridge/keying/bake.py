"""KeyTables into F-curves: one Action of our own for each data-block, prepared first, written
last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ....emotalk_core.keys.easing import table_ends
from ....emotalk_core.retarget import Binding, KeyTable
from .. import compat
from ..counting import counted
from . import layers, own_actions, slider_limits
from .at_hand import KeysAtHand
from .curves import Keys, Stretch, by_path, held, merged, read_keys, within, write_keys
from .plans import Plan, checked_plans

__all__ = [
    "BakeResult",
    "described",
    "iter_written",
    "result_of",
    "write",
]


@dataclass(frozen=True)
class BakeResult:
    """What a bake has done, for the report."""

    n_curves: int
    n_keys: int
    actions: tuple[str, ...]
    notes: tuple[str, ...]


def write(
    tables: Sequence[KeyTable],
    binding: Binding,
    stretch: Stretch | None = None,
    at_hand: KeysAtHand | None = None,
) -> BakeResult:
    """Write `tables` into our Actions of the objects that they name.

    Everything that can fail is tried before the first change.

    Parameters
    ----------
    at_hand : KeysAtHand, optional
        Keys that have been read; those that are written are then at hand too.

    Raises
    ------
    RigError
        An object or its keys are gone, linked, or in the NLA's tweak mode.
    """
    notes: list[str] = []
    plans = checked_plans(tables, notes)
    slider_limits.widen(binding, plans)
    actions = []
    for plan in plans:
        actions.append(own_actions.ensure(plan, notes).name)
        fcurves = compat.fcurves_of(plan.block, ensure=True)
        for _ in iter_written(fcurves, plan.tables, stretch or Stretch(), at_hand):
            pass
        own_actions.show_written(plan.block)
    return result_of(tables, plans, actions, notes, stretch or Stretch())


def result_of(
    tables: Sequence[KeyTable],
    plans: Sequence[Plan],
    actions: Sequence[str],
    notes: Sequence[str],
    stretch: Stretch,
) -> BakeResult:
    """What was done, once `plans` are written."""
    counts = [len(table.frames) for plan in plans for table in plan.tables]
    if stretch.only is not None:
        part = stretch.part(table_ends(tables))
        counts = [n for plan in plans for n in _counted_in(plan, part) if n] if part else []
    told = (*notes, *layers.told_of(plans, own_actions.is_ours))
    return BakeResult(len(counts), sum(counts), tuple(actions), tuple(dict.fromkeys(told)))


def _counted_in(plan: Plan, part: tuple[float, float]) -> Iterator[int]:
    """How many keys each curve of a plan has there."""
    known = by_path(compat.fcurves_of(plan.block))
    for table in plan.tables:
        curve = known[table.data_path, table.array_index]
        yield int(within(read_keys(curve).frames, part).sum())


def described(result: BakeResult) -> str:
    """How much was written, in words."""
    return f"{counted(result.n_keys, 'key')} on {counted(result.n_curves, 'curve')}"


def iter_written(
    fcurves: Any,
    tables: Iterable[KeyTable],
    stretch: Stretch,
    at_hand: KeysAtHand | None = None,
) -> Iterator[KeyTable]:
    """Put the keys of `tables` into `fcurves`; each table when its curve is written."""
    at_hand = at_hand or KeysAtHand()
    known = by_path(fcurves)
    for table in tables:
        curve = known.get((table.data_path, table.array_index))
        if curve is None:
            curve = compat.new_fcurve(
                fcurves, table.data_path, table.array_index, f"EmoTalk {table.part}"
            )
        make = held if stretch.is_held else Keys
        old = at_hand.of(curve)
        keys = merged(old, make(table.frames, table.values), stretch)
        write_keys(curve, keys, old)
        at_hand.put(curve, keys)
        yield table
