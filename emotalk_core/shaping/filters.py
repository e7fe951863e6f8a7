"""Small zero-phase filters along time; every one looks a fixed number of frames to each side, so
stretches join.
"""

from __future__ import annotations

import functools

import numpy as np

__all__ = ["dilate", "moving", "soften"]


def moving(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Weighted mean over `kernel` (odd length) centred on each row of (T,) or (T, C); the ends are
    held.
    """
    half = len(kernel) // 2
    padded = np.concatenate(
        [np.repeat(values[:1], half, axis=0), values, np.repeat(values[-1:], half, axis=0)]
    )
    out = np.zeros(values.shape, np.float32)
    for i, weight in enumerate(kernel):
        out += np.float32(weight) * padded[i : i + len(values)]
    return out


@functools.cache
def _hann(size: int) -> np.ndarray:
    kernel = np.hanning(size + 2)[1:-1]
    return (kernel / kernel.sum()).astype(np.float32)


def soften(values: np.ndarray, size: int) -> np.ndarray:
    """Hann-weighted mean over `size` frames, odd."""
    return moving(values, _hann(size)) if len(values) else values


def dilate(values: np.ndarray, reach: int) -> np.ndarray:
    """Largest value (T,) within `reach` frames on each side."""
    out, done = values.copy(), 0
    while done < min(reach, len(values) - 1):  # windows of doubling length
        shift = min(done + 1, reach - done, len(values) - 1)
        wider = out.copy()
        np.maximum(wider[shift:], out[:-shift], out=wider[shift:])
        np.maximum(wider[:-shift], out[shift:], out=wider[:-shift])
        out, done = wider, done + shift
    return out
