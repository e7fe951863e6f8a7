"""From the front end to a model folder: lessons in order, gone on with, kept apart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from emotalk_core.errors import SetupError  # noqa: E402
from emotalk_core.model.folder import load_model, starter_folder  # noqa: E402
from emotalk_core.model.network import Starter  # noqa: E402
from emotalk_core.model.tensors import read_tensors, write_tensors  # noqa: E402
from training import courses, frontend_weights, steps  # noqa: E402
from training.batches import Clips  # noqa: E402
from training.config import Course, read_run_config  # noqa: E402
from training.datasets import Recording  # noqa: E402
from training.faces.phones import Phone  # noqa: E402
from training.front_end import distil, steady  # noqa: E402
from training.front_end.last_layer import LastLayer  # noqa: E402
from training.trainer import Pupil  # noqa: E402
from training.work import Work  # noqa: E402

CONFIG = read_run_config(Path(__file__).parents[2] / "training" / "configs" / "starter.toml")
ENCODER = starter_folder() / "encoder.safetensors"


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
    for name in ("open_speech", "emodb", "grid", "facegood"):
        monkeypatch.setattr(steps, f"load_{name}", lambda _data: [])
    return given


def test_lessons_follow_each_other_and_are_given_once(taught: list[str], tmp_path: Path) -> None:
    work = Work(CONFIG, tmp_path, tmp_path / "work")
    steps.make_front_end(work)
    assert taught == ["fetch", "convert", "distil", "steady"]
    steps.make_front_end(work)
    assert len(taught) == 4

    work.encoder.unlink()
    steps.make_front_end(work)
    assert taught[4:] == ["steady"]


def test_the_shipped_front_end_takes_no_lesson(taught: list[str], tmp_path: Path) -> None:
    steps.make_front_end(Work(CONFIG, tmp_path, tmp_path / "work", shipped_front_end=True))
    assert taught == []


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """A work folder as `train` leaves it, the last layer moved by a half; two short sounds."""
    pace = {"steps": 2, "batch": 1, "window": 80, "learning_rate": 1.0}
    hearing = replace(CONFIG.hearing, share=0.5, device="cpu", **pace)
    work = Work(replace(CONFIG, hearing=hearing), tmp_path, tmp_path)
    for made in (work.features, work.run, tmp_path / "front_end"):
        made.mkdir()
    tensors, metadata = read_tensors(ENCODER)
    write_tensors(tmp_path / "front_end" / "encoder.safetensors", tensors, metadata)
    size = (work.model_config.front_end.n_layers, work.model_config.front_end.width)
    np.savez(
        work.features / "standardise.npz", mean=np.zeros(size, "f4"), scale=np.ones(size, "f4")
    )
    network = Starter(work.model_config)
    front = LastLayer(tensors, network.mean, network.scale, work.model_config.front_end.reach)
    with torch.no_grad():
        front.layer.out.bias += 0.5
    torch.save(Pupil(network, front).state_dict(), work.run / "kept.pt")

    def recordings(_work: Work, name: str) -> list[Recording]:
        noise = (np.random.default_rng(0).standard_normal(48_000) * 2000).astype(np.int16)
        phones = (Phone(0.5, 1.5, "AA1", "open"), Phone(1.5, 1.7, "P", "closure"))
        found = {
            "open_speech": [
                Recording("a", noise, "s", "train", phones, seconds=3.0),
                Recording("c", noise, "t", "dev", phones, seconds=3.0),
            ],
            "quiet": [Recording("b", noise // 50, "", "train", seconds=3.0)],
        }
        return found.get(name, [])

    monkeypatch.setattr(Work, "recordings", recordings)
    return work


def test_what_is_taught_is_a_share_of_a_change_and_taught_once(work: Work) -> None:
    steps.write_trained(work)
    steps.hear(work)
    trained, heard = load_model(work.trained), load_model(work.heard)

    name = "blocks.2.attn.out.bias"
    moved = trained.encoder_tensors[name] - read_tensors(ENCODER)[0][name]
    np.testing.assert_allclose(moved, 0.5, atol=0.01)
    learnt = heard.encoder_tensors[name].astype("f4") - trained.encoder_tensors[name].astype("f4")
    assert 0.0 < np.abs(learnt).max() < 0.02  # two small steps
    for stays in ("decoder.output.weight", "emotion.heard.weight", "prototypes"):
        np.testing.assert_array_equal(heard.tensors[stays], trained.tensors[stays])
    for moves in ("content.blocks.0.weight", "content.phones.output.weight"):
        assert (heard.tensors[moves] != trained.tensors[moves]).any()

    before = (work.heard / "model.safetensors").stat().st_mtime_ns
    steps.hear(work)
    assert (work.heard / "model.safetensors").stat().st_mtime_ns == before


def ready_to_finish(work: Work, naming: int, drawing: int) -> Work:
    """A work folder with lips that hear, whose last courses have so many steps."""
    courses = {
        name: Course(steps=steps, learning_rate=1e-2, share=1.0)
        for name, steps in (("naming", naming), ("drawing", drawing))
    }
    face = replace(CONFIG.face, pairs=1, frames=30, save_every=2)
    few = replace(CONFIG.shares, read=0.0, grid=0.0, facegood=0.0, synth=0.0)
    config = replace(work.config, face=face, shares=few, naming_shares=few, **courses)
    steps.write_trained(work)
    steps.hear(work)
    return replace(work, config=config)


def moved(work: Work) -> set[str]:
    """Tensors that the last courses moved."""
    heard, finished = load_model(work.heard).tensors, load_model(work.finished).tensors
    return {n for n, t in finished.items() if (t != heard[n]).any()}


@pytest.mark.parametrize(
    ("naming", "drawing", "part"), [(2, 0, "content.phones."), (0, 2, "decoder.")]
)
def test_each_of_the_last_courses_moves_its_own_part_alone(
    work: Work, naming: int, drawing: int, part: str
) -> None:
    work = ready_to_finish(work, naming, drawing)

    steps.finish(work)

    assert moved(work)
    assert all(name.startswith(part) for name in moved(work))
    (curve,) = work.finished.glob("*/curve.jsonl")
    judged_by = {*json.loads(curve.read_text().splitlines()[-1])} - {"step", "kind", "seconds"}
    assert (judged_by == {"loss", "phones"}) == bool(naming)
    encoders = [load_model(f).encoder_tensors["conv1.weight"] for f in (work.heard, work.finished)]
    np.testing.assert_array_equal(*encoders)


def test_lips_are_finished_once_on_what_the_front_end_says_that_hears(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, heard_by = ready_to_finish(work, 2, 2), []
    taken = steps.extract_sets
    monkeypatch.setattr(
        steps, "extract_sets", lambda w, e, *a: (heard_by.append(e), taken(w, e, *a))
    )

    steps.finish(work)
    before = (work.finished / "model.safetensors").stat().st_mtime_ns
    steps.finish(work)

    assert {n.split(".")[0] for n in moved(work)} == {"content", "decoder"}
    assert set(heard_by) == {work.heard / "encoder.safetensors"}
    assert (work.finished / "model.safetensors").stat().st_mtime_ns == before


def test_lips_train_on_one_split_are_measured_by_another_and_miss_no_set(work: Work) -> None:
    few = replace(CONFIG.shares, read=0.0, grid=0.0, facegood=0.0, synth=0.0)
    with pytest.raises(SetupError, match="Run `features` first"):
        courses.lip_clips(work, work.features, few)
    courses.extract_sets(work, ENCODER, work.features, ["open_speech", "quiet"])

    clips, dev = courses.lip_clips(work, work.features, few)

    def names_of(found: Clips) -> set[str]:
        return {r.name for _, entries, _ in found._groups for r, _ in entries}

    assert names_of(clips) == {"a", "b"}
    assert names_of(dev) == {"c"}


def test_export_puts_the_listener_in_and_leaves_the_rest(work: Work) -> None:
    steps.write_trained(work)
    steps.hear(work)
    shutil.copytree(work.heard, work.finished)
    listener = Starter(work.model_config).emotion
    with torch.no_grad():
        listener.heard.bias += 7.0
    readers = torch.tensor([0.7, *[-0.1] * 7], dtype=torch.float64)
    torch.save(listener.state_dict() | {"usual": readers}, work.run / "listener.pt")

    steps.export(work, work.folder / "model")

    made, finished = load_model(work.folder / "model"), load_model(work.finished)
    assert made.tensors["emotion.heard.bias"].min() > 4.0
    assert made.config.emotion.usual == (0.7, *[-0.1] * 7)
    for name in (n for n in finished.tensors if not n.startswith("emotion.")):
        np.testing.assert_array_equal(made.tensors[name], finished.tensors[name], err_msg=name)


@pytest.mark.parametrize(
    ("step", "before"),
    [
        (steps.hear, "train"),
        (steps.finish, "hear"),
        (steps.listen, "hear"),
        (steps.export, "finish"),
    ],
)
def test_a_step_too_early_names_the_one_before_and_leaves_nothing(
    step: Callable[..., None], before: str, tmp_path: Path
) -> None:
    work = Work(CONFIG, tmp_path, tmp_path / "work")
    more = [tmp_path / "model"] if step is steps.export else []
    with pytest.raises(SetupError, match=f"Run `{before}` first"):
        step(work, *more)
    assert not (tmp_path / "work").exists()
    assert not (tmp_path / "model").exists()
