"""The starter's frozen front end in numpy: log-mel and three layers of the Whisper-base encoder.

Training and the built-in engine call these same functions, on the same windows: the windows are
part of the network. Sources: Radford et al., "Robust Speech Recognition via Large-Scale Weak
Supervision" (2022) and openai/whisper (`audio.py`, `model.py`; MIT).
Shapes: M mel frames at 100 Hz, T = M / 2 states at 50 Hz.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.fft import rfft  # numpy loads it late: not in the first run

from ..timing import SAMPLE_RATE
from .product import affine, product

__all__ = [
    "HOP",
    "LOG_RANGE",
    "NORM_EPS",
    "N_FFT",
    "N_HEADS",
    "N_MELS",
    "STATE_RATE",
    "UNHEARD",
    "USUAL_TOP",
    "Encoder",
    "gelu",
    "log_mel",
    "mel_filters",
    "mel_power_max",
    "normalise",
]

N_FFT = 400  # 25 ms
HOP = 160  # 10 ms: mel frames at 100 Hz
N_MELS = 80
STATE_RATE = 50  # hidden states per second, after the second convolution's stride
WIDTH = 512
N_HEADS = 8
LOG_RANGE = 8.0  # Whisper keeps the loudest 8 decades (80 dB)
USUAL_TOP = 1.25  # log10 mel power: median of read speech with peaks 4 dB below full scale
NORM_EPS = 1e-5
UNHEARD = -1e4  # score of a key out of reach: its weight underflows to 0
_QUERIES = 75  # a quarter of a window: each block looks at the keys in its reach alone
_GELU_BLOCK = 16_384
_ERFC_SCALE = np.float32(0.3275911 * 0.7071067811865476)
_HALF_ERFC = tuple(
    np.float32(0.5 * c) for c in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
)


@functools.cache
def mel_filters() -> np.ndarray:
    """float32 (201, 80): Slaney's mel bands with unit area, as librosa.filters.mel(sr=16000,
    n_fft=400, n_mels=80).
    """
    linear_step, break_hz, log_step = 200.0 / 3.0, 1000.0, math.log(6.4) / 27.0
    break_mel = break_hz / linear_step
    top_mel = break_mel + math.log(SAMPLE_RATE / 2 / break_hz) / log_step
    mels = np.linspace(0.0, top_mel, N_MELS + 2)
    hz = np.where(
        mels < break_mel, linear_step * mels, break_hz * np.exp(log_step * (mels - break_mel))
    )
    bins = np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    rise = (bins[:, None] - hz[:-2]) / (hz[1:-1] - hz[:-2])
    fall = (hz[2:] - bins[:, None]) / (hz[2:] - hz[1:-1])
    bands = np.maximum(0.0, np.minimum(rise, fall)) * (2.0 / (hz[2:] - hz[:-2]))
    return np.ascontiguousarray(bands.astype(np.float32))


@functools.cache
def _hann() -> np.ndarray:
    return np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Log10 mel power of `samples`, not yet normalised.

    Parameters
    ----------
    samples : float32 (n,)
        16 kHz mono with 200 samples of context at each end: frame m is centred on sample 200 + 160
        m,
        so a stretch of k frames needs 160 (k - 1) + 400 samples.

    Returns
    -------
    float32 (M, 80)
        log10 of the power, floor 1e-10; M = (n - 400) // 160 + 1.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP] * _hann()
    power = np.abs(rfft(frames, axis=1)).astype(np.float32) ** 2
    return np.log10(np.maximum(product(power, mel_filters()), 1e-10))


def mel_power_max(mel: np.ndarray) -> float:
    """Largest log10 mel power: what `normalise` measures from."""
    return float(mel.max(initial=-10.0))


def normalise(mel: np.ndarray, top: float) -> np.ndarray:
    """Whisper's normalisation, with the maximum `top` of the whole sound in place of a 30 s
    chunk's.

    Whisper itself leaves `top` in the result; here every sound is moved to the same one, so that a
    quieter recording gives the same states.
    """
    return (np.maximum(mel - top, -LOG_RANGE) + (USUAL_TOP + 4.0)) / np.float32(4.0)


def gelu(x: np.ndarray) -> np.ndarray:
    """Exact (erf) GELU of float32 `x`, in place.

    max(x, 0) - |x| erfc(|x| / √2) / 2, erfc by Abramowitz and Stegun 7.1.26 (error below 1.5e-7),
    in blocks that stay in the cache.
    """
    flat = x.reshape(-1)
    size = min(_GELU_BLOCK, flat.size)
    near, poly, tail = (np.empty(size, np.float32) for _ in range(3))
    for start in range(0, flat.size, _GELU_BLOCK):
        block = flat[start : start + _GELU_BLOCK]
        a, t, q = near[: len(block)], poly[: len(block)], tail[: len(block)]
        np.abs(block, out=a)
        np.multiply(a, _ERFC_SCALE, out=t)
        t += np.float32(1.0)
        np.reciprocal(t, out=t)
        np.multiply(t, _HALF_ERFC[0], out=q)
        for c in _HALF_ERFC[1:]:
            q += c
            q *= t
        q *= a
        a *= a
        a *= np.float32(-0.5)
        np.exp(a, out=a)
        q *= a
        np.maximum(block, 0.0, out=block)
        block -= q
    return x


@dataclass(frozen=True, eq=False)
class _Layer:
    """One encoder layer; matrices are stored (in, out)."""

    norm1: tuple[np.ndarray, np.ndarray]
    qkv: tuple[np.ndarray, np.ndarray]  # (512, 1536), queries already scaled by 1/8
    out: tuple[np.ndarray, np.ndarray]
    norm2: tuple[np.ndarray, np.ndarray]
    up: tuple[np.ndarray, np.ndarray]
    down: tuple[np.ndarray, np.ndarray]
    # (8, 2 R + 1): score for a key -R..R states away; further ones are not heard
    relative: np.ndarray


class Encoder:
    """The convolutions and the first layers of the Whisper encoder, from `encoder.safetensors`.

    Parameters
    ----------
    tensors : mapping of float16 or float32 arrays
        Names as in openai/whisper's `AudioEncoder`: conv1.weight, blocks.0.attn.query.weight ...
    n_layers : int
        How many layers to run.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray], n_layers: int) -> None:
        def get(name: str) -> np.ndarray:
            return np.asarray(tensors[name], np.float32)

        def matrix(name: str) -> np.ndarray:
            return np.ascontiguousarray(get(name).T)

        def conv(name: str) -> tuple[np.ndarray, np.ndarray]:
            kernel = get(f"{name}.weight").transpose(2, 1, 0)  # (out, in, 3) -> (3, in, out)
            return np.ascontiguousarray(kernel.reshape(-1, kernel.shape[2])), get(f"{name}.bias")

        def layer(i: int) -> _Layer:
            p = f"blocks.{i}"
            scale = np.float32((WIDTH // N_HEADS) ** -0.5)
            qkv = np.concatenate(
                [matrix(f"{p}.attn.{n}.weight") for n in ("query", "key", "value")], axis=1
            )
            qkv[:, :WIDTH] *= scale
            key_bias = np.zeros(WIDTH, np.float32)  # Whisper's keys have none
            bias = np.concatenate(
                [get(f"{p}.attn.query.bias") * scale, key_bias, get(f"{p}.attn.value.bias")]
            )
            norms = [(get(f"{p}.{n}.weight"), get(f"{p}.{n}.bias")) for n in ("attn_ln", "mlp_ln")]
            return _Layer(
                norm1=norms[0],
                qkv=(qkv, bias),
                out=(matrix(f"{p}.attn.out.weight"), get(f"{p}.attn.out.bias")),
                norm2=norms[1],
                up=(matrix(f"{p}.mlp.0.weight"), get(f"{p}.mlp.0.bias")),
                down=(matrix(f"{p}.mlp.2.weight"), get(f"{p}.mlp.2.bias")),
                relative=get(f"{p}.attn.relative"),
            )

        self._conv1, self._conv2 = conv("conv1"), conv("conv2")
        self._position = get("position")
        self._layers = [layer(i) for i in range(n_layers)]
        self._bands = [_banded(layer.relative, 0) for layer in self._layers]

    def __call__(self, mel: np.ndarray) -> list[np.ndarray]:
        """Hidden states of one window, after each layer.

        Parameters
        ----------
        mel : float32 (M, 80)
            Normalised log-mel, M even.

        Returns
        -------
        list of float32 (M / 2, 512)
            One array for each layer, 50 Hz.
        """
        x = gelu(_convolve(mel, *self._conv1, stride=1))
        x = gelu(_convolve(x, *self._conv2, stride=2))
        x += self._position
        states = []
        for layer, band in zip(self._layers, self._bands_of(len(x)), strict=True):
            x = x + _attend(_norm(x, *layer.norm1), layer, band[:, : len(x), : len(x)])
            hidden = gelu(affine(_norm(x, *layer.norm2), *layer.up))
            x += affine(hidden, *layer.down)
            states.append(x)
        return states

    def _bands_of(self, n: int) -> list[np.ndarray]:
        """Each layer's band for windows of n states or more: shorter ones are corners of it."""
        bands = self._bands
        if bands[0].shape[1] < n:
            bands = [_banded(layer.relative, n) for layer in self._layers]
            self._bands = bands  # one assignment: threads see the old ones or the new ones
        return bands


def _convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, *, stride: int) -> np.ndarray:
    """Width-3 convolution with one zero at each end: x (M, in), kernel (3 in, out)."""
    padded = np.pad(x, ((1, 1), (0, 0)))
    n = (len(padded) - 3) // stride + 1
    columns = np.concatenate(
        [padded[i : i + stride * (n - 1) + 1 : stride] for i in range(3)], axis=1
    )
    return affine(columns, kernel, bias)


def _norm(x: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
    y = x - x.mean(axis=-1, keepdims=True)
    y /= np.sqrt(np.einsum("ij,ij->i", y, y) / x.shape[1] + NORM_EPS)[:, None]
    y *= gain
    y += bias
    return y


def _banded(relative: np.ndarray, n: int) -> np.ndarray:
    """float32 (8, n, n): what each query adds to the score of each key."""
    reach = relative.shape[1] // 2
    away = np.arange(n)[None, :] - np.arange(n)[:, None]
    scores = relative[:, np.clip(away, -reach, reach) + reach]
    scores[:, np.abs(away) > reach] = UNHEARD
    return scores


def _attend(x: np.ndarray, layer: _Layer, banded: np.ndarray) -> np.ndarray:
    """Self-attention of a window, head by head: without BLAS a batched product is four times
    slower.
    """
    qkv = affine(x, *layer.qkv)
    size, reach = WIDTH // N_HEADS, layer.relative.shape[1] // 2
    joined = np.empty((len(x), WIDTH), np.float32)
    for head in range(N_HEADS):
        q, k, v = (
            np.ascontiguousarray(qkv[:, o + head * size : o + (head + 1) * size])
            for o in (0, WIDTH, 2 * WIDTH)
        )
        columns = slice(head * size, (head + 1) * size)
        for first in range(0, len(x), _QUERIES):
            rows = slice(first, min(first + _QUERIES, len(x)))
            keys = slice(max(0, first - reach), min(rows.stop + reach, len(x)))
            scores = product(q[rows], np.ascontiguousarray(k[keys].T))
            scores += banded[head, rows, keys]
            joined[rows, columns] = _weighted(scores, v[keys])
    return affine(joined, *layer.out)


def _weighted(scores: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of the rows of `values` by the softmax of each row of `scores`, which is used up."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    mean = product(scores, values)
    mean /= scores.sum(axis=1, keepdims=True)
    return mean
