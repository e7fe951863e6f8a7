"""The front end's third lesson: to hear in noise what it hears without.

The student hears speech in noise, among other voices or in a room; its target is what the front end
as it was makes of the same speech alone. Phones are not used, only sound. Its states stay those
that lips were trained on, so the lesson's change of the weights is added to a front end whose last
layer was trained with the lips (Ilharco et al., "Editing Models with Task Arithmetic", 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from torch import Tensor

from .crops import Crops
from .lesson import Lesson, LessonConfig, Student, teach

__all__ = ["NOISE", "undisturbed", "with_lesson"]

NOISE: Final = LessonConfig(steps=4500, learning_rate=3e-4)
"""About 50 minutes of one core."""


def undisturbed(
    student_file: Path, sounds: Sequence[np.ndarray], out: Path, config: LessonConfig = NOISE
) -> dict[str, float]:
    """Teach a student to hear through noise; arguments and result as for `lesson.teach`."""

    def draw(teacher: Student, crops: Crops, n: int) -> tuple[Tensor, list[Tensor]]:
        noisy, alone = crops.in_noise(n)
        return noisy[:, 1:], [states.float() for states in teacher(alone[:, 1:])]

    return teach(student_file, sounds, out, Lesson(draw, "taught to hear in noise"), config)


def with_lesson(
    tensors: Mapping[str, np.ndarray],
    before: Mapping[str, np.ndarray],
    after: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Tensors of an encoder with what a lesson changed between `before` and `after` added."""
    return {
        name: (
            tensor.astype(np.float32)
            + after[name].astype(np.float32)
            - before[name].astype(np.float32)
        ).astype(tensor.dtype)
        for name, tensor in tensors.items()
    }
