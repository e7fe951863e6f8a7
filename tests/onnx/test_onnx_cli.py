"""The ONNX engine on the command line: animate, bench side by side, doctor."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.clip_files import read_clip
from tests.core.babble import RATE, babble
from tests.core.wav_bytes import wav


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Two seconds of babble as a wav."""
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(babble(2.0), rate=RATE))
    return path


def test_animate_writes_the_built_in_curves(talk: Path) -> None:
    clips = []
    for engine in ("onnx", "builtin"):
        out = talk.with_name(f"{engine}.npz")
        command = ["animate", str(talk), "-o", str(out), "--engine", engine, "--no-cache"]
        assert cli.main(command) == 0
        clips.append(read_clip(out))

    assert [clip.meta["engine"] for clip in clips] == ["onnx", "builtin"]
    np.testing.assert_allclose(clips[0].values, clips[1].values, atol=2e-3)  # float16 lies between


def test_bench_shows_both_engines_and_how_far_they_are_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = cli.main(["bench", "--lengths", "1", "--repeats", "1", "--blas", "probe", "--json"])

    rows = {row["engine"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert code == 0
    assert list(rows) == ["builtin", "onnx"]
    assert rows["builtin"]["difference"] == 0.0
    assert 0.0 < rows["onnx"]["difference"] < 1e-4
    assert 20 < rows["onnx"]["peak_mb"] < 300


def test_bench_of_an_engine_that_does_not_run_names_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["bench", "--lengths", "1", "--repeats", "1", "--engines", "warp"]

    assert cli.main(command) == 2
    assert "'warp'" in capsys.readouterr().err


def test_doctor_compares_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor", "--json"])

    findings = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert findings["ONNX Runtime"]["is_well"]
    assert "its numbers differ" in findings["ONNX Runtime"]["detail"]
