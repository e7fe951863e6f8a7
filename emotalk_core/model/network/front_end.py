"""Whisper's layers in torch, with absolute positions (teacher) or bounded attention (student).

The student forgets where in a window it is: in place of the sinusoids one learned vector stands at
every position, and a key more than `reach` states away is not heard. What depended on the distance
between two states is kept as a learned score for each head and distance (Raffel et al., T5, 2020,
section 2.1, without the buckets).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..config import FrontEndConfig

__all__ = [
    "Convolutions",
    "FrontEnd",
    "Layer",
    "Layers",
    "student_tensors",
]

WIDTH, N_HEADS = 512, 8
HEAD = WIDTH // N_HEADS


class Convolutions(nn.Module):
    """Both convolutions: mel (B, M, 80) to states (B, M / 2, 512)."""

    def __init__(self, tensors: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(80, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        for name, conv in (("conv1", self.conv1), ("conv2", self.conv2)):
            conv.weight.data = _tensor(tensors[f"{name}.weight"])
            conv.bias.data = _tensor(tensors[f"{name}.bias"])  # type: ignore[union-attr]

    def forward(self, mel: Tensor) -> Tensor:
        x = functional.gelu(self.conv1(mel.transpose(1, 2)))
        return functional.gelu(self.conv2(x)).transpose(1, 2)


class Layer(nn.Module):
    """One layer; `reach` bounds what its attention hears."""

    def __init__(self, tensors: Mapping[str, np.ndarray], number: int, reach: int | None) -> None:
        super().__init__()

        def get(name: str) -> Tensor:
            return _tensor(tensors[f"blocks.{number}.{name}"])

        def linear(*names: str) -> nn.Linear:
            weight = torch.cat([get(f"{n}.weight") for n in names])
            module = nn.Linear(weight.shape[1], weight.shape[0])
            module.weight.data = weight
            biases = [
                get(f"{n}.bias") if f"blocks.{number}.{n}.bias" in tensors else torch.zeros(WIDTH)
                for n in names
            ]
            module.bias.data = torch.cat(biases)
            return module

        def norm(name: str) -> nn.LayerNorm:
            module = nn.LayerNorm(WIDTH)
            module.weight.data, module.bias.data = get(f"{name}.weight"), get(f"{name}.bias")
            return module

        self.norm1, self.norm2 = norm("attn_ln"), norm("mlp_ln")
        self.qkv = linear("attn.query", "attn.key", "attn.value")  # Whisper's keys have no bias
        self.out, self.up, self.down = linear("attn.out"), linear("mlp.0"), linear("mlp.2")
        self.relative = None
        if reach:
            is_taught = f"blocks.{number}.attn.relative" in tensors
            scores = get("attn.relative") if is_taught else torch.zeros(N_HEADS, 2 * reach + 1)
            self.relative = nn.Parameter(scores)

    def scores(self, x: Tensor) -> Tensor:
        """Scores (B, 8, T, T) of content alone."""
        q, k, _ = self._heads(x)
        return q @ k.transpose(-1, -2) / HEAD**0.5

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, length, _ = x.shape
        q, k, v = (
            self.qkv(self.norm1(x))
            .float()
            .view(batch, length, 3, N_HEADS, HEAD)
            .permute(2, 0, 3, 1, 4)
        )
        return q, k, v

    def _band(self, length: int) -> Tensor | None:
        if self.relative is None:
            return None
        reach = self.relative.shape[1] // 2
        states = torch.arange(length, device=self.relative.device)
        away = states[None] - states[:, None]
        band = self.relative[:, away.clamp(-reach, reach) + reach].float()  # as `_heads`
        return band.masked_fill(away.abs() > reach, float("-inf"))[None]

    def forward(self, x: Tensor, absent: Tensor | None = None) -> Tensor:
        """States (B, T, 512); nobody hears keys where `absent` (B, T)."""
        q, k, v = self._heads(x)
        band = self._band(x.shape[1])
        if absent is not None and band is not None:
            band = band.expand(len(x), -1, -1, -1).masked_fill(absent[:, None, None], -1e4)
        heard = functional.scaled_dot_product_attention(q, k, v, attn_mask=band)
        x = x + self.out(heard.transpose(1, 2).reshape(x.shape).to(x.dtype))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))

    def named_tensors(self, block: str) -> dict[str, Tensor]:
        """Parameters by their names in `encoder.safetensors`."""
        out: dict[str, Tensor] = {}
        weights = self.qkv.weight.split(WIDTH)
        for name, weight in zip(("query", "key", "value"), weights, strict=True):
            out[f"{block}.attn.{name}.weight"] = weight
        # A key's bias moves all scores of a query alike.
        query, _, value = self.qkv.bias.split(WIDTH)
        out |= {f"{block}.attn.query.bias": query, f"{block}.attn.value.bias": value}
        if self.relative is not None:
            out[f"{block}.attn.relative"] = self.relative
        modules = {
            "attn.out": "out", "mlp.0": "up", "mlp.2": "down",
            "attn_ln": "norm1", "mlp_ln": "norm2",
        }  # fmt: skip
        for name, attribute in modules.items():
            module = getattr(self, attribute)
            out |= {f"{block}.{name}.weight": module.weight, f"{block}.{name}.bias": module.bias}
        return out


class Layers(nn.Module):
    """The layers after the convolutions.

    Parameters
    ----------
    tensors : mapping
        Of the published encoder, names as in openai/whisper; or of a student, with its `position`.
    n_layers : int
    reach : int, optional
        States that a student hears on each side; None makes a teacher with absolute positions.
    """

    def __init__(
        self, tensors: Mapping[str, np.ndarray], n_layers: int, reach: int | None = None
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(tensors, i, reach) for i in range(n_layers))
        is_taught = "position" in tensors
        if not is_taught:
            self.register_buffer("sinusoids", _tensor(tensors["positional_embedding"]))
        start = _tensor(tensors["position"]) if is_taught else self.sinusoids[:450].mean(0)
        self.position = nn.Parameter(start) if reach else None

    def forward(self, x: Tensor, first: Sequence[int] | None = None) -> list[Tensor]:
        """States (B, T, 512) after each layer; `first`: where in the sinusoids a window starts."""
        if self.position is not None:
            x = x + self.position
        else:
            rows = [self.sinusoids[p : p + x.shape[1]] for p in first or [0] * len(x)]
            x = x + torch.stack(rows)
        states = []
        for layer in self.layers:
            x = layer(x)
            states.append(x)
        return states


class FrontEnd(nn.Module):
    """The starter's frozen front end, a taught student: normalised log-mel to hidden states.

    Parameters
    ----------
    tensors : mapping
        Of `encoder.safetensors`.
    config : FrontEndConfig
    """

    def __init__(self, tensors: Mapping[str, np.ndarray], config: FrontEndConfig) -> None:
        super().__init__()
        self.convolutions = Convolutions(tensors)
        self.layers = Layers(tensors, config.n_layers, config.reach)

    def forward(self, mel: Tensor) -> Tensor:
        """States (B, S, layers, 512) of log-mel (B, 2 S, 80)."""
        return torch.stack(self.layers(self.convolutions(mel)), dim=2)


def student_tensors(convolutions: Convolutions, layers: Layers) -> dict[str, np.ndarray]:
    """float16 tensors of `encoder.safetensors` from a trained student."""
    assert layers.position is not None, "a teacher has nothing new to save"
    out = {"position": layers.position}
    for name in ("conv1", "conv2"):
        conv = getattr(convolutions, name)
        out |= {f"{name}.weight": conv.weight, f"{name}.bias": conv.bias}
    for number, layer in enumerate(layers.layers):
        out |= layer.named_tensors(f"blocks.{number}")
    return {
        name: tensor.detach().float().numpy().astype(np.float16) for name, tensor in out.items()
    }


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, np.float32))
