"""The network of Peng et al., "EmoTalk" (ICCV 2023), without what cannot change its output.

Both encoders hear the whole clip; the decoder looks back only. Its attention to the emotion is
allowed one key for each frame, so it is a linear map; every bias, mask and map that softmax or the
output never sees is left out.
Shapes: B clips, T frames at 30 fps, C content, E emotion (the latent space).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..config import ModelConfig, PublishedConfig
from .wav2vec2 import Between, Wav2Vec2, interpolate

__all__ = [
    "Heard",
    "Places",
    "Published",
    "attention_bias",
    "normalise",
    "published_rows",
    "published_slopes",
    "whole_places",
]

_DROPOUT = 0.1  # in training alone
_QUERIES_AT_ONCE = 200  # frames: bounds the memory of scores


def published_slopes(n_heads: int) -> Tensor:
    """Penalty of each head for one period (n_heads,): 1/4, 1/16, 1/64, 1/256 for four heads.

    Press et al., "Train short, test long" (ALiBi, 2022), for a power of two.
    """
    ratio = 2.0 ** (-8.0 / n_heads)
    return torch.tensor([ratio ** (head + 1) for head in range(n_heads)])


def attention_bias(
    queries: Tensor, keys: Tensor, slopes: Tensor, period: int, past: int | None = None
) -> Tensor:
    """What is added to the scores (heads, Q, K) of frames `queries` (Q,) for frames `keys` (K,).

    A key costs its head's slope for each whole period that it lies back (Fan et al., FaceFormer,
    2022, eq. 5); later frames, and frames `past` or more back, are not heard.
    """
    back = queries[:, None] - keys[None]
    bias = -slopes[:, None, None] * torch.div(back, period, rounding_mode="floor")
    unheard = back < 0 if past is None else (back < 0) | (back >= past)
    return bias.masked_fill(unheard, -math.inf)


class _Decoder(nn.Module):
    """One transformer decoder layer (after norms) between content with emotion and coefficients."""

    def __init__(self, config: PublishedConfig, n_styles: int, n_channels: int) -> None:
        super().__init__()
        width = config.width
        self.period, self.past, self.n_heads = config.period, config.past, config.n_heads
        self.told = nn.Linear(config.emotion_width, config.told_width)
        self.level = nn.Linear(2, config.level_width)
        self.style = nn.Linear(n_styles, config.style_width)
        self.qkv = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.guide = nn.Linear(config.emotion_width, width)  # emotion-guided attention
        self.up = nn.Linear(width, config.feed_forward)
        self.down = nn.Linear(config.feed_forward, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.output = nn.Linear(width, n_channels)
        nn.init.xavier_uniform_(self.qkv.weight)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def inputs(self, content: Tensor, level: Tensor, emotion: Tensor, style: Tensor) -> Tensor:
        """Content, emotion, level and style side by side (B, T, width).

        Parameters
        ----------
        content, emotion : Tensor (B, T, C), (B, T, E)
        level : Tensor (B, T)
            From the published network's first level (0) to its second (1).
        style : Tensor (B, styles)
            Shares of the persons; one-hot as published.
        """
        shape = (*content.shape[:2], -1)
        levels = torch.stack([1.0 - level, level], dim=-1).to(content.dtype)
        person = self.style(style.to(content.dtype))[:, None].expand(shape)
        parts = [content, F.relu(self.told(emotion)), self.level(levels), person]
        return torch.cat(parts, dim=-1)

    def layer(self, x: Tensor, emotion: Tensor) -> Tensor:
        """The decoder layer: (B, T, width) to the same, told the emotion (B, T, E)."""
        x = self.norms[0](x + self._drop(self._attend(x)))
        x = self.norms[1](x + self._drop(self.guide(emotion)))
        return self.norms[2](x + self._drop(self.down(self._drop(F.relu(self.up(x))))))

    def forward(self, content: Tensor, level: Tensor, emotion: Tensor, style: Tensor) -> Tensor:
        """Coefficients (B, T, 52), not limited to 0..1; arguments as for `inputs`."""
        x = self.inputs(content, level, emotion, style)
        return self.output(self.layer(x, emotion))

    def _attend(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        frames = torch.arange(length, device=x.device)
        slopes = published_slopes(self.n_heads).to(x.device)
        heard = []
        for start in range(0, length, _QUERIES_AT_ONCE):
            stop = min(start + _QUERIES_AT_ONCE, length)
            first = max(0, start - self.past + 1)
            bias = attention_bias(
                frames[start:stop], frames[first:stop], slopes, self.period, self.past
            )
            heard.append(
                F.scaled_dot_product_attention(
                    q[:, :, start:stop],
                    k[:, :, first:stop],
                    v[:, :, first:stop],
                    attn_mask=bias.to(x.dtype),
                    dropout_p=_DROPOUT if self.training else 0.0,
                )
            )
        joined = torch.cat(heard, dim=2).transpose(1, 2).reshape(batch, length, width)
        return self.attended(joined)

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, _DROPOUT, self.training)


@dataclass(frozen=True, eq=False)
class Heard:
    """What both branches made of the sound, frame by frame."""

    content: Tensor  # (B, T, C)
    emotion: Tensor  # (B, T, E), a point in the emotion latent space
    logits: Tensor  # (B, classes), of the whole stretch


@dataclass(frozen=True, eq=False)
class Places:
    """Where frames lie, in states of the convolutions and in rows of the emotion encoder.

    The emotion is resampled twice: from states to the encoder's rows, from those to frames.
    """

    content: Between  # (B, T): each frame, in states
    emotion_rows: Between  # (B, M): each row of the emotion encoder, in states
    emotion: Between  # (B, T): each frame, in rows of the emotion encoder
    # Where clips of one batch differ in length; None: all frames and rows are there.
    is_frame: Tensor | None = None  # bool (B, T)
    is_row: Tensor | None = None  # bool (B, M)

    def to(self, device: torch.device) -> Places:
        """The same on another device."""
        return Places(
            self.content.to(device),
            self.emotion_rows.to(device),
            self.emotion.to(device),
            None if self.is_frame is None else self.is_frame.to(device),
            None if self.is_row is None else self.is_row.to(device),
        )


class _Content(nn.Module):
    """What is said."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.encoder = Wav2Vec2(config.encoder) if config.encoder else None
        self.map = nn.Linear(config.content_features, config.content_width)


