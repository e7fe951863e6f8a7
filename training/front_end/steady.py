"""The front end's second lesson: not to care where its 20 ms states fall on the sound.

Fifty states a second cannot follow all that the layers hear; what is quicker comes out differently
when the same words stand some milliseconds later. The student's target is the mean of its own
states over half a state on either side, taken from two passes 10 ms apart, and its convolutions
learn too: smoothed before it is sampled, by weights alone (the thought of Zhang, "Making
Convolutional Networks Shift-Invariant Again", 2019). Phones are not used, only sound.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.model.network.front_end import Convolutions, Layers, student_tensors
from emotalk_core.model.tensors import read_tensors, write_tensors

from .crops import Crops

__all__ = ["SteadyConfig", "Student", "own_means", "steady", "student_of"]

log = logging.getLogger(__name__)

_REPORT_EVERY: Final = 50  # steps


@dataclass(frozen=True)
class SteadyConfig:
    """How the student is taught."""

    steps: int = 1100  # about 20 minutes of one core
    n_layers: int = 3
    window: int = 250  # states, 5 s
    batch: int = 3
    learning_rate: float = 5e-5
    edge: int = 25  # states at a window's ends that are not judged
    layer_weights: tuple[float, ...] = (0.5, 1.0, 1.0)
    seed: int = 0


class Student(torch.nn.Module):
    """Convolutions and layers: mel (B, M, 80) to each layer's states (B, M / 2, 512)."""

    def __init__(self, convolutions: Convolutions, layers: Layers) -> None:
        super().__init__()
        self.convolutions, self.layers = convolutions, layers

    def forward(self, mel: Tensor) -> list[Tensor]:
        return self.layers(self.convolutions(mel))


def student_of(tensors: Mapping[str, np.ndarray], n_layers: int) -> Student:
    """A student from the tensors of its file."""
    reach = tensors["blocks.0.attn.relative"].shape[1] // 2
    return Student(Convolutions(tensors), Layers(tensors, n_layers, reach))


def own_means(teacher: Student, mel: Tensor) -> list[Tensor]:
    """Each layer's states (B, S, 512) of mel (B, 2 S + 1, 80) without its first frame, averaged
    with weights 1/4, 1/2, 1/4 over 10 ms before, at and after each state; the last one is wrong.
    """
    earlier, here = teacher(mel[:, :-1]), teacher(mel[:, 1:])
    return [
        0.5 * b.float() + 0.25 * (a.float() + a.float().roll(-1, dims=1))
        for a, b in zip(earlier, here, strict=True)
    ]


def steady(
    student_file: Path,
    sounds: Sequence[np.ndarray],
    out: Path,
    config: SteadyConfig,
    *,
    report: Callable[[str], None] = log.info,
) -> dict[str, float]:
    """Teach a student its own means and write it as `encoder.safetensors`.

    Parameters
    ----------
    student_file : Path
        `encoder.safetensors` of a student that knows no positions.
    sounds : sequence of float32 (n,)
        16 kHz; training splits only.
    out : Path
        File to write.

    Returns
    -------
    dict
        Share of its variance by which each layer misses the mean, over the last steps.
    """
    torch.manual_seed(config.seed)
    tensors, metadata = read_tensors(student_file)
    student = student_of(tensors, config.n_layers)
    teacher = student_of(tensors, config.n_layers).requires_grad_(requires_grad=False)
    crops = Crops(sounds, 2 * config.window + 1, config.seed)
    misses = _train(student, teacher, crops, config, report)
    note = f"{metadata.get('source', '')}; its states' means over 20 ms"
    write_tensors(
        out, student_tensors(student.convolutions, student.layers), metadata | {"source": note}
    )
    return {f"layer_{i + 1}": round(float(miss), 4) for i, miss in enumerate(misses)}


@torch.no_grad()
def _scales(teacher: Student, crops: Crops, config: SteadyConfig) -> list[Tensor]:
    """1 / variance of each dimension of each layer."""
    n_batches = 8
    layers = [
        torch.cat(parts)
        for parts in zip(
            *(teacher(crops.batch(config.batch)[:, 1:]) for _ in range(n_batches)), strict=True
        )
    ]
    return [1.0 / (x.reshape(-1, x.shape[-1]).var(0) + 1e-2) for x in layers]


def _train(
    student: Student,
    teacher: Student,
    crops: Crops,
    config: SteadyConfig,
    report: Callable[[str], None],
) -> np.ndarray:
    """Running mean of each layer's loss at the end."""
    scales = _scales(teacher, crops, config)
    optimizer = torch.optim.AdamW(student.parameters(), lr=0.0, weight_decay=0.0, betas=(0.9, 0.98))
    inner = slice(config.edge, -config.edge)
    running = np.ones(config.n_layers)
    for step in range(config.steps):
        done = step / config.steps
        factor = min(1.0, (step + 1) / 50) * (0.03 + 0.97 * 0.5 * (1.0 + math.cos(math.pi * done)))
        optimizer.param_groups[0]["lr"] = config.learning_rate * factor
        mel = crops.batch(config.batch)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                targets = own_means(teacher, mel)
            states = student(mel[:, 1:])
        misses = [
            ((a.float() - b).square() * s)[:, inner].mean()
            for a, b, s in zip(states, targets, scales, strict=True)
        ]
        optimizer.zero_grad()
        torch.stack(misses).mul(torch.tensor(config.layer_weights)).sum().backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        found = np.array([miss.item() for miss in misses])
        running += (found - running) * max(0.03, 1.0 / (step + 1))
        if (step + 1) % _REPORT_EVERY == 0:
            report(f"steady: step {step + 1}, misses {np.round(running, 4).tolist()}")
    return running
