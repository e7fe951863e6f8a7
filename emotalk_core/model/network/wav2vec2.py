"""The published network's audio encoder: wav2vec2 large, its layers run at the face's frame rate.

Sources: Baevski et al., "wav2vec 2.0" (2020); Xu et al., "stable layer norm" as in XLSR (2020).
Shapes: B clips, n samples, S states at 50 Hz, R rows at any rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..config import Wav2Vec2Config

__all__ = ["Between", "Wav2Vec2", "interpolate"]

_ATTENTION_DROPOUT, _DROPOUT, _LAYER_DROP = 0.1, 0.05, 0.05  # in training alone
_STATES_AT_ONCE = 128  # 2.6 s: the first convolutions stay in the processor's cache
_STATES_ON_A_CARD = 2048  # of all clips: enough to keep it busy, a gigabyte in float32


@dataclass(frozen=True, eq=False)
class Between:
    """Places between rows: the row before each, and how far on the way to the next (0..1)."""

    before: Tensor  # int64 (B, R)
    share: Tensor  # float32 (B, R)

    @classmethod
    def at(cls, places: Tensor) -> Between:
        """From places in rows, float64 (B, R): float32 would not tell a thousandth in an hour."""
        before = places.floor()
        return cls(before.long(), (places - before).float())

    def to(self, device: torch.device) -> Between:
        """The same on another device."""
        return Between(self.before.to(device), self.share.to(device))


def interpolate(states: Tensor, between: Between) -> Tensor:
    """Rows (B, R, C) of states (B, S, C), linear in between; the last state is held."""
    batch = torch.arange(len(states), device=states.device)[:, None]
    last = states.shape[1] - 1
    before = between.before.clamp(max=last)
    after = (between.before + 1).clamp(max=last)
    share = between.share.to(states.dtype)[..., None]
    return torch.lerp(states[batch, before], states[batch, after], share)


class Convolutions(nn.Module):
    """Sound to states at 50 Hz: convolution, layer norm over channels, GELU, seven times.

    As matrix products over rows of channels: the norms then need no transposing.
    """

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        widths = (1, *[config.conv_width] * len(config.kernels))
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, kernel, stride)
            for before, after, kernel, stride in zip(
                widths[:-1], widths[1:], config.kernels, config.strides, strict=True
            )
        )
        self.norms = nn.ModuleList(nn.LayerNorm(config.conv_width) for _ in config.kernels)
        self.products: dict[int, nn.Module] = {}  # of layers, where an engine has faster ones
        self.hop, self.reach = 1, 1
        for kernel, stride in zip(config.kernels, config.strides, strict=True):
            self.reach += (kernel - 1) * self.hop
            self.hop *= stride

    def n_states(self, n_samples: int) -> int:
        """States that `n_samples` are enough for."""
        return max(0, (n_samples - self.reach) // self.hop + 1)

    def forward(self, samples: Tensor) -> Tensor:
        """States (B, S, C) of samples (B, n); state s has heard samples hop s .. hop s + reach."""
        count = self.n_states(samples.shape[1])
        size = _STATES_AT_ONCE
        if samples.device.type != "cpu":
            size = max(size, _STATES_ON_A_CARD // len(samples))
        pieces = []
        for first in range(0, count, size):
            last = min(first + size, count) - 1
            stretch = samples[:, first * self.hop : last * self.hop + self.reach]
            pieces.append(self._stretch(stretch[..., None]))
        return torch.cat(pieces, dim=1)

    def matrix(self, number: int) -> Tensor:
        """Kernel of a layer as a matrix (out, size * in)."""
        kernel = self.layers[number].weight
        return kernel.transpose(1, 2).reshape(len(kernel), -1)

    def _stretch(self, x: Tensor) -> Tensor:
        for number, norm in enumerate(self.norms):
            layer = self.layers[number]
            rows = x.unfold(1, layer.kernel_size[0], layer.stride[0]).transpose(2, 3)
            rows = rows.reshape(*rows.shape[:2], -1)
            product = self.products.get(number)
            x = product(rows) if product else F.linear(rows, self.matrix(number), layer.bias)
            x = F.gelu(norm(x))
        return x


class _Layer(nn.Module):
    """One transformer layer, normalised before attention and before the feed-forward part."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.n_heads = config.n_heads
        self.attention_norm = nn.LayerNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.up = nn.Linear(config.width, config.feed_forward)
        self.down = nn.Linear(config.feed_forward, config.width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self._drop(self.out(self._attend(self.attention_norm(x), mask)))
        hidden = self._drop(F.gelu(self.up(self.norm(x))))
        return x + self._drop(self.down(hidden))

    def _attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        heads = self.qkv(x).view(batch, length, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        dropout = _ATTENTION_DROPOUT if self.training else 0.0
        heard = F.scaled_dot_product_attention(*heads, attn_mask=mask, dropout_p=dropout)
        return heard.transpose(1, 2).reshape(batch, length, width)

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, _DROPOUT, self.training)


class Wav2Vec2(nn.Module):
    """States at 50 Hz, then transformer layers on rows at the face's rate.

    Parameters
    ----------
    config : Wav2Vec2Config
    is_deaf : bool
        Without convolutions: another encoder's states are given.
    """

    def __init__(self, config: Wav2Vec2Config, *, is_deaf: bool = False) -> None:
        super().__init__()
        if not is_deaf:
            self.convolutions = Convolutions(config)
        self.input_norm = nn.LayerNorm(config.conv_width)
        self.input = nn.Linear(config.conv_width, config.width)
        self.position = nn.Conv1d(
            config.width,
            config.width,
            config.position_kernel,
            padding=config.position_kernel // 2,
            groups=config.position_groups,
        )
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, rows: Tensor, is_row: Tensor | None = None) -> Tensor:
        """Hidden rows (B, R, width).

        Parameters
        ----------
        rows : Tensor (B, R, conv_width)
            Interpolated states.
        is_row : bool Tensor (B, R), optional
            False where a shorter clip of the batch has ended; such rows change nothing.
        """
        x = F.dropout(self.input(self.input_norm(rows)), _DROPOUT, self.training)
        if is_row is not None:
            x = x * is_row[..., None]
        # An even kernel with half of it padded on each side gives one row too many.
        position = self.position(x.transpose(1, 2))[..., : x.shape[1]]
        x = x + F.gelu(position).transpose(1, 2)
        x = F.dropout(x, _DROPOUT, self.training)
        mask = None if is_row is None else is_row[:, None, None, :]
        for layer in self.layers:
            if not (self.training and torch.rand(()).item() < _LAYER_DROP):
                x = layer(x, mask)
        return self.norm(x)
