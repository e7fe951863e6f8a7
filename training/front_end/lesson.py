"""How a student of the front end is taught something more: towards states that another pass of the
front end, as it was before the lesson, has of the same sound.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from emotalk_core.model.network.front_end import Convolutions, Layers, student_tensors
from emotalk_core.model.tensors import read_tensors, write_tensors

from ..pace import rise_under_fall
from ..precision import quick_numbers
from .crops import Crops

__all__ = ["Lesson", "LessonConfig", "Student", "descend", "layer_misses", "student_of", "teach"]

log = logging.getLogger(__name__)

_WARMUP, _REPORT_EVERY = 50, 50  # steps
_LEAST: Final = 0.03  # of the learning rate, at the end


@dataclass(frozen=True)
class LessonConfig:
    """How long a lesson is, and how large its steps are."""

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


@dataclass(frozen=True)
class Lesson:
    """What is taught."""

    draw: Callable[[Student, Crops, int], tuple[Tensor, list[Tensor]]]
    """From the teacher, sounds and a batch's size: the mel that the student hears, its targets."""
    learnt: str  # what the file's source says of it


def teach(
    student_file: Path,
    sounds: Sequence[np.ndarray],
    out: Path,
    lesson: Lesson,
    config: LessonConfig,
) -> dict[str, float]:
    """Teach a student and write it as `encoder.safetensors`.

    Parameters
    ----------
    student_file : Path
        `encoder.safetensors` of a student that knows no positions.
    sounds : sequence of float32 (n,)
        16 kHz; no test splits.
    out : Path
        File to write.
    lesson : Lesson
    config : LessonConfig

    Returns
    -------
    dict
        Share of its variance by which each layer misses its target, over the last steps.
    """
    torch.manual_seed(config.seed)
    tensors, metadata = read_tensors(student_file)
    student = student_of(tensors, config.n_layers)
    teacher = student_of(tensors, config.n_layers).requires_grad_(requires_grad=False)
    crops = Crops(sounds, 2 * config.window + 1, config.seed)

    def batches() -> tuple[Tensor, list[Tensor]]:
        return lesson.draw(teacher, crops, config.batch)

    scales = _scales(batches)

    def misses_of() -> list[Tensor]:
        with quick_numbers(torch.device("cpu")):
            with torch.no_grad():
                mel, targets = batches()
            states = student(mel)
        return layer_misses(states, targets, scales, config.edge)

    misses = descend(student, misses_of, config, [(student.parameters(), config.learning_rate)])
    source = f"{metadata.get('source', '')}; {lesson.learnt}"
    write_tensors(
        out, student_tensors(student.convolutions, student.layers), metadata | {"source": source}
    )
    return misses


@torch.no_grad()
def _scales(batches: Callable[[], tuple[Tensor, list[Tensor]]]) -> list[Tensor]:
    """1 / variance of each dimension of each layer."""
    n_batches = 8
    layers = [
        torch.cat(parts) for parts in zip(*(batches()[1] for _ in range(n_batches)), strict=True)
    ]
    return [1.0 / (x.float().reshape(-1, x.shape[-1]).var(0) + 1e-2) for x in layers]


def layer_misses(
    states: Sequence[Tensor], targets: Sequence[Tensor], scales: Sequence[Tensor], edge: int
) -> list[Tensor]:
    """Share of its variance by which each layer (B, S, 512) misses its target, ends left out."""
    return [
        ((a.float() - b.float()).square() * s)[:, edge:-edge].mean()
        for a, b, s in zip(states, targets, scales, strict=True)
    ]


def descend(
    student: torch.nn.Module,
    misses_of: Callable[[], list[Tensor]],
    config: LessonConfig,
    rates: Sequence[tuple[Iterable[Parameter], float]],
) -> dict[str, float]:
    """Take all steps of a lesson; by layer, what it misses over the last of them.

    Parameters
    ----------
    student : Module
        What learns.
    misses_of : function
        Each layer's loss on a new batch.
    config : LessonConfig
    rates : sequence of (parameters, learning rate)
    """
    groups = [{"params": [*parameters]} for parameters, _ in rates]
    optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0, betas=(0.9, 0.98))
    running = np.ones(config.n_layers)
    for step in range(config.steps):
        pace = rise_under_fall(step, config.steps, warmup=_WARMUP, least=_LEAST)
        for group, (_, rate) in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * pace
        misses = misses_of()
        optimizer.zero_grad()
        torch.stack(misses).mul(torch.tensor(config.layer_weights)).sum().backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        found = np.array([miss.item() for miss in misses])
        running += (found - running) * max(0.03, 1.0 / (step + 1))
        if (step + 1) % _REPORT_EVERY == 0:
            log.info("front end: step %d, misses %s", step + 1, np.round(running, 4).tolist())
    return {f"layer_{i + 1}": round(float(miss), 4) for i, miss in enumerate(running)}
