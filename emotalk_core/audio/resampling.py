"""One resampler for every sound: polyphase, Kaiser window, exact ratios, in numpy.

Flat to 7/8 of the lower Nyquist frequency, below -110 dB from that frequency on: nothing aliases.
The same samples give the same bits whatever blocks they come in, because the work is always done on
a fixed grid.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..engine.blas import one_blas_thread
from ..engine.product import product
from ..timing import SAMPLE_RATE

__all__ = ["Ratio", "resample_blocks", "resampled_length"]

_STOP_DB = 116.0
_BETA = 0.1102 * (_STOP_DB - 8.7)  # Kaiser, "Nonrecursive digital filter design" (1974)
_GROUP = 128  # outputs of one matrix product
_ROWS = 64  # periods of one product: 20 kB to 200 kB of input at usual rates
_MAX_BANK = (
    6_000_000  # float32: above this (rates without a common divisor) phases are interpolated
)
_FINE = 2048  # phases of that table; linear interpolation errs by -130 dB


@dataclass(frozen=True)
class Ratio:
    """Outputs per inputs, reduced: `up` / `down` is 16000 / rate."""

    up: int
    down: int

    @classmethod
    def from_rate(cls, rate: int) -> Ratio:
        """What takes `rate` Hz to 16 kHz."""
        divisor = math.gcd(rate, SAMPLE_RATE)
        return cls(SAMPLE_RATE // divisor, rate // divisor)

    @property
    def half_width(self) -> int:
        """Inputs on each side of an output's own time that it is made of."""
        # Transition band in cycles per input sample: an eighth of the lower Nyquist frequency.
        band = 0.125 * 0.5 * min(1.0, self.up / self.down)
        return math.ceil((_STOP_DB - 7.95) / (14.36 * band) / 2)


