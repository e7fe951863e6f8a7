"""A person on each channel: the command line hears the one that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from tests.core.wav_bytes import wav


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Two people on a channel each, and the second alone, as `both.wav` and `second.wav`."""
    people = np.random.default_rng(3).uniform(-0.5, 0.5, (16_000, 2)) * [1.0, 0.2]
    (tmp_path / "second.wav").write_bytes(wav(people[:, 1]))
    path = tmp_path / "both.wav"
    path.write_bytes(wav(people))
    return path


@pytest.mark.usefixtures("engine")
def test_one_channel_speaks_as_in_a_file_of_its_own(both: Path) -> None:
    out, alone, mixed = (both.with_name(f"{name}.csv") for name in ("out", "alone", "mixed"))

    assert cli.main(["animate", str(both), "-o", str(out), "--channel", "2"]) == 0
    assert cli.main(["animate", str(both.with_name("second.wav")), "-o", str(alone)]) == 0
    assert cli.main(["animate", str(both), "-o", str(mixed)]) == 0

    assert out.read_bytes() == alone.read_bytes() != mixed.read_bytes()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("channel", "words"), [("3", "Use 1 to 2"), ("0", "count from 1")])
def test_a_channel_that_there_is_not_is_told(
    both: Path, channel: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = both.with_suffix(".csv")

    assert cli.main(["animate", str(both), "-o", str(out), "--channel", channel]) == 2

    assert words in capsys.readouterr().err
    assert not out.exists()
