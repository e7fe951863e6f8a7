"""In which numbers a network learns: bfloat16 where that is quick, else single precision.

Processors without instructions for bfloat16 emulate it, and take forty times as long for a step.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Final

import torch

__all__ = ["quick_numbers"]

_ROWS, _WIDTH = 256, 512  # some states through a layer
_REPEATS: Final = 3


def quick_numbers(device: torch.device, *, enabled: bool = True) -> torch.autocast:
    """The context that a step's networks compute in; single precision unless `enabled`."""
    quick = enabled and (device.type != "cpu" or _has_quick_halves())
    return torch.autocast(device.type, torch.bfloat16, enabled=quick)


@cache
def _has_quick_halves() -> bool:
    """Whether this processor multiplies bfloat16 at least as fast as float32."""
    return _seconds(torch.bfloat16) <= _seconds(torch.float32)


@torch.enable_grad()
def _seconds(dtype: torch.dtype) -> float:
    """Of processor time for a product there and back, the best of several; draws no random
    numbers, which a run's seed is for.
    """
    states = torch.ones(_ROWS, _WIDTH, dtype=dtype)
    weights = torch.ones(_WIDTH, _WIDTH, dtype=dtype, requires_grad=True)
    spent: list[float] = []
    for _ in range(_REPEATS):
        start = time.process_time()
        (states @ weights).sum().backward()
        spent.append(time.process_time() - start)
    return min(spent)