def resampled_length(n_samples: int, ratio: Ratio) -> int:
    """Samples at 16 kHz that fall into a sound of `n_samples`."""
    return -(-n_samples * ratio.up // ratio.down)


def resample_blocks(blocks: Iterable[np.ndarray], ratio: Ratio) -> Iterator[np.ndarray]:
    """float32 blocks at 16 kHz from float32 blocks at another rate; the sound is silent outside.

    Output k is due at input k down / up: no delay. The whole has `resampled_length` samples.
    """
    if ratio.up == ratio.down:
        yield from (np.ascontiguousarray(b, np.float32) for b in blocks if len(b))
        return
    plan = _plan(ratio)
    half, n_in, made = ratio.half_width, 0, 0
    pending = [np.zeros(half, np.float32)]  # inputs from `half` before the next unit's first one on
    held = half
    for block in blocks:
        pending.append(np.asarray(block, np.float32))
        held += len(block)
        n_in += len(block)
        if held < plan.span:
            continue
        samples = np.concatenate(pending)
        at = 0
        while at + plan.span <= len(samples):
            yield plan.run(samples[at : at + plan.span])
            made += plan.n_out
            at += plan.n_in
        pending, held = [samples[at:].copy()], len(samples) - at
    samples = np.concatenate(pending)
    total = resampled_length(n_in, ratio)
    while made < total:
        unit = np.zeros(plan.span, np.float32)
        there = samples[: plan.span]
        unit[: len(there)] = there
        yield plan.run(unit)[: total - made]
        made += plan.n_out
        samples = samples[plan.n_in :]


def _filter(offset: np.ndarray, ratio: Ratio) -> np.ndarray:
    """Windowed sinc at `offset` inputs from its centre, float64, not yet of unit sum."""
    cutoff = (
        0.5 * min(1.0, ratio.up / ratio.down) * (1.0 - 0.0625)
    )  # cycles per input: middle of the band
    edge = np.clip(1.0 - (offset / ratio.half_width) ** 2, 0.0, None)
    return np.sinc(2.0 * cutoff * offset) * np.i0(_BETA * np.sqrt(edge)) * (edge > 0)


@dataclass(frozen=True, eq=False)
class _Plan:
    """A unit of work: `n_in` new inputs (and `span` in all) become `n_out` outputs."""

    n_in: int
    n_out: int
    span: int

    def run(self, samples: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class _GroupedPlan(_Plan):
    """Neighbouring outputs share most of their inputs: one matrix for a group of them, one row for
    each period.
    """

    period_in: int
    period_out: int
    groups: tuple[tuple[int, np.ndarray], ...]  # first input, matrix (inputs, outputs)

    def run(self, samples: np.ndarray) -> np.ndarray:
        """float32 (n_out,) from float32 (span,)."""
        out = np.empty((self.n_out // self.period_out, self.period_out), np.float32)
        done = 0
        for first, matrix in self.groups:
            n_in, n_out = matrix.shape
            view = np.lib.stride_tricks.sliding_window_view(samples[first:], n_in)[
                :: self.period_in
            ]
            rows = np.ascontiguousarray(view[: len(out)])
            with one_blas_thread():  # these products are too small for more
                out[:, done : done + n_out] = product(rows, matrix)
            done += n_out
        return out.reshape(-1)


@dataclass(frozen=True, eq=False)
class _InterpolatedPlan(_Plan):
    """Ratios with too many phases for a table of all: filters between those of a fine table."""

    first: np.ndarray  # (n_out,) first input of each output
    phase: np.ndarray  # (n_out,) row of the table
    share: np.ndarray  # (n_out, 1) way to the next row
    table: np.ndarray  # (_FINE + 1, taps)

    def run(self, samples: np.ndarray) -> np.ndarray:
        """float32 (n_out,) from float32 (span,)."""
        windows = np.lib.stride_tricks.sliding_window_view(samples, self.table.shape[1])
        out = np.empty(self.n_out, np.float32)
        for i in range(0, self.n_out, 512):
            part = slice(i, i + 512)
            rows = self.table[self.phase[part]]
            rows += self.share[part] * (self.table[self.phase[part] + 1] - rows)
            out[part] = np.einsum("ij,ij->i", windows[self.first[part]], rows)
        return out


@functools.lru_cache(maxsize=8)
def _plan(ratio: Ratio) -> _Plan:
    taps = 2 * ratio.half_width + 1
    if ratio.up * (taps + _GROUP * ratio.down // ratio.up) > _MAX_BANK:
        return _interpolated_plan(ratio)
    return _grouped_plan(ratio)


def _grouped_plan(ratio: Ratio) -> _Plan:
    repeats = -(-_GROUP // ratio.up)
    period_out, period_in = ratio.up * repeats, ratio.down * repeats
    phases, groups = _phases(ratio), []
    for start in range(0, period_out, _GROUP):
        outputs = np.arange(start, min(start + _GROUP, period_out), dtype=np.int64)
        # In a unit's inputs, which begin `half_width` early: the filter of an output starts here.
        starts, phase = np.divmod(outputs * ratio.down, ratio.up)
        first = int(starts[0])
        matrix = np.zeros((int(starts[-1]) - first + phases.shape[1], len(outputs)), np.float32)
        for column, (at, row) in enumerate(zip(starts - first, phase, strict=True)):
            matrix[at : at + phases.shape[1], column] = phases[row]
        groups.append((first, matrix))
    n_rows = max(1, min(_ROWS, SAMPLE_RATE // period_out))
    last = max(first + len(matrix) for first, matrix in groups)
    span = (n_rows - 1) * period_in + last
    return _GroupedPlan(
        n_rows * period_in, n_rows * period_out, span, period_in, period_out, tuple(groups)
    )


def _phases(ratio: Ratio) -> np.ndarray:
    """float32 (up, taps): row r is the filter of an output that lies r / up behind an input."""
    inputs = np.arange(-ratio.half_width, ratio.half_width + 2)
    table = _filter(inputs[None, :] - np.arange(ratio.up)[:, None] / ratio.up, ratio)
    table /= table.sum(axis=1, keepdims=True)
    return table.astype(np.float32)


def _interpolated_plan(ratio: Ratio) -> _Plan:
    """One period a unit: at most a second."""
    half = ratio.half_width
    outputs = np.arange(ratio.up, dtype=np.int64)
    whole, rest = np.divmod(outputs * ratio.down, ratio.up)
    fine = rest * _FINE / ratio.up
    phase = fine.astype(np.intp)
    inputs = np.arange(-half, half + 2)
    table = _filter(inputs[None, :] - np.arange(_FINE + 1)[:, None] / _FINE, ratio)
    table /= table.sum(axis=1, keepdims=True)
    return _InterpolatedPlan(
        n_in=ratio.down,
        n_out=ratio.up,
        span=ratio.down + len(inputs),
        first=whole,
        phase=phase,
        share=(fine - phase).astype(np.float32)[:, None],
        table=table.astype(np.float32),
    )
