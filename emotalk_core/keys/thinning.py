"""Keys left out of a curve where it shows the same without them, but for an error."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["thinned"]


def thinned(
    frames: np.ndarray, values: np.ndarray, *, max_error: float, is_held: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The keys that a curve needs.

    Parameters
    ----------
    frames, values : (K,)
        Its keys, in rising frames.
    max_error : float
        By how much it may be another at a key that is left out; 0 keeps every key.
    is_held : bool
        Whether keys stay until the next one, instead of going to it in a straight line.

    Returns
    -------
    (N,), (N,)
        Frames and values, first and last key included.
    """
    if max_error <= 0.0:
        return frames, values
    keep = _held(values, max_error) if is_held else _on_lines(frames, values, max_error)
    return frames[keep], values[keep]


def _held(values: np.ndarray, max_error: float) -> np.ndarray:
    """Indices of the keys to keep: each stays until the next one and misses no left-out key between
    by more than `max_error`. The first and the last key stay.
    """
    kept: list[int] = []
    y = values.astype(np.float64).tolist()
    for i, value in enumerate(y):
        if not kept or abs(value - y[kept[-1]]) > max_error or i == len(y) - 1:
            kept.append(i)
    return np.array(kept, np.intp)


def _on_lines(frames: np.ndarray, values: np.ndarray, max_error: float) -> np.ndarray:
    """Indices of the keys to keep: straight lines between them miss no left-out key by more than
    `max_error`.

    The first and the last key stay. One pass: from each kept key a cone of slopes is narrowed by
    every following key, until a key lies outside it; the key before that one is kept.
    """
    n_keys = len(values)
    if n_keys <= 2 or np.ptp(values) <= max_error:
        return np.unique([0, max(n_keys - 1, 0)])[:n_keys]
    x, y = frames.tolist(), values.astype(np.float64).tolist()
    kept, low, high = [0], -math.inf, math.inf
    for i in range(1, n_keys):
        run, rise = x[i] - x[kept[-1]], y[i] - y[kept[-1]]
        if not low <= rise / run <= high:
            kept.append(i - 1)
            run, rise, low, high = x[i] - x[i - 1], y[i] - y[i - 1], -math.inf, math.inf
        low, high = max(low, (rise - max_error) / run), min(high, (rise + max_error) / run)
    kept.append(n_keys - 1)
    return np.array(kept)