class _Emotion(nn.Module):
    """How it is said: the latent space, and the classes that only training needs."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        features, is_deaf = config.emotion_features, config.share_convolutions
        self.encoder = Wav2Vec2(config.encoder, is_deaf=is_deaf) if config.encoder else None
        self.map = nn.Linear(features, config.emotion_width)
        self.hidden = nn.Linear(features, features)
        self.classes = nn.Linear(features, config.n_classes)

    def sort(self, features: Tensor, is_frame: Tensor | None = None) -> Tensor:
        """Logits (B, classes) of the mean over the frames of features (B, T, F)."""
        if is_frame is None:
            mean = features.mean(dim=1)
        else:
            share = is_frame.to(features.dtype) / is_frame.sum(dim=1, keepdim=True)
            mean = torch.einsum("btf,bt->bf", features, share)
        return self.classes(torch.tanh(self.hidden(mean)))


class Published(nn.Module):
    """Two wav2vec2 encoders, or features given in their place, and a transformer decoder.

    Parameters
    ----------
    config : ModelConfig
        Of kind "published".
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        assert config.published is not None, "not the config of a published network"
        sizes = config.published
        self.config, self.sizes = config, sizes
        self.content = _Content(sizes)
        self.emotion = _Emotion(sizes)
        self.decoder = _Decoder(sizes, config.n_styles, len(config.channels))

    @property
    def encoders(self) -> tuple[Wav2Vec2, Wav2Vec2]:
        """Of content and emotion."""
        content, emotion = self.content.encoder, self.emotion.encoder
        assert content is not None, "this network is given features in place of sound"
        assert emotion is not None
        return content, emotion

    def encode(self, samples: Tensor, n_frames: int) -> Heard:
        """What is heard in normalised samples (B, n), at `n_frames` frames spread over them."""
        n_states = self.encoders[0].convolutions.n_states(samples.shape[1])
        places = whole_places(len(samples), n_states, n_frames)
        return self.encode_at(samples, places.to(samples.device))

    def encode_at(self, samples: Tensor, places: Places) -> Heard:
        """What is heard in normalised samples (B, n) at given places."""
        content_encoder, emotion_encoder = self.encoders
        states = content_encoder.convolutions(samples)
        content = content_encoder(interpolate(states, places.content), places.is_frame)
        if not self.sizes.share_convolutions:
            states = emotion_encoder.convolutions(samples)
        rows = emotion_encoder(interpolate(states, places.emotion_rows), places.is_row)
        return self.listen(content, interpolate(rows, places.emotion), places.is_frame)

    def listen(self, content: Tensor, emotion: Tensor, is_frame: Tensor | None = None) -> Heard:
        """What is heard in the encoders' features (B, T, F), which need not be ours."""
        logits = self.emotion.sort(emotion, is_frame)
        return Heard(self.content.map(content), self.emotion.map(emotion), logits)

    def decode(self, content: Tensor, level: Tensor, latent: Tensor, style: Tensor) -> Tensor:
        """Coefficients (B, T, 52) in the order of `config.channels`.

        Parameters
        ----------
        content, latent : Tensor (B, T, C), (B, T, E)
        level : Tensor (B, T)
            How strongly it is acted: 0 the published network's first level, 1 its second.
        style : Tensor (B,) or (B, styles)
            Number of the person, or shares of several.
        """
        if style.ndim == 1:
            style = F.one_hot(style, self.config.n_styles)
        return self.decoder(content, level, latent, style)


def whole_places(n_clips: int, n_states: int, n_frames: int) -> Places:
    """Frames and rows spread over whole clips, first on first and last on last."""
    n_rows = published_rows(n_states)
    spread = [
        Between.at(torch.linspace(0.0, last, count, dtype=torch.float64).expand(n_clips, -1))
        for last, count in (
            (n_states - 1.0, n_frames),
            (n_states - 1.0, n_rows),
            (n_rows - 1.0, n_frames),
        )
    ]
    return Places(*spread)


def published_rows(n_states: int) -> int:
    """Rows of the emotion encoder for so many states: in floats, as published."""
    return int(n_states / 50.0 * 30)


def normalise(samples: Tensor) -> Tensor:
    """Samples (B, n) with mean 0 and deviation 1, each clip by itself."""
    variance, mean = torch.var_mean(samples, dim=1, correction=0, keepdim=True)
    return (samples - mean) / torch.sqrt(variance + 1e-7)
