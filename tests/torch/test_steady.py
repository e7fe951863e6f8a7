"""The front end's lesson in steadiness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")


from emotalk_core.engine.frontend import Encoder  # noqa: E402
from emotalk_core.model.folder import starter_folder  # noqa: E402
from emotalk_core.model.tensors import read_tensors  # noqa: E402
from training.front_end.crops import Crops  # noqa: E402
from training.front_end.lesson import LessonConfig, student_of  # noqa: E402
from training.front_end.steady import own_means, steady  # noqa: E402

_ENCODER = starter_folder() / "encoder.safetensors"
_CONFIG = LessonConfig(steps=60, n_layers=1, window=60, batch=1, edge=10, layer_weights=(1.0,))


@pytest.fixture(scope="module")
def sounds() -> list[np.ndarray]:
    """Noise that comes and goes."""
    rng = np.random.default_rng(0)
    loudness = np.repeat(rng.uniform(0.0, 0.5, 400), 400)
    return [(rng.standard_normal(160_000) * loudness).astype(np.float32)]


def test_the_target_is_the_mean_over_a_state(sounds: list[np.ndarray]) -> None:
    tensors, _ = read_tensors(_ENCODER)
    teacher = student_of(tensors, 1)
    mel = Crops(sounds, 2 * 120 + 3, seed=0).batch(1)
    with torch.no_grad():
        before, at, after = (teacher(mel[:, i : i + 240])[0] for i in range(3))
        means = own_means(teacher, mel[:, :241])[0]

    inner = slice(45, -45)  # out of the ends' hearing
    wanted = 0.25 * before + 0.5 * at + 0.25 * after
    np.testing.assert_allclose(means[:, inner], wanted[:, inner], atol=1e-4)
    assert (at - wanted)[:, inner].abs().max() > 0.05


def test_a_lesson_brings_the_states_nearer_to_their_means(
    sounds: list[np.ndarray], tmp_path: Path
) -> None:
    steady(_ENCODER, sounds, tmp_path / "encoder.safetensors", _CONFIG)

    def miss(file: Path) -> float:
        student, teacher = (
            student_of(read_tensors(file)[0], 1),
            student_of(read_tensors(_ENCODER)[0], 1),
        )
        mel = Crops(sounds, 121, seed=7).batch(4)
        with torch.no_grad():
            apart = student(mel[:, 1:])[0] - own_means(teacher, mel)[0]
        return float(apart[:, 10:-10].square().mean())

    assert miss(tmp_path / "encoder.safetensors") < 0.9 * miss(_ENCODER)


def test_what_it_writes_is_an_encoder(sounds: list[np.ndarray], tmp_path: Path) -> None:
    out = tmp_path / "encoder.safetensors"
    steady(_ENCODER, sounds, out, LessonConfig(steps=1, n_layers=3, window=60, batch=1))

    tensors, metadata = read_tensors(out)
    assert set(tensors) == set(read_tensors(_ENCODER)[0])
    assert "means" in metadata["source"]
    states = Encoder(tensors, 3)(np.zeros((40, 80), np.float32))
    assert [one.shape for one in states] == [(20, 512)] * 3
