"""Shape keys that have a name which is known, and hold no change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import bpy
import numpy as np

from ....emotalk_core.retarget import Binding, KeyTarget
from ..counting import counted

__all__ = ["of_still_keys"]

_NEARLY: Final = 1e-6  # of the mesh's size


def of_still_keys(meshes: Iterable[bpy.types.Object], binding: Binding) -> tuple[str, ...]:
    """Of keys that would be driven and move no point: forgotten, or lost when the mesh was made."""
    told = []
    for mesh in meshes:
        driven = [name for thing, name in _driven_keys(binding) if thing == mesh.name]
        blocks = mesh.data.shape_keys.key_blocks
        still = [name for name in driven if name in blocks and _is_still(blocks[name])]
        if still:
            moves = "moves" if len(still) == 1 else "move"
            keys = counted(len(still), "shape key")
            told.append(f"{mesh.name}: {keys} {moves} nothing, {', '.join(still[:3])}")
    return tuple(told)


def _driven_keys(binding: Binding) -> Iterator[tuple[str, str]]:
    """Mesh and name of each; but of a silent mouth, whose key may well hold nothing."""
    for item in binding.driven:
        is_silent = {channel for channel, _weight in item.sources} == {"viseme.sil"}
        if isinstance(item.target, KeyTarget) and not is_silent:
            yield item.target.object_name, item.target.key


def _is_still(block: Any) -> bool:
    here, there = _points(block), _points(block.relative_key)
    size = float(np.ptp(there, axis=0).max(initial=0.0))
    return bool(np.abs(here - there).max(initial=0.0) <= _NEARLY * size)


def _points(block: Any) -> np.ndarray:
    """float32 (N, 3)."""
    points = np.empty(3 * len(block.data), np.float32)
    block.data.foreach_get("co", points)
    return points.reshape(-1, 3)
