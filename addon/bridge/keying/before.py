"""The values that a take takes over: remembered on the data-block, given back with Remove."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from .. import compat
from .plans import Plan

__all__ = [
    "DRIVEN_BY_US",
    "forget",
    "give_back",
    "kept_values",
    "paths_of",
    "put_back",
    "remember",
    "rename",
    "rest_of",
    "set_value",
]

_MEMORY: Final = "emotalk_before"
"""Custom property on a Key or an armature: values by data path and array index, as JSON, so that
saving and undo keep them."""

DRIVEN_BY_US: Final = ("key_blocks[", "pose.bones[")
"""Beginnings of the paths that a bake may write."""

_Path = tuple[str, int]  # data path, array index


def remember(plan: Plan, *, is_first: bool) -> None:
    """Keep the values of what `plan` is about to drive and no curve of ours drives yet.

    `is_first`: no Action of ours is on the data-block. What was kept then stays nevertheless: an
    Action that somebody unlinked leaves the face in the middle of a word.
    """
    kept = _read(plan.block)
    if kept is None and not is_first:
        return  # baked by a version that kept nothing: these are no longer the user's values
    kept = kept or {}
    driven = set() if is_first else set(paths_of(compat.fcurves_of(plan.block)))
    wanted = {(table.data_path, table.array_index) for table in plan.tables}
    new = wanted - driven - set(kept)
    if new:
        kept |= {path: _value(plan.block, path) for path in sorted(new)}
        plan.block[_MEMORY] = json.dumps([[*path, value] for path, value in kept.items()])


def give_back(block: Any, ours: Iterable[_Path]) -> None:
    """Set what our curves (their paths: `ours`) drove to the values from before the first bake; to
    rest where none were kept. What the Action drives that is there now is left to it.
    """
    put_back(block, ours)
    forget(block)
    block.update_tag()


def kept_values(block: Any) -> dict[_Path, float]:
    """What was kept, by data path and array index."""
    return _read(block) or {}


def forget(block: Any) -> None:
    """Nothing of ours is on the data-block any more."""
    if _MEMORY in block:
        del block[_MEMORY]


def rename(block: Any, path: _Path, now: _Path) -> None:
    """What was kept of `path` is kept of what is called `now`."""
    kept = _read(block) or {}
    if path in kept:
        kept[now] = kept.pop(path)
        block[_MEMORY] = json.dumps([[*path, value] for path, value in kept.items()])


def put_back(block: Any, ours: Iterable[_Path]) -> None:
    """The same, and what was kept is not forgotten: other takes are still there."""
    kept = _read(block)
    driven = set(paths_of(compat.fcurves_of(block)))
    for path in ours:
        if path in driven or not path[0].startswith(DRIVEN_BY_US):
            continue
        if kept is None:
            set_value(block, path, rest_of(block, path))
        elif path in kept:  # a curve of the user's own in our Action is none of our business
            set_value(block, path, kept[path])


def paths_of(fcurves: Iterable[Any]) -> tuple[_Path, ...]:
    """Data path and array index of each F-curve."""
    return tuple((curve.data_path, curve.array_index) for curve in fcurves)


def _read(block: Any) -> dict[_Path, float] | None:
    """What was kept; None where nothing was, or where somebody wrote into our property."""
    try:
        return {(path, index): float(value) for path, index, value in json.loads(block[_MEMORY])}
    except (KeyError, ValueError, TypeError):
        return None


def _owner(block: Any, path: str) -> tuple[Any, str]:
    """Who holds the value (None where it is gone), and its name."""
    holder, _, name = path.rpartition(".")
    try:
        return block.path_resolve(holder), name
    except ValueError:  # renamed or deleted meanwhile
        return None, name


def _value(block: Any, path: _Path) -> float:
    owner, name = _owner(block, path[0])
    value = getattr(owner, name)
    return float(value if isinstance(value, float) else value[path[1]])


def rest_of(block: Any, path: _Path) -> float:
    """The value that Blender gives what nobody has moved."""
    owner, name = _owner(block, path[0])
    if owner is None or not owner.bl_rna.properties[name].is_array:
        return 0.0  # a shape key; Blender 5.0 says that its default is 1
    return float(owner.bl_rna.properties[name].default_array[path[1]])


def set_value(block: Any, path: _Path, value: float) -> None:
    """Set what lies at data path and array index; nothing where it is gone."""
    owner, name = _owner(block, path[0])
    if owner is None:
        return
    if owner.bl_rna.properties[name].is_array:
        getattr(owner, name)[path[1]] = value
    else:
        setattr(owner, name, value)
