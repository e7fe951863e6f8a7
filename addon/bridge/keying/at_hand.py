"""Keys that need not be read again: those of an hour's curves take seconds each time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .curves import Keys, read_keys

__all__ = ["KeysAtHand"]


class KeysAtHand:
    """Keys of F-curves as they were read or written last, for as long as nobody else writes them:
    within one call. Curves are known by their pointers.
    """

    def __init__(self, read: Iterable[tuple[Any, Keys]] = ()) -> None:
        self._known = {curve.as_pointer(): keys for curve, keys in read}

    def of(self, curve: Any) -> Keys:
        """All keys of a curve, read where they are not at hand."""
        keys = self._known.get(curve.as_pointer())
        return read_keys(curve) if keys is None else keys

    def put(self, curve: Any, keys: Keys) -> None:
        """These have been written to a curve. Of bent ones Blender may have moved handles."""
        if keys.bends is not None:
            self._known.pop(curve.as_pointer(), None)
            return
        pairs = (column.astype(np.float32) for column in (keys.frames, keys.values))
        self._known[curve.as_pointer()] = Keys(*pairs)
