"""Keys on their way into the scene: written a few milliseconds at a time into Actions that nothing
uses yet, then put in place at once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import bpy

from ....emotalk_core.errors import RigError
from ....emotalk_core.retarget import Binding, KeyTable
from .. import compat
from ..names import Names, renamed_binding, renamed_tables
from . import own_actions, slider_limits
from .bake import BakeResult, iter_written, result_of
from .curves import Stretch, checksum, read_keys
from .plans import Plan, checked_plans

__all__ = ["PAUSE_S", "SLICE_S", "Draft"]

SLICE_S: Final = 0.012
"""With what is done beside it, well under the 50 ms after which a window stutters."""

PAUSE_S: Final = 0.005
"""Between slices: Blender's own turn."""

_DRAFT: Final = "emotalk_draft"
"""Custom property on an Action that is not in use yet: which draft it belongs to."""


@dataclass(eq=False)
class Draft:
    """A bake in slices. Until `commit` the scene is as it was; after `abandon` it is so too.

    Between slices nothing of Blender's is held: what undo or a script takes away meanwhile is
    missed, not touched.
    """

    tables: Sequence[KeyTable]
    binding: Binding
    stretch: Stretch
    is_complete: bool = field(default=False, init=False)
    _uid: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)
    _names: Names = field(init=False)
    _outline: list[tuple[int, str, int]] = field(default_factory=list, init=False)
    _n_begun: int = field(default=0, init=False)  # plans
    _sources: list[tuple[int, ...]] = field(default_factory=list, init=False)  # of what was copied
    _n_written: int = field(default=0, init=False)  # tables of the last plan that is begun

    def __post_init__(self) -> None:
        self._names = Names.of(table.object_name for table in self.tables)

    def follow_names(self) -> None:
        """Let `tables` and `binding` name objects as they are called now."""
        now = self._names.now()
        if now:
            self.tables = renamed_tables(self.tables, now)
            self.binding = renamed_binding(self.binding, now)
            self._names = self._names.renamed(now)

    def advance(self, budget_s: float) -> None:
        """Write one curve, and more for about `budget_s`; in the end `is_complete`.

        Raises
        ------
        RigError
            An object or its keys are gone, linked, or in the NLA's tweak mode.
        """
        end_s = time.perf_counter() + budget_s
        for number, plan in enumerate(self._plans([])):
            if number == self._n_begun:
                self._begin(plan)
            if number < self._n_begun - 1:
                continue
            fcurves = compat.fcurves_for(plan.block, self._action(plan))
            for _ in iter_written(fcurves, plan.tables[self._n_written :], self.stretch):
                self._n_written += 1
                if time.perf_counter() > end_s:
                    return
        self.is_complete = True

    def commit(self) -> BakeResult:
        """Put the Actions in place of those that are there.

        Raises
        ------
        RigError
            An object or its keys are gone, linked, or in the NLA's tweak mode, or somebody has
            changed keys since the first slice.
        """
        notes: list[str] = []
        plans = self._plans(notes)
        drafts = [self._action(plan) for plan in plans]
        for plan, source in zip(plans, self._sources, strict=True):
            if _sums_of_all(plan) != source:
                raise _gone(plan)
        slider_limits.widen(self.binding, plans)
        for plan, action in zip(plans, drafts, strict=True):
            del action[_DRAFT]
            own_actions.put(plan, action, notes)
            own_actions.show_written(plan.block)
        names = [action.name for action in drafts]
        return result_of(self.tables, plans, names, notes, self.stretch)

    def abandon(self) -> None:
        """Take the unused Actions away."""
        for action in [*bpy.data.actions]:
            if str(action.get(_DRAFT, "")).startswith(self._uid):
                bpy.data.actions.remove(action)

    def _plans(self, notes: list[str]) -> list[Plan]:
        self.follow_names()
        plans = checked_plans(self.tables, notes)
        outline = [(plan.block.session_uid, plan.kind, len(plan.tables)) for plan in plans]
        self._outline = self._outline or outline
        if outline != self._outline:
            raise _gone(plans[0])
        return plans

    def _label(self, plan: Plan) -> str:
        return f"{self._uid} {plan.kind} {plan.block.session_uid}"

    def _begin(self, plan: Plan) -> None:
        data = plan.block.animation_data
        current = data.action if data else None
        own = current.copy() if own_actions.is_ours(current) else own_actions.new_action(plan)
        own[_DRAFT] = self._label(plan)
        self._sources.append(_sums_of_all(plan))
        self._n_begun, self._n_written = self._n_begun + 1, 0

    def _action(self, plan: Plan) -> Any:
        label = self._label(plan)
        found = next((action for action in bpy.data.actions if action.get(_DRAFT) == label), None)
        if found is None:
            raise _gone(plan)
        return found


def _sums_of_all(plan: Plan) -> tuple[int, ...]:
    """What the keys are that the data-block has now."""
    return tuple(checksum(read_keys(curve)) for curve in compat.fcurves_of(plan.block))


def _gone(plan: Plan) -> RigError:
    return RigError(
        "The scene changed while keys were written",
        value=plan.owner,
        remedy="Press Animate again.",
    )
