"""What is told of a run's held-out takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from tests.torch.paper_takes import made_store, settings  # noqa: E402
from tests.torch.test_paper import FRONT_END  # noqa: E402
from tests.torch.test_paper_cli import command, takes  # noqa: E402, F401 - a fixture
from training.__main__ import main  # noqa: E402
from training.evaluate.held_out import judge_held_out  # noqa: E402
from training.paper.batches import Batch  # noqa: E402
from training.paper.steps import train  # noqa: E402


class Knowing(torch.nn.Module):
    """Makes what is wanted."""

    def animate(self, batch: Batch) -> torch.Tensor:
        return batch.faces.curves


def test_held_out_takes_alone_are_judged(tmp_path: Path) -> None:
    text = judge_held_out(Knowing(), settings(), made_store(), tmp_path)

    found = json.loads((tmp_path / "figures.json").read_text())
    assert list(found) == ["dev"]
    assert found["dev"]["trained"]["error"] == 0.0
    assert found["dev"]["trained"]["gap_r"] == pytest.approx(1.0)
    assert found["dev"]["one face"]["error"] > 0.5
    assert text.startswith("**dev**")
    assert "p b m shut" not in text  # no phones are known


def test_without_held_out_takes_nothing_is_told(tmp_path: Path) -> None:
    store = made_store()
    for take in store.takes:
        object.__setattr__(take, "split", "train")

    assert not judge_held_out(Knowing(), settings(), store, tmp_path)
    assert json.loads((tmp_path / "figures.json").read_text()) == {}


def test_a_run_takes_nothing_of_one_that_was_never_saved(tmp_path: Path) -> None:
    left = [tmp_path / name for name in ("best.pt", "figures.json")]
    for path in left:
        path.write_text("of other settings")
    store = made_store()
    for take in store.takes:
        object.__setattr__(take, "split", "train")

    train(settings("pace.keep=best"), store, tmp_path, FRONT_END)

    assert (tmp_path / "network.pt").is_file()
    assert not [path for path in left if path.exists()]


def test_a_run_ends_with_figures_beside_those_of_what_it_started_from(
    takes: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (takes / "labels.csv").write_text("take,split\nt2,dev\n")
    assert main(command(f"clips={takes}", tmp_path / "work")) == 0

    kept = tmp_path / "work" / "runs" / "studio-1" / "figures.json"
    rows = json.loads(kept.read_text())["dev"]
    assert set(rows) == {"trained", "before", "one face"}
    assert rows["trained"]["lve_mm"] != rows["before"]["lve_mm"]
    assert f"| before | {rows['before']['lve_mm']:.3f} |" in capsys.readouterr().out
