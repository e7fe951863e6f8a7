"""What every network of the table is, and the parts they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core.arkit import N_CHANNELS
from emotalk_core.engine.starter import level_feature

from .batches import Batch, Faces
from .store import STATES_PER_FRAME

__all__ = [
    "Branch",
    "Features",
    "Statistics",
    "at_positions",
    "biased_mask",
    "face_error",
    "mean_motion",
    "mix_layers",
    "motion_error",
    "state_mask",
    "stretched",
    "swap_pairs",
    "to_frames",
]


@dataclass(frozen=True)
class Features:
    """Sizes of what the frozen front end gives."""

    layers: int = 3
    width: int = 512


@dataclass(frozen=True, eq=False)
class Statistics:
    """Of the training curves; (52,) but `neutral`."""

    mean: Tensor = field(default_factory=lambda: torch.zeros(N_CHANNELS))
    deviation: Tensor = field(default_factory=lambda: torch.ones(N_CHANNELS))
    neutral: Tensor = field(default_factory=lambda: torch.zeros(24, N_CHANNELS))  # by person


class Branch(nn.Module):
    """The trained half of an encoder on frozen states: weighted sum of layers, level, residual
    convolutions at 30 fps. It stands for the fine-tuned upper part of a speech encoder.
    """

    def __init__(
        self,
        features: Features,
        width: int,
        *,
        dilations: Sequence[int] = (1, 2, 4),
        kernel: int = 5,
    ) -> None:
        super().__init__()
        self.layers = nn.Parameter(torch.zeros(features.layers))
        self.project = nn.Linear(features.width, width)
        self.level = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=d * (kernel // 2), dilation=d)
            for d in dilations
        )
        self.dropout = nn.Dropout(0.1)

    def forward(self, batch: Batch) -> Tensor:
        """(N, T, width) at 30 fps."""
        valid = batch.faces.valid[:, None]
        mixed = mix_layers(batch.states, self.layers)
        level = level_feature(batch.level_db)[..., None] * self.level
        x = F.gelu(to_frames(self.project(mixed) + level, valid.shape[2])).transpose(1, 2) * valid
        for block in self.blocks:
            # Beyond a take's end there is nothing, whoever stands beside it in the batch.
            x = x + F.gelu(block(self.dropout(x))) * valid
        return x.transpose(1, 2)


def mix_layers(states: Tensor, logits: Tensor) -> Tensor:
    """(N, S, width): the layers' learned weighted sum."""
    return torch.einsum("nslw,l->nsw", states, logits.softmax(0))


def state_mask(batch: Batch) -> Tensor:
    """(N, 1, S): 1 at the states that a take's frames look at."""
    last = ((batch.n_frames - 1) * STATES_PER_FRAME).long() + 1
    at = torch.arange(batch.states.shape[1], device=last.device)
    return (at[None] <= last[:, None]).float()[:, None]


def to_frames(x: Tensor, n_frames: int) -> Tensor:
    """(N, T, C) at 30 fps from (N, S, C) at 50 Hz: frame k is due at k / 30 s."""
    at = torch.arange(n_frames, device=x.device) * STATES_PER_FRAME
    return _between(x, at[None].expand(len(x), -1))


def at_positions(x: Tensor, position: Tensor) -> Tensor:
    """(N, P, C): x (N, T, C) read between its frames at `position` (N, P)."""
    return _between(x, position)


def stretched(x: Tensor, n_from: Tensor, n_to: Tensor, length: int) -> Tensor:
    """(N, length, C): the first `n_from` frames of each row stretched over `n_to`, ends aligned."""
    ratio = (n_from - 1).clamp(min=0) / (n_to - 1).clamp(min=1)
    steps = torch.arange(length, device=x.device)
    position = torch.minimum(steps[None] * ratio[:, None], (n_from - 1)[:, None].float())
    return _between(x, position)


def _between(x: Tensor, position: Tensor) -> Tensor:
    last = x.shape[1] - 1
    before = position.long().clamp(0, max(last - 1, 0))
    share = (position - before)[..., None].clamp(0.0, 1.0).to(x.dtype)
    width = x.shape[2]

    def rows(index: Tensor) -> Tensor:
        return x.gather(1, index[..., None].expand(-1, -1, width))

    return rows(before) * (1.0 - share) + rows((before + 1).clamp(max=last)) * share


def swap_pairs(x: Tensor) -> Tensor:
    """Each row's partner in its place: rows 2p and 2p + 1 exchanged."""
    return x.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)


def biased_mask(n: int, heads: int, period: int = 30, device: torch.device | None = None) -> Tensor:
    """(heads, n, n), added to attention scores: causal, one slope less for each `period` frames
    back.

    FaceFormer's (and EmoTalk's) mask for any length; slopes as for ALiBi (Press et al. 2022).
    """
    slope = 2.0 ** (-8.0 / heads * torch.arange(1, heads + 1, device=device))
    i = torch.arange(n, device=device)
    back = torch.div(i[:, None] - i[None], period, rounding_mode="floor")
    return torch.where(back >= 0, -slope[:, None, None] * back, float("-inf"))


def face_error(
    values: Tensor, faces: Faces, weights: Tensor | None = None, valid: Tensor | None = None
) -> Tensor:
    """(N,): mean squared error of each row over its frames and known channels."""
    return _row_mean((values - faces.curves).square(), faces, weights, valid)


def motion_error(values: Tensor, faces: Faces) -> Tensor:
    """(N,): the same of the differences between neighbouring frames."""
    moved = (values - faces.curves).diff(dim=1).square()
    return _row_mean(moved, faces, None, faces.valid[:, 1:] * faces.valid[:, :-1])


def mean_motion(own: Tensor, crossed: Tensor, batch: Batch) -> Tensor:
    """(): of the motion errors (N,) of own and cross faces; a take without a partner has the former
    alone.
    """
    share = 1.0 / (1.0 + batch.cross.valid.any(1).float())
    return (share * own).mean() + (share * crossed).mean()


def _row_mean(square: Tensor, faces: Faces, weights: Tensor | None, valid: Tensor | None) -> Tensor:
    # Each take counts alike, so that the mean over processes is the mean over one large batch.
    channels = faces.known if weights is None else faces.known * weights
    frames = faces.valid if valid is None else valid
    total = (square * channels[:, None]).sum(-1) * frames
    n = frames.sum(1).clamp(min=1.0) * channels.sum(1).clamp(min=1.0)
    return total.sum(1) / n
