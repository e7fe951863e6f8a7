"""The published front end taught to a student that does not know where in a window it is.

Whisper's states depend on absolute positions: the same word 1.7 s later in a file changes each
dimension by two thirds of its deviation, and so would the face. The student sees the same sound
without positions; its target is the teacher's states at a random position, so that the mean over
positions is what it learns. Phones are not used, only sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.model.network.front_end import Convolutions, Layers, student_tensors
from emotalk_core.model.tensors import read_tensors, write_tensors

from ..precision import quick_numbers
from .crops import Crops
from .lesson import LessonConfig, descend, layer_misses

__all__ = ["DistilConfig", "distil"]

_POSITIONS: Final = 450  # the sinusoids' first states: windows of 5 s start anywhere in them


@dataclass(frozen=True)
class DistilConfig(LessonConfig):
    """How the student is trained."""

    # 25 minutes of one core: 20 to 30 reach the floor that the teacher's spread sets.
    steps: int = 2800
    learning_rate: float = 3e-4
    reach: int = 40  # states on each side, 0.8 s
    relative_rate: float = 3e-3  # of the scores by distance


def distil(
    teacher_file: Path,
    sounds: Sequence[np.ndarray],
    out: Path,
    config: DistilConfig,
) -> dict[str, float]:
    """Train a student and write it as `encoder.safetensors`.

    Parameters
    ----------
    teacher_file : Path
        The published encoder's tensors.
    sounds : sequence of float32 (n,)
        16 kHz; training splits only.
    out : Path
        File to write.

    Returns
    -------
    dict
        Share of the teacher's variance that each layer of the student leaves unexplained, over the
        last steps; about half of what two positions of the teacher differ by is the floor.
    """
    torch.manual_seed(config.seed)
    tensors, metadata = read_tensors(teacher_file)
    nets = _Networks(
        Convolutions(tensors).requires_grad_(requires_grad=False),
        Layers(tensors, config.n_layers).requires_grad_(requires_grad=False),
        Layers(tensors, config.n_layers, config.reach),
    )
    crops = Crops(sounds, 2 * config.window, config.seed)
    scales = _start_from_teacher(nets, crops, config.batch)
    rates = [
        (
            [p for n, p in nets.student.named_parameters() if "relative" not in n],
            config.learning_rate,
        ),
        ([layer.relative for layer in nets.student.layers], config.relative_rate),
    ]
    misses = descend(nets.student, lambda: _misses(nets, crops, config, scales), config, rates)
    note = f"{metadata.get('source', '')}; made position-free by distillation"
    write_tensors(
        out, student_tensors(nets.convolutions, nets.student), metadata | {"source": note}
    )
    return misses


@dataclass(frozen=True, eq=False)
class _Networks:
    convolutions: Convolutions
    teacher: Layers
    student: Layers


@torch.no_grad()
def _start_from_teacher(nets: _Networks, crops: Crops, batch: int) -> list[Tensor]:
    """1 / variance of each layer; sets the student's scores by distance to the teacher's mean."""
    n_batches = 12
    n_layers = len(nets.teacher.layers)
    variances: list[Tensor] = [torch.zeros(())] * n_layers
    differences: list[Tensor] = [torch.zeros(())] * n_layers
    for _ in range(n_batches):
        mel = nets.convolutions(crops.batch(batch))
        first = crops.random_starts(_POSITIONS, len(mel))
        sinusoids = [nets.teacher.sinusoids[p : p + mel.shape[1]] for p in first]
        x, y = mel + torch.stack(sinusoids), mel + nets.student.position
        for i, (theirs, ours) in enumerate(
            zip(nets.teacher.layers, nets.student.layers, strict=True)
        ):
            differences[i] = (
                differences[i] + (theirs.scores(x) - ours.scores(y)).mean(0) / n_batches
            )
            x, y = theirs(x), ours(y)
            variances[i] = variances[i] + x.reshape(-1, x.shape[-1]).var(0) / n_batches
    for layer, difference in zip(nets.student.layers, differences, strict=True):
        reach = layer.relative.shape[1] // 2
        diagonals = [
            torch.diagonal(difference, away, dim1=1, dim2=2).mean(1)
            for away in range(-reach, reach + 1)
        ]
        mean = torch.stack(diagonals, dim=1)
        layer.relative.copy_(mean - mean.mean(1, keepdim=True))
    return [1.0 / (v + 1e-2) for v in variances]


def _misses(
    nets: _Networks, crops: Crops, config: DistilConfig, scales: Sequence[Tensor]
) -> list[Tensor]:
    """Unexplained share of each layer's variance on one batch."""
    with torch.no_grad(), quick_numbers(torch.device("cpu")):
        x = nets.convolutions(crops.batch(config.batch)).float()
        targets = nets.teacher(x, crops.random_starts(_POSITIONS, len(x)))
    with quick_numbers(torch.device("cpu")):
        states = nets.student(x)
    return layer_misses(states, targets, scales, config.edge)
