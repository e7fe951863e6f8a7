"""KeyTables into F-curves: one Action of our own for each data-block, prepared first, written
last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...emotalk_core.easing import table_ends
from ...emotalk_core.retarget import Binding, KeyTable
from . import compat, layers, own_actions, slider_limits
from .counting import counted
from .curves import Keys, Stretch, held, merged, read_keys, write_keys
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
    first_key: float  # frame; eases included
    last_key: float
    actions: tuple[str, ...]
    notes: tuple[str, ...]


def write(
    tables: Sequence[KeyTable], binding: Binding, stretch: Stretch | None = None
) -> BakeResult:
    """Write `tables` into our Actions of the objects that they name.

    Everything that can fail is tried before the first change.

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
        for _ in iter_written(fcurves, plan.tables, stretch or Stretch()):
            pass
        plan.block.update_tag()
    return result_of(tables, plans, actions, notes)


def result_of(
    tables: Sequence[KeyTable], plans: Sequence[Plan], actions: Sequence[str], notes: Sequence[str]
) -> BakeResult:
    """What was done, once `plans` are written."""
    written = [table for plan in plans for table in plan.tables]
    n_keys = sum(len(table.frames) for table in written)
    ends = table_ends(tables)
    told = (*notes, *(note for plan in plans for note in layers.told_of(plan)))
    return BakeResult(len(written), n_keys, *ends, tuple(actions), tuple(dict.fromkeys(told)))


def described(result: BakeResult) -> str:
    """How much was written, in words."""
    return f"{counted(result.n_keys, 'key')} on {counted(result.n_curves, 'curve')}"


def iter_written(fcurves: Any, tables: Iterable[KeyTable], stretch: Stretch) -> Iterator[KeyTable]:
    """Put the keys of `tables` into `fcurves`; each table when its curve is written."""
    known = {(curve.data_path, curve.array_index): curve for curve in fcurves}
    for table in tables:
        curve = known.get((table.data_path, table.array_index))
        if curve is None:
            curve = compat.new_fcurve(fcurves, table.data_path, table.array_index, "EmoTalk")
        make = held if stretch.is_held else Keys
        old = read_keys(curve)
        write_keys(curve, merged(old, make(table.frames, table.values), stretch), old)
        yield table
