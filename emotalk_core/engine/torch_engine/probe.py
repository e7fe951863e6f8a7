"""How fast this machine multiplies: the floor under any engine's time."""

from __future__ import annotations

import time

import torch

__all__ = ["probe_gflops"]

_ROWS, _INNER, _COLUMNS = 1500, 1024, 4096  # a minute through a feed-forward layer
_REPEATS = 8


def probe_gflops(precision: str) -> float:
    """GFLOP for each second of processor time of a large product, the best of several."""
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    rows = torch.ones(_ROWS, _INNER, dtype=dtype)
    layer = torch.nn.Linear(_INNER, _COLUMNS, dtype=dtype)
    best = 0.0
    with torch.inference_mode():
        for _ in range(_REPEATS):
            start_s = time.process_time()
            layer(rows)
            spent_s = time.process_time() - start_s
            best = max(best, 2e-9 * _ROWS * _INNER * _COLUMNS / max(spent_s, 1e-9))
    return best
