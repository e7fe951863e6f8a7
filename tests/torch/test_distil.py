"""The front end's first lesson: positions are forgotten, in steps and not in minutes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from emotalk_core.model.folder import starter_folder  # noqa: E402
from emotalk_core.model.tensors import read_tensors, write_tensors  # noqa: E402
from training.front_end.distil import DistilConfig, distil  # noqa: E402

_CONFIG = DistilConfig(
    steps=3, n_layers=1, window=60, batch=1, edge=10, layer_weights=(1.0,), learning_rate=3e-3
)


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    """The shipped student, told where it is again."""
    tensors, about = read_tensors(starter_folder() / "encoder.safetensors")
    kept = {n: t for n, t in tensors.items() if n != "position" and "relative" not in n}
    angles = np.arange(1500)[:, None] / 10.0 ** np.linspace(0, 4, 512)
    kept["positional_embedding"] = 0.2 * np.sin(angles).astype(np.float32)
    write_tensors(tmp_path / "teacher.safetensors", kept, about)
    return tmp_path / "teacher.safetensors"


def taught(teacher: Path, steps: int) -> dict[str, np.ndarray]:
    """A student's numbers."""
    sounds = [(np.random.default_rng(0).standard_normal(80_000) * 0.1).astype(np.float32)]
    out = teacher.with_name("student.safetensors")
    distil(teacher, sounds, out, replace(_CONFIG, steps=steps))
    return read_tensors(out)[0]


def test_a_student_is_a_matter_of_its_steps(teacher: Path) -> None:
    first, again, longer = (taught(teacher, steps) for steps in (3, 3, 4))
    for name, numbers in first.items():
        np.testing.assert_array_equal(again[name], numbers, err_msg=name)
    assert not np.array_equal(longer["blocks.0.mlp.0.weight"], first["blocks.0.mlp.0.weight"])
