"""FaceFormer (Fan et al., CVPR 2022): each frame from the sound and all frames made before it.

Adapted: the shipped front end and a trained branch in place of wav2vec2-base; 52 coefficients,
neutral is 0; the mask by its formula, for any length; keys and values are kept, so that N frames
cost N steps.
Its memory mask lets each frame see its own sound alone, so its cross-attention is a projection.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core.arkit import N_CHANNELS

from ..paper.animator import Branch, Features, Statistics, biased_mask, face_error
from ..paper.batches import Batch

__all__ = ["FaceFormer"]

_WIDTH: Final = 128
_HEADS: Final = 4
_PERIOD: Final = 30
_BRANCH: Final = 128


class FaceFormer(nn.Module):
    """Trained as it runs: on its own frames, not on the true ones."""

    def __init__(self, features: Features, persons: int, statistics: Statistics) -> None:
        super().__init__()
        self.persons = persons
        self.content = Branch(features, _BRANCH)
        self.audio = nn.Linear(_BRANCH, _WIDTH)
        self.motion = nn.Linear(N_CHANNELS, _WIDTH)
        self.style = nn.Linear(persons, _WIDTH, bias=False)
        self.attention_in = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.attention_out = nn.Linear(_WIDTH, _WIDTH)
        self.memory_value = nn.Linear(_WIDTH, _WIDTH)
        self.memory_out = nn.Linear(_WIDTH, _WIDTH)
        self.linear1, self.linear2 = nn.Linear(_WIDTH, 2 * _WIDTH), nn.Linear(2 * _WIDTH, _WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(_WIDTH) for _ in range(3))
        self.dropout = nn.Dropout(0.1)
        self.output = nn.Linear(_WIDTH, N_CHANNELS)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.register_buffer("code", _periodic_code(_PERIOD, _WIDTH), persistent=False)

    def animate(self, batch: Batch) -> Tensor:
        """Curves (N, T, 52), one frame after the other."""
        memory = self.memory_out(self.memory_value(self.audio(self.content(batch))))
        style = self.style(F.one_hot(batch.person, self.persons).float())
        n_frames = memory.shape[1]
        mask = biased_mask(n_frames, _HEADS, _PERIOD, memory.device)
        keys: list[Tensor] = []
        values: list[Tensor] = []
        made: list[Tensor] = []
        told = style
        for i in range(n_frames):
            x = self.dropout(told + self.code[i % _PERIOD])
            query, key, value = self.attention_in(x).unflatten(-1, (3, _HEADS, -1)).unbind(1)
            keys.append(key)
            values.append(value)
            heard = _attend(
                query, torch.stack(keys, 2), torch.stack(values, 2), mask[:, i, : i + 1]
            )
            x = self.norms[0](x + self.dropout(self.attention_out(heard)))
            x = self.norms[1](x + self.dropout(memory[:, i]))
            x = self.norms[2](x + self.dropout(self._forward(x)))
            made.append(self.output(x))
            told = self.motion(made[-1]) + style
        return torch.stack(made, 1).float()

    def losses(self, batch: Batch, done: float) -> dict[str, Tensor]:
        """Squared error alone."""
        return {"self": face_error(self.animate(batch), batch.faces).mean()}

    def _forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(F.relu(self.linear1(x))))


def _attend(query: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
    """(N, width): one query (N, H, D) over keys and values (N, H, i, D)."""
    scores = torch.einsum("nhd,nhid->nhi", query, keys) / math.sqrt(query.shape[-1]) + bias
    return torch.einsum("nhi,nhid->nhd", scores.softmax(-1), values).flatten(1)


def _periodic_code(period: int, width: int) -> Tensor:
    """(period, width): sines and cosines of the position in the period."""
    position = torch.arange(period)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    return torch.stack([(position * rate).sin(), (position * rate).cos()], -1).flatten(1)
