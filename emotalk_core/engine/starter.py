"""The starter network's trained part in numpy: branches and decoder, from arrays to arrays.

S states at 50 Hz, T frames at 30 fps, W states of a window. `model/network/starter.py` is the same
in torch, `onnx_starter` as ONNX operators; tests hold them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ..controls import FrameControls
from ..model.config import ModelConfig
from . import Encoding
from .arrays import NUMPY, Array, Library
from .contact import gated, smoothed
from .emotion import emotion_latent
from .frontend import STATE_RATE, gelu
from .product import affine, product

if TYPE_CHECKING:
    from .streaming import Stretch

__all__ = [
    "LEVEL_CENTRE_DB",
    "LEVEL_HIGH",
    "LEVEL_LOW",
    "LEVEL_SCALE_DB",
    "POOL_DB_PER_E",
    "POOL_FLOOR",
    "PROJECTED",
    "Starter",
    "frame_positions",
    "layer_mix",
    "level_feature",
    "pool_weights",
    "pooled_around",
    "softmax",
]

POOL_DB_PER_E: Final = 13.0  # a state this much quieter counts 1/e as much in the pooled emotion
PROJECTED: Final = ("content", "content.phones")
"""Branches that begin with a projection, in the order of `project`'s columns."""

POOL_FLOOR: Final = 1.0  # weight of nothing at all: long silence says nothing
LEVEL_CENTRE_DB, LEVEL_SCALE_DB = -20.0, 15.0
LEVEL_LOW, LEVEL_HIGH = -2.5, 2.0


def level_feature(level: Array) -> Array:
    """Level in dB as an input of about -1..1; what lies below the usual range of speech counts as
    equally quiet.
    """
    return ((level - LEVEL_CENTRE_DB) / LEVEL_SCALE_DB).clip(LEVEL_LOW, LEVEL_HIGH)


def pool_weights(level: Array, xp: Library = NUMPY) -> Array:
    """How much each state counts for the emotion of its surroundings."""
    return xp.of.exp(level.clip(None, 0.0) / POOL_DB_PER_E)


def pooled_around(
    x: np.ndarray, weights: np.ndarray, centres: np.ndarray, reach: int
) -> np.ndarray:
    """Weighted mean (T, width), float32, of the states x (S, width) within `reach` of each of
    `centres` (T,).
    """
    first, last = np.maximum(centres - reach, 0), np.minimum(centres + reach + 1, len(x))
    total = _window_sums(weights[:, None], first, last) + POOL_FLOOR
    return (_window_sums(weights[:, None] * x, first, last) / total).astype(np.float32)


def frame_positions(first: int, last: int, fps: int) -> tuple[np.ndarray, np.ndarray]:
    """State before each frame `first`..`last` - 1, and how far the frame is on the way to the next
    state (0..1).
    """
    scaled = np.arange(first, last, dtype=np.int64) * STATE_RATE
    return scaled // fps, ((scaled % fps) / fps).astype(np.float32)


