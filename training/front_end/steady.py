"""The front end's second lesson: not to care where its 20 ms states fall on the sound.

Fifty states a second cannot follow all that the layers hear; what is quicker comes out differently
when the same words stand some milliseconds later. The student's target is the mean of its own
states over half a state on either side, taken from two passes 10 ms apart, and its convolutions
learn too: smoothed before it is sampled, by weights alone (the thought of Zhang, "Making
Convolutional Networks Shift-Invariant Again", 2019). Phones are not used, only sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from .crops import Crops
from .lesson import Lesson, LessonConfig, Student, teach

__all__ = ["own_means", "steady"]


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
    student_file: Path, sounds: Sequence[np.ndarray], out: Path, config: LessonConfig
) -> dict[str, float]:
    """Teach a student its own means; arguments and result as for `lesson.teach`."""

    def draw(teacher: Student, crops: Crops, n: int) -> tuple[Tensor, list[Tensor]]:
        mel = crops.batch(n)
        return mel[:, 1:], own_means(teacher, mel)

    return teach(student_file, sounds, out, Lesson(draw, "its states' means over 20 ms"), config)
