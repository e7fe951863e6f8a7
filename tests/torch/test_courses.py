"""Later courses of a run: what stays is the mean of the weights before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from training import steps  # noqa: E402
from training.config import Course, RunConfig  # noqa: E402
from training.losses import LossWeights  # noqa: E402


class Line(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Training that adds 10 to every weight; what it was asked for."""
    asked: list[Any] = []

    def train(
        pupil: Line, _clips: Any, _dev: Any, settings: Any, losses: Any, folder: Path
    ) -> None:
        asked.append((float(pupil.slope.detach()), settings, losses))
        weights = {f"module.{n}": v + 10.0 for n, v in pupil.state_dict().items()}
        torch.save({"averaged": weights | {"n_averaged": torch.tensor(3)}}, folder / "best.pt")

    monkeypatch.setattr(steps, "train_face", train)
    return asked


def test_what_stays_is_a_mean(taught: list[Any], tmp_path: Path) -> None:
    losses = LossWeights(still=900.0)
    course = Course(steps=7, learning_rate=1e-4, share=0.4, losses=losses)
    work = steps.Work(RunConfig(second=course), tmp_path, tmp_path)
    work.run.mkdir()

    kept = steps._go_on(work, Line(), {"slope": torch.ones(1)}, "second", None, None)

    started, settings, used = taught[0]
    assert started == 1.0
    assert (settings.steps, settings.learning_rate, used) == (7, 1e-4, losses)
    assert float(kept["slope"]) == pytest.approx(0.6 * 1.0 + 0.4 * 11.0)


def test_a_course_of_no_steps_changes_nothing(taught: list[Any], tmp_path: Path) -> None:
    work = steps.Work(RunConfig(), tmp_path, tmp_path)
    start = {"slope": torch.ones(1)}

    assert steps._go_on(work, Line(), start, "third", None, None) is start
    assert not taught
