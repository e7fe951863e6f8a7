"""The front end from step to step: lessons in order, gone on with, added at export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from emotalk_core.errors import SetupError  # noqa: E402
from emotalk_core.model.folder import starter_folder  # noqa: E402
from emotalk_core.model.network import Starter  # noqa: E402
from emotalk_core.model.tensors import read_tensors, write_tensors  # noqa: E402
from training import frontend_weights, steps  # noqa: E402
from training.config import read_run_config  # noqa: E402
from training.front_end import distil, noise, steady  # noqa: E402
from training.front_end.last_layer import LastLayer  # noqa: E402
from training.trainer import Pupil  # noqa: E402

CONFIG = read_run_config(Path(__file__).parents[2] / "training" / "configs" / "starter.toml")
ENCODER = starter_folder() / "encoder.safetensors"
LESSON = np.float16(0.25)


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lessons that leave an empty file, and the order in which they were given."""
    given: list[str] = []

    def stub(name: str, out_position: int):  # noqa: ANN202 - a stand-in of any signature
        def run(*args: Path) -> None:
            given.append(name)
            args[out_position].touch()

        return run

    monkeypatch.setattr(frontend_weights, "fetch", stub("fetch", 0))
    monkeypatch.setattr(frontend_weights, "convert", stub("convert", 1))
    monkeypatch.setattr(distil, "distil", stub("distil", 2))
    monkeypatch.setattr(steady, "steady", stub("steady", 2))
    monkeypatch.setattr(noise, "undisturbed", stub("noise", 2))
    for name in ("open_speech", "emodb", "grid", "facegood"):
        monkeypatch.setattr(steps, f"load_{name}", lambda _data: [])
    return given


def test_lessons_follow_each_other_and_are_given_once(taught: list[str], tmp_path: Path) -> None:
    work = steps.Work(CONFIG, tmp_path, tmp_path / "work")
    steps.make_front_end(work)
    assert taught == ["fetch", "convert", "distil", "steady", "noise"]
    steps.make_front_end(work)
    assert len(taught) == 5

    work.encoder_in_noise.unlink()
    steps.make_front_end(work)
    assert taught[5:] == ["noise"]


def test_the_shipped_front_end_takes_no_lesson(taught: list[str], tmp_path: Path) -> None:
    steps.make_front_end(steps.Work(CONFIG, tmp_path, tmp_path / "work", shipped_front_end=True))
    assert taught == []


def trained(folder: Path, *, shipped: bool = False) -> steps.Work:
    """A work folder as `train` leaves it, the last layer moved by a half."""
    work = steps.Work(CONFIG, folder, folder, shipped_front_end=shipped)
    for made in (work.features, work.run, folder / "front_end"):
        made.mkdir()
    tensors, metadata = read_tensors(ENCODER)
    write_tensors(folder / "front_end" / "encoder.safetensors", tensors, metadata)
    size = (work.model_config.front_end.n_layers, work.model_config.front_end.width)
    np.savez(
        work.features / "standardise.npz", mean=np.zeros(size, "f4"), scale=np.ones(size, "f4")
    )
    network = Starter(work.model_config)
    front = LastLayer(tensors, network.mean, network.scale, work.model_config.front_end.reach)
    with torch.no_grad():
        front.layer.out.bias += 0.5
    torch.save(Pupil(network, front).state_dict(), work.run / "kept.pt")
    return work


def with_a_lesson(work: steps.Work) -> None:
    tensors, metadata = read_tensors(ENCODER)
    moved = {n: np.array(t) + LESSON for n, t in tensors.items()}
    write_tensors(work.encoder_in_noise, moved, metadata)


def away(folder: Path, name: str) -> float:
    """How far a tensor is from the shipped one, on average."""
    before, after = read_tensors(ENCODER)[0][name], read_tensors(folder / "encoder.safetensors")[0]
    return float((after[name].astype(np.float32) - before.astype(np.float32)).mean())


def test_export_adds_the_lesson_to_what_the_lips_taught(tmp_path: Path) -> None:
    work = trained(tmp_path)
    with_a_lesson(work)
    steps.export(work, tmp_path / "model")
    assert away(tmp_path / "model", "conv1.bias") == pytest.approx(0.25, abs=0.01)
    assert away(tmp_path / "model", "blocks.2.attn.out.bias") == pytest.approx(0.75, abs=0.01)


def test_export_wants_the_lesson(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="fetch"):
        steps.export(trained(tmp_path), tmp_path / "model")


def test_the_shipped_front_end_has_had_the_lesson(tmp_path: Path) -> None:
    work = trained(tmp_path, shipped=True)
    with_a_lesson(work)
    steps.export(work, tmp_path / "model")
    assert away(tmp_path / "model", "conv1.bias") == 0.0
    assert away(tmp_path / "model", "blocks.2.attn.out.bias") == pytest.approx(0.5, abs=0.01)
