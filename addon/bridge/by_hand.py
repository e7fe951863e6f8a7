"""Keys that somebody changed after we wrote them: a take remembers a checksum of each curve."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import bpy

from ...emotalk_core.errors import RigError
from ...emotalk_core.retarget import KeyTable
from . import compat
from .curves import read_keys
from .plans import block_of

__all__ = ["changed_curves", "remembered"]

_Address = tuple[str, str, str, int]  # object, which of its data-blocks, data path, array index


def remembered(tables: Iterable[KeyTable], span: tuple[float, float]) -> str:
    """What a take keeps of the curves that were written: checksums of their keys in `span`."""
    addresses = [(t.object_name, t.block, t.data_path, t.array_index) for t in tables]
    return json.dumps([[*address, total] for address, total in _sums(addresses, span).items()])


def changed_curves(memory: str, span: tuple[float, float]) -> int:
    """How many of the curves have other keys in `span` than `remembered` saw; those whose object
    is gone do not count, and 0 where nothing is remembered.
    """
    if not memory:
        return 0
    then = {(name, kind, path, index): n for name, kind, path, index, n in json.loads(memory)}
    return sum(now != then[address] for address, now in _sums([*then], span).items())


def _sums(addresses: Sequence[_Address], span: tuple[float, float]) -> dict[_Address, int]:
    curves: dict[tuple[str, str], Mapping[tuple[str, int], Any] | None] = {}
    sums = {}
    for address in addresses:
        name, kind, path, index = address
        if (name, kind) not in curves:
            curves[name, kind] = _curves_of(name, kind)
        known = curves[name, kind]
        if known is not None:
            sums[address] = _sum_of(known.get((path, index)), span)
    return sums


def _curves_of(name: str, kind: str) -> Mapping[tuple[str, int], Any] | None:
    thing = bpy.data.objects.get((name, None)) or bpy.data.objects.get(name)
    try:
        block = block_of(thing, kind) if thing else None
    except RigError:
        return None
    if block is None:
        return None
    return {(c.data_path, c.array_index): c for c in compat.fcurves_of(block) or ()}


def _sum_of(curve: Any | None, span: tuple[float, float]) -> int:
    """Checksum of a curve's keys in `span`, of a missing curve as of one without keys."""
    if curve is None:
        return 0
    keys = read_keys(curve)
    inside = (keys.frames >= span[0] - 0.01) & (keys.frames <= span[1] + 0.01)
    return zlib.crc32(keys.values[inside].tobytes(), zlib.crc32(keys.frames[inside].tobytes()))
