"""How fast this machine multiplies: the floor under any engine's time."""

from __future__ import annotations

import time

import torch

__all__ = ["probe_gflops"]

_ROWS, _INNER, _COLUMNS = 1500, 1024, 4096  # a minute through a feed-forward layer
_REPEATS = 8
_ON_A_CARD = 100  # products in a row: one is over before a clock can be read


def probe_gflops(precision: str, device: torch.device) -> float:
    """GFLOP for each second of a large product, the best of several: of processor time, on a card
    by the clock.
    """
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    rows = torch.randn(_ROWS, _INNER, dtype=dtype, device=device)  # cards multiply zeros faster
    layer = torch.nn.Linear(_INNER, _COLUMNS, dtype=dtype, device=device)
    is_card = device.type != "cpu"
    clock, n_products = (time.perf_counter, _ON_A_CARD) if is_card else (time.process_time, 1)
    best = 0.0
    with torch.inference_mode():
        product = layer(rows)  # the first is slower
        for _ in range(_REPEATS):
            start_s = clock()
            for _ in range(n_products):
                product = layer(rows)
            if is_card:
                product[0, 0].item()  # waits for it
            spent_s = (clock() - start_s) / n_products
            best = max(best, 2e-9 * _ROWS * _INNER * _COLUMNS / max(spent_s, 1e-9))
    return best
