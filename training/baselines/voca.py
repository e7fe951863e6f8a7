"""VOCA (Cudeiro et al., CVPR 2019): a window of speech features and a person, one frame at a time.

Adapted: features of the shipped front end, brought to 29 numbers at 30 fps, in place of
DeepSpeech's 29 logits at 60; 52 coefficients in place of vertices, from a random start.
"""

from __future__ import annotations

import itertools
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core.arkit import N_CHANNELS

from ..paper.animator import (
    Features,
    Statistics,
    face_error,
    mix_layers,
    motion_error,
    to_frames,
)
from ..paper.batches import Batch

__all__ = ["Voca"]

_WINDOW: Final = 16  # frames
_LOGITS: Final = 29
_MOTION: Final = 10.0  # weight of the velocity term


class Voca(nn.Module):
    """No memory beyond half a second: the cheapest of the three."""

    def __init__(self, features: Features, persons: int, statistics: Statistics) -> None:
        super().__init__()
        self.persons = persons
        self.layers = nn.Parameter(torch.zeros(features.layers))
        self.project = nn.Linear(features.width, _LOGITS)
        self.norm = nn.BatchNorm1d(_LOGITS, momentum=0.1)
        widths = (_LOGITS + persons, 32, 32, 64, 64)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, 3, stride=2) for a, b in itertools.pairwise(widths)
        )
        self.hidden = nn.Linear(64 + persons, 128)
        self.basis = nn.Linear(128, 50)
        self.decoder = nn.Linear(50, N_CHANNELS)

    def animate(self, batch: Batch) -> Tensor:
        """Curves (N, T, 52)."""
        n, t = batch.faces.valid.shape
        x = to_frames(self.project(mix_layers(batch.states, self.layers)), t)
        x = x * batch.faces.valid[..., None]
        x = F.pad(x, (0, 0, _WINDOW // 2, _WINDOW // 2 - 1)).unfold(1, _WINDOW, 1)  # (N, T, 29, 16)
        inside = batch.faces.valid.flatten().bool()
        x = self.norm(x.flatten(0, 1)[inside])
        told = F.one_hot(batch.person, self.persons).float()[:, None].expand(-1, t, -1)
        told = told.flatten(0, 1)[inside]
        x = torch.cat([x, told[..., None].expand(-1, -1, _WINDOW)], dim=1)
        for convolution in self.convolutions:
            x = F.relu(convolution(F.pad(x, (0, 1))))  # TensorFlow's "same" at stride 2
        x = torch.cat([x[..., 0], told], dim=1)
        made = self.decoder(self.basis(torch.tanh(self.hidden(x)))).float()
        out = made.new_zeros(n * t, N_CHANNELS)
        out[inside] = made
        return out.unflatten(0, (n, t))

    def losses(self, batch: Batch, done: float) -> dict[str, Tensor]:
        """Position and motion, weights 1 and 10."""
        values = self.animate(batch)
        return {
            "self": face_error(values, batch.faces).mean(),
            "velocity": _MOTION * motion_error(values, batch.faces).mean(),
        }
