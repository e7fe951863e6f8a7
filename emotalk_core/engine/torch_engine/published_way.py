"""The published network as its authors' program runs it: what `emotalk bench` measures against.

The same numbers as ours, with the work that cannot change them: separate query, key and value maps,
attention as three steps whose maps are kept until an encoder ends, convolutions with transposing
around each norm, weight norm at each call, cross-attention over a diagonal mask made in a loop.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ...model.folder import Model
from ...model.network.published import (
    Published,
    attention_bias,
    normalise,
    published_rows,
    published_slopes,
)
from ...model.network.wav2vec2 import Wav2Vec2
from .published import build_network

__all__ = ["PublishedWay"]

_LONGEST = 5000  # frames: the authors' mask has this size whatever the clip's


class PublishedWay:
    """Both encoders in float32 over the whole clip, then the decoder layer.

    Parameters
    ----------
    model : Model
        Of kind "published".
    device : torch.device
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        self._device = device
        self._network: Published = build_network(model).to(device)
        frames = torch.arange(_LONGEST, device=device)
        slopes = published_slopes(self._network.decoder.n_heads).to(device)
        self._mask = attention_bias(frames, frames, slopes, self._network.decoder.period)

    def __call__(self, samples: np.ndarray, *, style: int = 0) -> np.ndarray:
        """Coefficients, float32 (T, 52), of samples (n,) at 16 kHz; the second level."""
        n_frames = math.ceil(len(samples) / 16_000 * self._network.config.fps)
        with torch.no_grad():
            sound = torch.from_numpy(samples)[None].to(self._device)
            content_encoder, emotion_encoder = self._network.encoders
            content = _hear(content_encoder, normalise(sound), n_frames)
            inner = _hear(emotion_encoder, normalise(sound), None)
            heard = self._network.listen(content, _resample(inner, n_frames))
            level = torch.ones(1, n_frames, device=self._device)
            person = torch.tensor([style], device=self._device)
            persons = F.one_hot(person, self._network.config.n_styles)
            x = self._network.decoder.inputs(heard.content, level, heard.emotion, persons)
            x = self._decoder_layer(x, heard.emotion)
            return self._network.decoder.output(x)[0].cpu().numpy()

    def _decoder_layer(self, x: Tensor, emotion: Tensor) -> Tensor:
        layer = self._network.decoder
        n = x.shape[1]
        q, k, v = layer.qkv(x).chunk(3, dim=-1)
        heard = _attend(q, k, v, layer.n_heads, self._mask[:, :n, :n])[0]
        x = layer.norms[0](x + layer.attended(heard))
        value = layer.guide(emotion)
        # Queries and keys are not in the folder; any do, with one key allowed for each frame.
        some = torch.eye(x.shape[2], device=x.device)
        mask = _diagonal(n).to(x.device)
        guided = _attend(x @ some, value @ some, value, layer.n_heads, mask)[0] @ some
        x = layer.norms[1](x + guided)
        return layer.norms[2](x + layer.down(F.relu(layer.up(x))))


def _diagonal(n: int) -> Tensor:
    mask = torch.ones(n, n)
    for i in range(n):
        mask[i, i] = 0
    return torch.zeros(n, n).masked_fill(mask.bool(), -math.inf)


def _resample(rows: Tensor, count: int) -> Tensor:
    return F.interpolate(
        rows.transpose(1, 2), size=count, mode="linear", align_corners=True
    ).transpose(1, 2)


def _hear(encoder: Wav2Vec2, sound: Tensor, n_frames: int | None) -> Tensor:
    """One encoder's hidden rows; None: as many rows as the emotion encoder makes for itself."""
    x = sound[:, None]
    for convolution, norm in zip(
        encoder.convolutions.layers, encoder.convolutions.norms, strict=True
    ):
        x = F.gelu(norm(convolution(x).transpose(-2, -1)).transpose(-2, -1))
    states = x.transpose(1, 2)
    rows = _resample(states, n_frames or published_rows(states.shape[1]))
    x = encoder.input(encoder.input_norm(rows))
    weight = encoder.position.weight
    norm = weight.norm(dim=(0, 1), keepdim=True)
    position = F.conv1d(
        x.transpose(1, 2),
        weight / norm * norm,
        encoder.position.bias,
        padding=encoder.position.padding,
        groups=encoder.position.groups,
    )[..., : x.shape[1]]
    x = x + F.gelu(position).transpose(1, 2)
    kept = [x]
    for layer in encoder.layers:
        normed = layer.attention_norm(x)
        parts = zip(layer.qkv.weight.chunk(3), layer.qkv.bias.chunk(3), strict=True)
        q, k, v = (F.linear(normed, weight, bias) for weight, bias in parts)
        heard, scores = _attend(q, k, v, layer.n_heads, None)
        x = x + layer.out(heard)
        x = x + layer.down(F.gelu(layer.up(layer.norm(x))))
        kept += [scores, x]
    return encoder.norm(x)


def _attend(
    q: Tensor, k: Tensor, v: Tensor, n_heads: int, mask: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Attention step by step, and its map."""
    batch, length, width = q.shape
    q, k, v = (
        part.view(batch, length, n_heads, width // n_heads).transpose(1, 2).contiguous()
        for part in (q, k, v)
    )
    scores = (q / math.sqrt(width // n_heads)) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask
    weights = scores.softmax(dim=-1)
    heard = (weights @ v).transpose(1, 2).reshape(batch, length, width)
    return heard, weights
