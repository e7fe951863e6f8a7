"""How the learning rate rises and falls over a run, as a share of what the config says."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["rise_then_fall", "rise_under_fall"]


def rise_under_fall(step: int, steps: int, *, warmup: int, least: float) -> float:
    """Half a cosine over all steps down to `least`, under a rise over the first `warmup`."""
    return min(1.0, (step + 1) / warmup) * _fall(step / steps, least, math.cos)


def rise_then_fall(
    step: int, steps: int, *, warmup: int, least: float, cos: Callable[[float], float] = math.cos
) -> float:
    """A rise over the first `warmup` steps, then half a cosine over the others down to `least`."""
    if step < warmup:
        return (step + 1) / warmup
    return _fall((step - warmup) / max(1, steps - warmup), least, cos)


def _fall(done: float, least: float, cos: Callable[[float], float]) -> float:
    return least + (1.0 - least) * 0.5 * (1.0 + cos(math.pi * min(done, 1.0)))
