"""Later courses of a run: what stays is the mean of the weights before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emotalk_core.errors import InputError

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from training import courses  # noqa: E402
from training.config import Course  # noqa: E402
from training.trainer import TrainSettings, name_parts  # noqa: E402


class Line(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Training that adds 10 to every weight; what it was asked for."""
    asked: list[Any] = []

    def train(
        pupil: Line, _clips: Any, settings: Any, parts_of: Any, folder: Path, *, seed: Any
    ) -> None:
        assert seed == (1, 2)
        asked.append((float(pupil.slope.detach()), settings, parts_of))
        weights = {f"module.{n}": v + 10.0 for n, v in pupil.state_dict().items()}
        torch.save({"averaged": weights | {"n_averaged": torch.tensor(3)}}, folder / "best.pt")

    monkeypatch.setattr(courses, "train", train)
    return asked


def took(course: Course, folder: Path) -> courses.Weights:
    """What stays of a slope of 1."""
    return courses.take_course(
        Line(),
        {"slope": torch.ones(1)},
        (None, None),
        course=course,
        parts_of=name_parts,
        settings=TrainSettings(),
        folder=folder,
        seed=(1, 2),
    )


def test_what_stays_is_a_mean(taught: list[Any], tmp_path: Path) -> None:
    kept = took(Course(steps=7, learning_rate=1e-4, share=0.4), tmp_path / "second")

    started, settings, parts_of = taught[0]
    assert started == 1.0
    assert (settings.steps, settings.learning_rate, parts_of) == (7, 1e-4, name_parts)
    assert float(kept["slope"]) == pytest.approx(0.6 * 1.0 + 0.4 * 11.0)


def test_a_course_of_no_steps_changes_nothing(taught: list[Any], tmp_path: Path) -> None:
    kept = took(Course(), tmp_path / "third")

    assert float(kept["slope"]) == 1.0
    assert not taught
    assert not (tmp_path / "third").exists()


def test_weights_that_a_full_disk_cut_are_named(tmp_path: Path) -> None:
    best = tmp_path / "best.pt"
    torch.save({"averaged": {"module.slope": torch.zeros(1000)}}, best)
    best.write_bytes(best.read_bytes()[:500])

    with pytest.raises(InputError, match=r"Checkpoint cannot be read.*best\.pt"):
        courses.weights_in(best)
