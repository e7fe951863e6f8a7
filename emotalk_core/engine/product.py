"""Matrix products by the faster of numpy's two ways.

Blender's own numpy is usually built without BLAS: `@` then runs at about 1 GFLOP/s, while `einsum`
in blocks
uses numpy's SIMD loops and reaches 16-20. With BLAS `@` is ten times faster still. One probe
decides.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import numpy as np

from .blas import one_blas_thread

__all__ = ["affine", "has_blas", "product"]

_K_STEP = 64  # block of the inner dimension: keeps the working set in the first-level cache
_NARROW = 128  # below this many columns the dot-product form of einsum is the faster one


@functools.cache
def has_blas() -> bool:
    """Whether `@` of this numpy reaches a BLAS, by timing one small product both ways.

    The best of several turns, taken alternately, stands even on a busy machine: the two ways differ
    by a factor of five and more.
    """
    a = np.ones((192, 192), np.float32)
    ways: tuple[Callable[[], object], ...] = (
        lambda: a @ a,
        lambda: np.einsum("ik,kj->ij", a, a),
    )
    best = [float("inf"), float("inf")]
    with one_blas_thread():
        for _ in range(8):
            for number, multiply in enumerate(ways):
                start = time.perf_counter()
                multiply()
                best[number] = min(best[number], time.perf_counter() - start)
    return best[0] < best[1]


def product(a: np.ndarray, b: np.ndarray, *, blas: bool | None = None) -> np.ndarray:
    """`a @ b` for float32 a (M, K) and b (K, N), both C-contiguous; `blas` overrides the probe."""
    if has_blas() if blas is None else blas:
        return a @ b
    if b.shape[1] < _NARROW:
        return np.einsum("ik,jk->ij", a, np.ascontiguousarray(b.T))
    out = np.einsum("ik,kj->ij", a[:, :_K_STEP], b[:_K_STEP])
    part = np.empty_like(out)
    for k in range(_K_STEP, a.shape[1], _K_STEP):
        np.einsum("ik,kj->ij", a[:, k : k + _K_STEP], b[k : k + _K_STEP], out=part)
        out += part
    return out


def affine(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """X (M, K) @ weight (K, N) + bias (N,)."""
    y = product(x, weight)
    y += bias
    return y
