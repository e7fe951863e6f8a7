"""The starter network's trained part in torch: what training optimises. `engine/starter.py` is the
same in numpy; what its gates do (`engine/contact.py`) is written once for both.

Shapes: B clips, S states at 50 Hz, T frames at 30 fps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ...engine.arrays import Library
from ...engine.contact import gated, smoothed
from ...engine.frontend import STATE_RATE
from ...engine.starter import POOL_FLOOR, level_feature
from ..config import ContentConfig, ModelConfig

__all__ = ["TORCH", "Starter"]


def _raised(values: Tensor, column: int, amount: Tensor, worth: float | Tensor) -> Tensor:
    unit = values.new_zeros(values.shape[-1])
    unit[column] = 1.0 / worth
    return values + amount[..., None] * unit


TORCH: Final = Library(
    of=torch,
    sigmoid=torch.sigmoid,
    logit=torch.logit,
    row=lambda row, like: torch.from_numpy(row.copy()).to(like.device),
    raised=_raised,
)
"""For the gates' arithmetic on tensors."""


class _Block(nn.Module):
    """Residual convolution, told about emotion and style by a gain and a shift of each channel."""

    def __init__(self, width: int, kernel: int, told: int) -> None:
        super().__init__()
        self.film = nn.Linear(told, 2 * width)
        self.conv = nn.Conv1d(width, width, kernel, padding=kernel // 2)
        self.point = nn.Linear(width, width)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        gain, shift = self.film(told).chunk(2, dim=-1)
        h = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return x + self.point(F.gelu(h * (1.0 + gain) + shift))


class _Phones(nn.Module):
    """Which phone is heard."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = config.content
        self.layers = nn.Parameter(torch.zeros(config.front_end.n_layers))
        self.project = nn.Linear(config.front_end.width, sizes.phones_width)
        self.blocks = _convolutions(sizes, sizes.phones_width, sizes.phones_dilations)
        self.output = nn.Linear(sizes.phones_width, len(sizes.phones))
        self.dropout = nn.Dropout(0.25)

    def projected(self, states: Tensor) -> Tensor:
        """As the content's."""
        return self.project(torch.einsum("bslw,l->bsw", states, self.layers.softmax(0)))

    def forward(self, projected: Tensor) -> Tensor:
        """Logits (B, S, phones)."""
        x = F.gelu(projected).transpose(1, 2)
        for block in self.blocks:
            x = x + F.gelu(block(self.dropout(x)))
        return self.output(x.transpose(1, 2))


def _convolutions(sizes: ContentConfig, width: int, dilations: tuple[int, ...]) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Conv1d(width, width, sizes.kernel, padding=d * (sizes.kernel // 2), dilation=d)
        for d in dilations
    )


class _Content(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = config.content
        self.widths = (sizes.width, sizes.phones_width)
        self.layers = nn.Parameter(torch.zeros(config.front_end.n_layers))
        self.project = nn.Linear(config.front_end.width, sizes.width)
        self.level = nn.Parameter(torch.zeros(sizes.width))
        self.blocks = _convolutions(sizes, sizes.width, sizes.dilations)
        self.dropout = nn.Dropout(0.25)
        self.phones = _Phones(config)

    def projected(self, states: Tensor) -> Tensor:
        """Linear in the states (B, S, layers, width), so that windows may be cross-faded after."""
        said = self.project(torch.einsum("bslw,l->bsw", states, self.layers.softmax(0)))
        return torch.cat([said, self.phones.projected(states)], dim=-1)

    def forward(self, states: Tensor, level: Tensor) -> Tensor:
        return self.listen(self.projected(states), level)

    def listen(self, projected: Tensor, level: Tensor) -> Tensor:
        """Content (B, S, full_width) at 50 Hz of projected states."""
        return self.full(*self.said(projected, level))

    def said(self, projected: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Content (B, S, width) before it is smoothed, and logits of phones."""
        own, for_phones = projected.split(self.widths, dim=-1)
        x = F.gelu(own + level_feature(level)[..., None] * self.level).transpose(1, 2)
        for block in self.blocks:
            x = x + F.gelu(block(self.dropout(x)))
        return x.transpose(1, 2), self.phones(for_phones)

    @staticmethod
    def full(content: Tensor, logits: Tensor) -> Tensor:
        """An Encoding's content (B, S, full_width) of what is `said`."""
        return torch.cat([smoothed(content, TORCH), logits.softmax(-1)], dim=-1)


class _Emotion(nn.Module):
    """A plane: whatever bends more learns the few actors there are, see `training/listener.py`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        n_emotions = len(config.emotions)
        self.reach = config.emotion.reach
        self.layers = nn.Parameter(torch.zeros(config.front_end.n_layers))
        self.heard = nn.Linear(config.front_end.width, n_emotions)
        self.voice = nn.Linear(config.front_end.width, n_emotions)

    def forward(self, states: Tensor, weights: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, 8) of what the face shows and of what is heard, around the states `centres`
        (T,).
        """
        return self.listen(self.mixed(states), weights, centres)

    def mixed(self, states: Tensor) -> Tensor:
        """Linear in the states (B, S, layers, width)."""
        return torch.einsum("bslw,l->bsw", states, self.layers.softmax(0))

    def listen(self, x: Tensor, weights: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, of mixed states."""
        first = (centres - self.reach).clamp(min=0)
        last = (centres + self.reach + 1).clamp(max=x.shape[1])

        def sums(values: Tensor) -> Tensor:
            exact = torch.float32 if values.device.type == "mps" else torch.float64
            running = F.pad(values.to(exact).cumsum(1), (0, 0, 1, 0))
            return running[:, last] - running[:, first]

        w = weights[..., None]
        pooled = (sums(w * x) / (sums(w) + POOL_FLOOR)).float()
        return self.voice(pooled), self.heard(pooled)


class _Decoder(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = config.decoder
        told = config.emotion.latent + sizes.style_width
        self.input = nn.Linear(config.content.full_width, sizes.width)
        self.level = nn.Parameter(torch.zeros(sizes.width))
        self.blocks = nn.ModuleList(
            _Block(sizes.width, sizes.kernel, told) for _ in range(sizes.n_blocks)
        )
        self.output = nn.Linear(sizes.width, len(config.channels))
        self.widths = (config.content.width, len(config.content.phones))
        self.contact = nn.Linear(config.content.width, 1)
        nn.init.constant_(self.contact.bias, -3.0)  # lips touch a twentieth of the time

    def forward(
        self, content: Tensor, level: Tensor, told: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Coefficients (B, T, 52), the same before lips are pressed but tucked, the content's
        logits of a contact (B, T).
        """
        said, shares = content.split(self.widths, dim=-1)
        x = F.gelu(self.input(content) + level_feature(level)[..., None] * self.level)
        for block in self.blocks:
            x = block(x, told)
        contact = self.contact(said)[..., 0].float()
        free = smoothed(self.output(x).float(), TORCH)
        return *gated(free, contact, shares.float(), TORCH), contact


class Starter(nn.Module):
    """Branches, prototypes and decoder on the frozen front end's standardised states.

    Parameters
    ----------
    config : ModelConfig
    mean, scale : Tensor (layers, width), optional
        Standardisation; carried for export only: the states that come in have been standardised.
    """

    def __init__(
        self, config: ModelConfig, mean: Tensor | None = None, scale: Tensor | None = None
    ) -> None:
        super().__init__()
        front = config.front_end
        self.config = config
        size = (front.n_layers, front.width)
        self.register_buffer("mean", torch.zeros(size) if mean is None else mean)
        self.register_buffer("scale", torch.ones(size) if scale is None else scale)
        self.content, self.emotion, self.decoder = (
            _Content(config),
            _Emotion(config),
            _Decoder(config),
        )
        latent = config.emotion.latent
        # Orthogonal to begin with, so that no two emotions share a direction.
        start = torch.linalg.qr(torch.randn(latent, len(config.emotions)))[0].T * 2.0
        self.prototypes = nn.Parameter(start.contiguous())
        self.styles = nn.Parameter(0.5 * torch.randn(config.n_styles, config.decoder.style_width))

    @classmethod
    def from_tensors(cls, config: ModelConfig, tensors: Mapping[str, np.ndarray]) -> Starter:
        """The network with the tensors of a model folder, float32."""
        network = cls(config)
        network.load_state_dict(
            {
                name.removeprefix("standardise."): torch.from_numpy(np.array(array, np.float32))
                for name, array in tensors.items()
            }
        )
        return network

    def frames(self, content: Tensor, level: Tensor, n_frames: int) -> tuple[Tensor, Tensor]:
        """Content (B, T, C) and level (B, T) at 30 fps, from (B, S, C) and (B, S) at 50 Hz."""
        scaled = torch.arange(n_frames, device=content.device) * STATE_RATE
        at = scaled // self.config.fps
        share = (scaled % self.config.fps / self.config.fps)[:, None]
        joined = torch.cat([content, level[..., None]], dim=-1)
        joined = joined[:, at] * (1.0 - share) + joined[:, at + 1] * share
        return joined[..., :-1], joined[..., -1]

    def slider_latent(self, weights: Tensor, intensity: Tensor) -> Tensor:
        """Latent (..., E) of emotion shares (..., 8), at most 1 in all, and intensity (..., 1)."""
        neutral = self.prototypes[0]
        return neutral + intensity * (weights @ (self.prototypes - neutral))

    def decode(
        self, content: Tensor, level: Tensor, latent: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Coefficients (B, T, 52) from content and level at 30 fps, latent (B, T, E) and style
        numbers (B,).
        """
        rows = self.styles[style][:, None].expand(-1, content.shape[1], -1)
        return self.decoder(content, level, torch.cat([latent, rows], dim=-1))

    def export(self) -> dict[str, np.ndarray]:
        """Tensors by their names in `model.safetensors`: float16, but for the standardisation,
        whose means can be large.
        """
        state: Mapping[str, Tensor] = self.state_dict()
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in state.items()}
        standardise = {f"standardise.{name}": arrays.pop(name) for name in ("mean", "scale")}
        return standardise | {name: array.astype(np.float16) for name, array in arrays.items()}
