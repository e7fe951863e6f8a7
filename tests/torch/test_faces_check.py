"""What made faces are compared with real ones by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from training.faces import FPS
from training.faces.check import PAIRS, correlations, made_curves, ranges, read_phones

JAW, FUNNEL = arkit.index("jawOpen"), arkit.index("mouthFunnel")


def test_ranges_are_of_all_clips_and_speeds_within_each() -> None:
    rising, still = np.zeros((11, 52)), np.ones((10, 52))
    rising[:, JAW] = np.linspace(0.0, 1.0, 11)

    mean, deviation, largest, speed = ranges([rising, still])["jawOpen"]

    assert mean == pytest.approx((5.5 + 10.0) / 21)
    assert deviation == pytest.approx(np.std([*rising[:, JAW], *np.ones(10)]))
    assert largest == pytest.approx(1.0)
    assert speed == pytest.approx(0.1 * FPS)


def test_channels_go_together_or_never_move() -> None:
    values = np.zeros((20, 52))
    values[:, JAW] = np.sin(np.arange(20))
    values[:, FUNNEL] = -values[:, JAW]

    found = dict(zip(PAIRS, correlations(values), strict=True))

    assert found["jawOpen", "mouthFunnel"] == pytest.approx(-1.0)
    assert np.isnan(found["jawOpen", "mouthClose"])


def test_clips_of_one_split_speak(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,split,seconds\na.ogg,train,1.0\nb.ogg,test,1.0\n")
    (tmp_path / "phones.csv").write_text(
        "file,start_s,end_s,phone,class\na.ogg,0.0,0.4,m,closure\na.ogg,0.4,1.0,a,open\n"
        "b.ogg,0.0,1.0,a,open\n"
    )

    clips = read_phones(tmp_path, split="train")
    (curves,) = made_curves(clips)

    assert [phone.symbol for phone in clips["a.ogg"][0]] == ["m", "a"]
    assert curves.shape == (round(FPS), 52)
    assert curves[20, JAW] > curves[5, JAW] + 0.1
