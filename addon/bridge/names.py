"""Objects by name, followed through renaming. Plain data: Blender's pointers do not outlive undo,
its session numbers do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import bpy

from ...emotalk_core.retarget import Binding, KeyTable

__all__ = ["Names", "renamed_binding", "renamed_tables"]


@dataclass(frozen=True)
class Names:
    """What objects are called, and by which numbers Blender knows them."""

    numbers: Mapping[str, int]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """Objects as they are called now; those that are not there are left out."""
        there = {name: bpy.data.objects.get(name) for name in names}
        return cls({name: thing.session_uid for name, thing in there.items() if thing})

    def now(self) -> dict[str, str]:
        """What is called otherwise now, and how; what is gone keeps its name."""
        moved = {
            name: number
            for name, number in self.numbers.items()
            if getattr(bpy.data.objects.get(name), "session_uid", None) != number
        }
        if not moved:
            return {}
        there = {thing.session_uid: thing.name for thing in bpy.data.objects}
        return {name: there[number] for name, number in moved.items() if number in there}

    def renamed(self, now: Mapping[str, str]) -> Names:
        """The same under the names of `now`."""
        return Names({now.get(name, name): number for name, number in self.numbers.items()})


def renamed_tables(tables: Sequence[KeyTable], now: Mapping[str, str]) -> list[KeyTable]:
    """Tables for objects by their names of `now`."""
    return [replace(t, object_name=now.get(t.object_name, t.object_name)) for t in tables]


def renamed_binding(binding: Binding, now: Mapping[str, str]) -> Binding:
    """The same for a Binding."""
    driven = []
    for item in binding.driven:
        name = item.target.object_name
        driven.append(replace(item, target=replace(item.target, object_name=now.get(name, name))))
    return replace(binding, driven=tuple(driven))
