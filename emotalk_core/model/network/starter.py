"""The starter network's trained part in torch: what training optimises. `engine/starter.py` is the
same in numpy.

Shapes: B clips, S states at 50 Hz, T frames at 30 fps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ...engine.contact import (
    AGAINST,
    BY_CONTENT,
    BY_PHONES,
    CONTACT_MM,
    FIRMNESS,
    GIVES_WAY,
    HALF_SHUT_MM,
    IS_JAW,
    JAW,
    JAW_SURE,
    KEPT,
    LEAST,
    LEAST_WAY,
    MOUTH_CLOSE,
    NARROWED,
    PRESSED,
    PUCKER,
    SLACK,
    SOONER,
    SOONER_ROUNDED,
    SOONER_TUCKED,
    SURE_ROUNDED,
    TAIL,
    TUCK_SURE,
    TUCKED,
    YIELDS,
    columns_of,
)
from ...engine.frontend import STATE_RATE
from ...engine.starter import POOL_DB_PER_E, POOL_EPS, POOL_FLOOR
from ...shaping.aperture import MM, REST_MM
from ..config import GATES, OPEN_VOWELS, ContentConfig, ModelConfig

__all__ = [
    "Starter",
    "firmness",
    "level_feature",
    "pool_weights",
    "press",
    "round_off",
    "tuck",
]


def level_feature(level: Tensor) -> Tensor:
    """As in `engine.starter`."""
    return ((level + 20.0) / 15.0).clamp(-2.5, 2.0)


def pool_weights(level: Tensor) -> Tensor:
    """As in `engine.starter`."""
    return torch.exp(level.clamp(max=0.0) / POOL_DB_PER_E)


def firmness(logits: Tensor) -> Tensor:
    """As in `engine.contact`."""
    away = torch.where(logits < 0.0, TAIL * logits, logits)
    shut = 1.0 - (-away).sigmoid() ** FIRMNESS
    slack = torch.from_numpy(SLACK.copy()).to(logits.device)
    return ((shut - slack) / (1.0 - slack)).clamp(min=0.0)


def gate_logits(contact: Tensor, shares: Tensor) -> Tensor:
    """As in `engine.contact`, (B, T, 3)."""
    met, tucked, rounded = (
        shares[..., columns_of(phones)].sum(-1).clamp(LEAST, 1.0 - LEAST).logit()
        for phones in GATES
    )
    met = met - torch.log1p(AGAINST * shares[..., columns_of(OPEN_VOWELS)].sum(-1))
    lips = BY_CONTENT * contact + BY_PHONES * met + SOONER
    return torch.stack([lips, tucked + SOONER_TUCKED, rounded + SOONER_ROUNDED], dim=-1)


def round_off(free: Tensor, firm: Tensor) -> Tensor:
    """As in `engine.contact`."""
    yields, narrowed = _rows(free, YIELDS, NARROWED)
    values = free * (1.0 - firm * yields)
    spread = (values.clamp(min=0.0) @ narrowed)[..., None]
    forward = torch.zeros_like(narrowed)
    forward[PUCKER] = 1.0
    return values + (SURE_ROUNDED * firm).clamp(max=1.0) * spread * forward


def tuck(free: Tensor, firm: Tensor, jaw: Tensor) -> Tensor:
    """As in `engine.contact`."""
    kept, tucked, is_jaw = _rows(free, KEPT, TUCKED, IS_JAW)
    share = torch.where(is_jaw, jaw[..., None], firm[..., None])
    return free + share * (torch.maximum(free * kept, tucked) - free)


def press(free: Tensor, firm: Tensor, slow: Tensor, jaw: Tensor) -> Tensor:
    """As in `engine.contact`."""
    mm, gives_way, least, is_jaw = _rows(free, MM, GIVES_WAY, PRESSED, IS_JAW)
    wanted = _gap_left(_gap(free, mm).clamp(min=0.0), firm)
    pressed = torch.maximum(free, (2.0 * slow - 1.0).clamp(min=0.0)[..., None] * least)

    def given(way: Tensor) -> Tensor:
        return pressed * (1.0 - torch.where(is_jaw, jaw[..., None], way[..., None]) * gives_way)

    values = given(slow)
    room = (values[..., JAW] - values[..., MOUTH_CLOSE].clamp(min=0.0)).clamp(min=0.0)
    reached = wanted - room * mm[MOUTH_CLOSE]
    values = _towards(values, given(torch.maximum(firm, slow)), reached, mm)
    values = _towards(values, pressed, wanted, mm)
    excess = (_gap(values, mm) - wanted).clamp(min=0.0)
    up = torch.zeros_like(mm)
    up[MOUTH_CLOSE] = -1.0 / mm[MOUTH_CLOSE]
    return values + excess[..., None] * up


def _rows(like: Tensor, *rows: np.ndarray) -> list[Tensor]:
    return [torch.from_numpy(row.copy()).to(like.device) for row in rows]


def _gap(values: Tensor, mm: Tensor) -> Tensor:
    return values @ mm + REST_MM


def _gap_left(gap: Tensor, firm: Tensor) -> Tensor:
    widest = HALF_SHUT_MM * (1.0 - firm) / firm.clamp(min=LEAST)
    share = (1.0 - firm) * gap + firm * CONTACT_MM
    return torch.minimum(torch.minimum(share, widest.clamp(min=CONTACT_MM)), gap)


def _towards(values: Tensor, other: Tensor, gap_mm: Tensor, mm: Tensor) -> Tensor:
    here = _gap(values, mm)
    way = _gap(other, mm) - here
    share = ((gap_mm - here) * way.sign() / way.abs().clamp(min=LEAST_WAY)).clamp(0.0, 1.0)
    return values + share[..., None] * (other - values)


def _smoothed(rows: Tensor) -> Tensor:
    """As in `engine.starter`."""
    padded = torch.cat([rows[:, :1], rows, rows[:, -1:]], dim=1)
    return 0.25 * (padded[:, :-2] + padded[:, 2:]) + 0.5 * rows


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
        return torch.cat([_smoothed(content), logits.softmax(-1)], dim=-1)


class _Emotion(nn.Module):
    """Without dropout: what ships is a linear fit far up a gelu's slope, where a missing number
    outweighs everything that is heard.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes, n_emotions = config.emotion, len(config.emotions)
        self.reach = sizes.reach
        self.layers = nn.Parameter(torch.zeros(config.front_end.n_layers))
        self.project = nn.Linear(config.front_end.width, sizes.width)
        self.hidden = nn.Linear(2 * sizes.width, sizes.hidden)
        self.heard = nn.Linear(sizes.hidden, n_emotions)
        self.voice = nn.Linear(sizes.hidden, n_emotions)

    def forward(self, states: Tensor, weights: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, 8) of what the face shows and of what is heard, around the states `centres`
        (T,).
        """
        return self.listen(self.projected(states), weights, centres)

    def projected(self, states: Tensor) -> Tensor:
        """Linear in the states (B, S, layers, width)."""
        return self.project(torch.einsum("bslw,l->bsw", states, self.layers.softmax(0)))

    def listen(self, projected: Tensor, weights: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, of projected states."""
        x = F.gelu(projected)
        first = (centres - self.reach).clamp(min=0)
        last = (centres + self.reach + 1).clamp(max=x.shape[1])

        def sums(values: Tensor) -> Tensor:
            exact = torch.float32 if values.device.type == "mps" else torch.float64
            running = F.pad(values.to(exact).cumsum(1), (0, 0, 1, 0))
            return running[:, last] - running[:, first]

        w = weights[..., None]
        total = sums(w) + POOL_FLOOR
        mean, square = sums(w * x) / total, sums(w * x * x) / total
        deviation = ((square - mean * mean).clamp(min=0.0) + POOL_EPS).sqrt()
        pooled = torch.cat([mean, deviation], dim=-1).float()
        hidden = F.gelu(self.hidden(pooled))
        return self.voice(hidden), self.heard(hidden)


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
        free = _smoothed(self.output(x).float())
        firm = firmness(gate_logits(contact, shares.float()))
        lips, lip, _ = firm.unbind(-1)
        slow = _smoothed(firm)
        parted, drawn, _ = slow.unbind(-1)
        jaw = _smoothed(firm[..., :1] ** JAW_SURE)[..., 0]
        free = tuck(round_off(free, slow[..., 2:]), torch.maximum(drawn, lip), lip**TUCK_SURE)
        return press(free, lips, parted, jaw), free, contact


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