def layer_mix(tensors: Mapping[str, np.ndarray], branch: str) -> tuple[np.ndarray, np.ndarray]:
    """How `branch` adds up the layers' states: a gain for each layer and dimension, float32
    (layers, 512), and an offset (512,).

    Standardising and the weighted sum of layers are both linear, so they are one step.
    """
    mean, scale, layers = (
        np.asarray(tensors[name], np.float32)
        for name in ("standardise.mean", "standardise.scale", f"{branch}.layers")
    )
    gains = softmax(layers)[:, None] * scale
    return gains, -(mean * gains).sum(axis=0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Shares, each row sums to 1."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Starter:
    """Weights prepared for numpy, and the functions that use them.

    Parameters
    ----------
    config : ModelConfig
    tensors : mapping of float16 or float32 arrays
        As in `model.folder.model_shapes`.
    """

    def __init__(self, config: ModelConfig, tensors: Mapping[str, np.ndarray]) -> None:
        self.config = config
        self._get = lambda name: np.asarray(tensors[name], np.float32)
        self._mixes = [
            (layer_mix(tensors, branch), self._affine(f"{branch}.project")) for branch in PROJECTED
        ]
        self._felt = layer_mix(tensors, "emotion")
        self._content_level = self._get("content.level")
        self._content = self._convolutions("content", len(config.content.dilations))
        self._phones = self._convolutions("content.phones", len(config.content.phones_dilations))
        self._names = self._affine("content.phones.output")
        self._heard, self._voice = self._affine("emotion.heard"), self._affine("emotion.voice")
        self._prototypes, self._styles = self._get("prototypes"), self._get("styles")
        self._input, self._decoder_level = self._affine("decoder.input"), self._get("decoder.level")
        names = [f"decoder.blocks.{i}" for i in range(config.decoder.n_blocks)]
        self._blocks = [
            (self._affine(f"{n}.film"), self._convolution(f"{n}.conv"), self._affine(f"{n}.point"))
            for n in names
        ]
        self._output = self._affine("decoder.output")
        self._contact = self._affine("decoder.contact")

    def _affine(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Matrix (in, out) and bias."""
        return np.ascontiguousarray(self._get(f"{name}.weight").T), self._get(f"{name}.bias")

    def _convolution(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Matrix (kernel * in, out) and bias."""
        kernel = self._get(f"{name}.weight").transpose(2, 1, 0)
        return np.ascontiguousarray(kernel.reshape(-1, kernel.shape[2])), self._get(f"{name}.bias")

    def _convolutions(self, branch: str, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
        return [self._convolution(f"{branch}.blocks.{i}") for i in range(n)]

    def project(self, states: Sequence[np.ndarray]) -> np.ndarray:
        """One window's states (W, 512) of each layer as inputs of the branches, float32 (W,
        content + phones + 512).

        Linear in the states, so that windows may be cross-faded afterwards.
        """
        parts = [affine(_mixed(states, *mix), *projection) for mix, projection in self._mixes]
        return np.concatenate([*parts, _mixed(states, *self._felt)], axis=1)

    def frames(self, stretch: Stretch) -> Encoding:
        """The Encoding at the frames of joined windows."""
        projected, level = stretch.states[:, :-1], stretch.states[:, -1]
        before, halo = stretch.before, self.config.content.halo
        low = max(0, int(before[0]) - halo) if len(before) else 0
        high = int(before[-1]) + 2 + halo if len(before) else 2 * halo + 2
        content = self.content(np.ascontiguousarray(projected[low:high]), level[low:high])
        at, share = before - low, stretch.share[:, None]
        emotion, heard = self.emotion(projected, pool_weights(level) * stretch.inside, before)
        return Encoding(
            content=content[at] * (1 - share) + content[at + 1] * share,
            emotion=emotion,
            heard=heard,
            level=level[before] * (1 - stretch.share) + level[before + 1] * stretch.share,
        )

    def face(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """Coefficients of an Encoding under some sliders, float32 (T, 52)."""
        latent = self.latent(encoding.emotion, controls)
        return self.decode(encoding.content, encoding.level, latent, controls.style)

    def content(self, projected: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Content at 50 Hz with the share of each phone beside it, float32 (S, full_width);
        inexact in `config.content.halo` states at the ends.
        """
        sizes = self.config.content
        said = gelu(
            projected[:, : sizes.width] + level_feature(level)[:, None] * self._content_level
        )
        for (weight, bias), dilation in zip(self._content, sizes.dilations, strict=True):
            said += gelu(_convolve(said, weight, bias, sizes.kernel, dilation))
        x = gelu(projected[:, sizes.width : sizes.projected_width].copy())
        for (weight, bias), dilation in zip(self._phones, sizes.phones_dilations, strict=True):
            x += gelu(_convolve(x, weight, bias, sizes.kernel, dilation))
        # A p may last one state: its share stays as sharp as it is heard.
        return np.concatenate([smoothed(said), softmax(affine(x, *self._names))], axis=1)

    def emotion(
        self, projected: np.ndarray, weights: np.ndarray, centres: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Emotion of the surroundings of some states.

        Parameters
        ----------
        projected : float32 (S, content + phones + 512)
        weights : float32 (S,)
            From `pool_weights`; 0 outside the sound.
        centres : int (T,)
            States to look around.

        Returns
        -------
        float32 (T, E) and float32 (T, 8)
            Point in the emotion latent space; shares of the emotions.
        """
        x = projected[:, self.config.content.projected_width :]
        pooled = pooled_around(x, weights, centres, self.config.emotion.reach)
        voice = softmax(affine(pooled, *self._voice))
        return product(voice, self._prototypes), softmax(affine(pooled, *self._heard))

    def latent(self, voice: np.ndarray, controls: FrameControls) -> np.ndarray:
        """Point in the emotion latent space that the decoder is told, float32 (T, E)."""
        return emotion_latent(voice, controls, self._prototypes)

    def decode(
        self, content: np.ndarray, level: np.ndarray, latent: np.ndarray, style: int
    ) -> np.ndarray:
        """Coefficients, float32 (T, 52); `config.decoder.halo` frames at each end depend on what
        lies beyond.
        """
        row = self._styles[style % self.config.n_styles]
        told = np.concatenate([latent, np.broadcast_to(row, (len(latent), len(row)))], axis=1)
        content = np.ascontiguousarray(content, np.float32)
        x = affine(content, *self._input)
        x = gelu(x + level_feature(np.asarray(level, np.float32))[:, None] * self._decoder_level)
        kernel, width = self.config.decoder.kernel, self.config.decoder.width
        for film, convolution, point in self._blocks:
            gain_shift = affine(told, *film)
            h = _convolve(x, *convolution, kernel, 1)
            h *= 1.0 + gain_shift[:, :width]
            h += gain_shift[:, width:]
            x += affine(gelu(h), *point)
        said, shares = np.split(content, [self.config.content.width], axis=1)
        contact = affine(np.ascontiguousarray(said), *self._contact)[:, 0]
        free = smoothed(affine(x, *self._output))  # what must be quick, the gates do
        return gated(free, contact, shares)[0]


def _mixed(states: Sequence[np.ndarray], gains: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """The states of all layers as one, as of `layer_mix`."""
    mixed = states[0] * gains[0] + offset
    for layer, gain in zip(states[1:], gains[1:], strict=True):
        mixed += layer * gain
    return mixed


def _convolve(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, kernel: int, dilation: int
) -> np.ndarray:
    """Convolution with zeros beyond the ends: x (n, in), weight (kernel * in, out)."""
    half, n = dilation * (kernel // 2), len(x)
    padded = np.pad(x, ((half, half), (0, 0)))
    columns = np.concatenate(
        [padded[i * dilation : i * dilation + n] for i in range(kernel)], axis=1
    )
    return affine(columns, weight, bias)


def _window_sums(x: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Sums of the rows first..last - 1 of x, float64: running sums in float32 would drift."""
    running = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0, dtype=np.float64)])
    return running[last] - running[first]
