"""What `emotalk bench --published` compares is the same function, run in two ways."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.cli import bench_published, main
from emotalk_core.model.config import ModelConfig
from emotalk_core.model.folder import load_model

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.engine.torch_engine import PublishedEngine, Settings  # noqa: E402
from emotalk_core.engine.torch_engine.published_way import PublishedWay  # noqa: E402
from tests.torch import published  # noqa: E402
from tests.torch.test_torch_engine import babble, curves_of  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up model of few numbers."""
    config = ModelConfig("tiny", kind="published", n_styles=4, published=published.TINY)
    return bench_published.made_up_model(tmp_path_factory.mktemp("bench") / "tiny", config)


def test_both_ways_give_the_same_curves(folder: Path) -> None:
    model, sound = load_model(folder), babble(5.0)
    samples = np.concatenate(list(sound.blocks()))

    theirs = PublishedWay(model, torch.device("cpu"))(samples, style=3)
    theirs[:, list(arkit.indices("eyeBlink"))] = 0.0
    ours = curves_of(PublishedEngine(model, Settings("cpu", "float32")), sound)

    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert np.ptp(theirs, axis=0).max() > 0.05


def test_the_command_measures_all_ways(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--published", "--model", str(folder), "--lengths", "4", "--repeats", "1", "--json"]

    assert main(["bench", *flags]) == 0

    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["way"] for row in rows] == ["published", "float32", "bfloat16"]
    assert rows[1]["max_difference"] < 1e-4 < rows[2]["max_difference"]
    assert all(row["processor_s"] > 0 and row["peak_mb"] > 50 for row in rows)
