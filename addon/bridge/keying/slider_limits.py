"""Ranges of shape keys' sliders: widened for what a face may ask, given back with Remove."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ....emotalk_core.retarget import Binding, KeyTarget
from .plans import Plan, value_path

__all__ = ["forget", "give_back", "rename", "widen", "widen_again"]

_MEMORY: Final = "emotalk_limits"
"""Custom property on a Key: by key and which of its limits what it was and what we made of it, as
JSON."""

_Memory = dict[tuple[str, str], tuple[float, float]]


def widen(binding: Binding, plans: Sequence[Plan]) -> None:
    """Make room for what the binding may ask: F-curve values are clamped to the slider's range."""
    blocks = {plan.owner: plan.block for plan in plans if plan.kind != "object"}
    for item in binding.driven:
        if not isinstance(item.target, KeyTarget) or item.target.object_name not in blocks:
            continue
        block, key = blocks[item.target.object_name], item.target.key
        if item.lower < block.key_blocks[key].slider_min:
            _set(block, (key, "slider_min"), item.lower)
        if item.upper > block.key_blocks[key].slider_max:
            _set(block, (key, "slider_max"), item.upper)


def widen_again(block: Any) -> None:
    """Make the room once more that a file has not kept: ranges of overrides are their library's."""
    for (key, name), (was, made) in _read(block).items():
        owner = block.key_blocks.get(key)
        if owner is not None and getattr(owner, name) == was:
            setattr(owner, name, made)


def give_back(block: Any) -> None:
    """Set the limits to what they were before; those that somebody has set since stay."""
    for (key, name), (was, made) in _read(block).items():
        owner = block.key_blocks.get(key)
        if owner is not None and getattr(owner, name) == made:
            setattr(owner, name, was)
    forget(block)


def forget(block: Any) -> None:
    """What was widened stays so."""
    if _MEMORY in block:
        del block[_MEMORY]


def rename(block: Any, path: str, now: str) -> None:
    """What is known of the key that had the data path `path` is known of the one that has `now`."""
    memory = _read(block)
    for key, name in [which for which in memory if value_path(which[0]) == path]:
        renamed = block.path_resolve(now.rpartition(".")[0]).name
        memory[renamed, name] = memory.pop((key, name))
        _store(block, memory)


def _set(block: Any, which: tuple[str, str], limit: float) -> None:
    memory, (key, name) = _read(block), which
    owner = block.key_blocks[key]
    now = getattr(owner, name)
    was, made = memory.get(which, (now, now))
    setattr(owner, name, limit)
    memory[which] = (was if now == made else now, getattr(owner, name))  # as float32
    _store(block, memory)


def _store(block: Any, memory: _Memory) -> None:
    block[_MEMORY] = json.dumps([[*place, *limits] for place, limits in memory.items()])


def _read(block: Any) -> _Memory:
    """What was widened; nothing where nothing was, or where somebody wrote into our property."""
    try:
        rows = json.loads(block[_MEMORY])
        return {(key, name): (float(was), float(made)) for key, name, was, made in rows}
    except (KeyError, ValueError, TypeError):
        return {}
