"""What counts as a good face: coefficients, their motion, and above all whether lips meet where
they must.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from emotalk_core import arkit
from emotalk_core.shaping.aperture import MM, REST_MM

__all__ = [
    "PROBES",
    "UNKNOWN",
    "LossWeights",
    "Predicted",
    "Target",
    "face_loss",
    "misnamed",
    "probe_matrix",
]

UNKNOWN: Final = -1
_SMOOTHING: Final = 0.05  # of the phones: neighbours are alike, and edges uncertain

_MEASURED: Final = ("jaw", "rounding", "lower_lip_up")
PROBES: Final = ("aperture", *_MEASURED)


@cache
def probe_matrix() -> Tensor:
    """float32 (52, 4): centimetres per unit of each channel, ICT head; columns as `PROBES`."""
    matrix = np.zeros((arkit.N_CHANNELS, len(PROBES)), np.float32)
    matrix[:, 0] = MM / 10.0
    with Path(__file__).with_name("probes.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            matrix[arkit.index(row["channel"]), 1:] = [float(row[p]) / 10.0 for p in _MEASURED]
    return torch.from_numpy(matrix)


@dataclass(frozen=True, eq=False)
class Predicted:
    """What the network gives."""

    values: Tensor  # (B, T, 52)
    free: Tensor  # (B, T, 52), before the lips were pressed together, but tucked
    contact: Tensor  # (B, T), the content's logits of lips that meet
    phones: Tensor  # (B, S, P), logits of the phone at each state


@dataclass(frozen=True)
class LossWeights:
    """How much each part counts."""

    velocity: float = 2.0
    probes: float = 1.0
    jaw: float = 2.0  # weight of the jaw among the probes, and of rounding
    rounding: float = 1.0
    closure: float = 8.0  # extra weight of the lip gap where lips must meet
    free: float = 1.0  # the mouth between contacts: closing is the gate's work alone
    contact: float = 1.0  # whether lips meet, told by the content alone
    tuck: float = 4.0  # extra weight of the lower lip in f, v
    quiet: float = 2.0  # extra weight of everything in silence
    still: float = 20.0  # motion in silence
    phones: float = 1.0  # which phone it is
    consistency: float = 1.0  # two copies of a clip give one face


@dataclass(frozen=True, eq=False)
class Target:
    """What a batch should give."""

    values: Tensor  # (B, T, 52)
    free: Tensor  # (B, T, 52), the same without contacts
    closed: Tensor  # (B, T)
    tucked: Tensor  # (B, T)
    activity: Tensor  # (B, T)
    valid: Tensor  # (B, T), 0 beyond the clip
    labelled: Tensor  # (B,), 0: nothing known about the face
    channels: Tensor  # (B, 52), 0: this channel's target means nothing
    phones: Tensor  # (B, S), the phone at each state; UNKNOWN does not count


def misnamed(logits: Tensor, phones: Tensor) -> Tensor:
    """Cross-entropy of (B, S, P) and (B, S), what nobody wrote down left out."""
    total = F.cross_entropy(
        logits.flatten(0, 1),
        phones.flatten(),
        ignore_index=UNKNOWN,
        label_smoothing=_SMOOTHING,
        reduction="sum",
    )
    return total / (phones != UNKNOWN).sum().clamp(min=1)


def _probes(values: Tensor) -> Tensor:
    probes = values @ probe_matrix()
    aperture = (probes[..., :1] + REST_MM / 10.0).clamp(min=0.0)
    return torch.cat([aperture, probes[..., 1:]], dim=-1)


def face_loss(predicted: Predicted, target: Target, weights: LossWeights) -> dict[str, Tensor]:
    """Parts of the loss by name; their sum is what training lowers."""
    known = target.valid * target.labelled[:, None]
    quiet = 1.0 - target.activity
    frame = known * (1.0 + weights.quiet * quiet)
    values = predicted.values
    told = target.channels[:, None]
    difference = (values - target.values) * told
    n = known.sum().clamp(min=1.0)
    moved = difference[:, 1:] - difference[:, :-1]
    both = known[:, 1:] * known[:, :-1]
    mm = _probes(values) - _probes(target.values)
    one = torch.ones_like(known)
    emphasis = torch.stack(
        [
            1.0 + weights.closure * target.closed,
            weights.jaw * one,
            weights.rounding * one,
            1.0 + weights.tuck * target.tucked,
        ],
        dim=-1,
    )
    still = (values[:, 1:] - values[:, :-1]).square().sum(-1) * both * (quiet[:, 1:] > 0.9)
    parts = {
        "values": (difference.square().sum(-1) * frame).sum() / n,
        "velocity": weights.velocity * (moved.square().sum(-1) * both).sum() / n,
        "probes": weights.probes * ((mm.square() * emphasis).sum(-1) * frame).sum() / n,
        "still": weights.still * still.sum() / n,
    }
    apart = ((predicted.free - target.free) * told).square().sum(-1)
    parts["free"] = weights.free * (apart * frame).sum() / n
    gate = F.binary_cross_entropy_with_logits(predicted.contact, target.closed, reduction="none")
    parts["contact"] = weights.contact * (gate * known).sum() / n
    parts["phones"] = weights.phones * misnamed(predicted.phones, target.phones)
    # Clips come in pairs: copy a at even places, copy b of the same stretch after it.
    unlike = (values[0::2] - values[1::2]).square().sum(-1) * target.valid[0::2]
    parts["consistency"] = weights.consistency * unlike.sum() / target.valid[0::2].sum().clamp(1.0)
    return parts
