"""Lists of jobs for `emotalk batch`, as programs and people write them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from emotalk_core import cli
from emotalk_core.clip_files import read_clip


def run_batch(jobs: Path, output: Path, *flags: str) -> int:
    return cli.main(["batch", str(jobs), "-o", str(output), *flags])


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("form", ["csv", "json"])
def test_jobs_in_a_list_have_controls_of_their_own(folder: Path, output: Path, form: str) -> None:
    jobs = folder / f"jobs.{form}"
    if form == "csv":
        jobs.write_text("audio,output,emotion,jaw\none.wav,a.npz,happy=0.5,,\none.wav,b.npz,,1.5\n")
    else:
        rows = [
            {"audio": "one.wav", "output": "a.npz", "emotion": "happy=0.5"},
            {"audio": "one.wav", "output": "b.npz", "jaw": 1.5},
        ]
        jobs.write_text(json.dumps(rows))

    code = run_batch(jobs, output)

    made = {name: read_clip(output / name).meta["controls"] for name in ("a.npz", "b.npz")}
    assert code == 0
    assert made["a.npz"]["emotions"]["happy"] == 0.5
    assert made["b.npz"]["jaw"] == 1.5
    assert made["b.npz"]["emotions"]["happy"] == 0.0


@pytest.mark.usefixtures("engine")
def test_a_sound_that_has_two_rows_needs_two_outputs(
    folder: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = folder / "jobs.csv"
    jobs.write_text("audio,emotion\none.wav,happy\none.wav,sad\n")

    assert run_batch(jobs, output) == 3

    told = capsys.readouterr().err
    assert "A sound would make one file twice (one.csv)" in told
    assert "an `output` of its own" in told


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    "content",
    [
        "\ufeffaudio;emotion;jaw\r\none.wav;happy=0.5,sad=0.5;\r\n",
        '\n\n audio , emotion\none.wav,"happy=0.5,sad=0.5"\n,\n\n',
        'audio, emotion, jaw\n one.wav, "happy=0.5,sad=0.5", 1\n',
    ],
    ids=["semicolons", "blank rows", "spaces after commas"],
)
def test_a_list_as_spreadsheets_write_it_is_read(folder: Path, content: str) -> None:
    jobs, output = folder / "jobs.csv", folder.parent / "out"
    jobs.write_text(content, encoding="utf-8", newline="")

    assert run_batch(jobs, output, "--format", "npz") == 0

    emotions = read_clip(output / "one.npz").meta["controls"]["emotions"]
    assert (emotions["happy"], emotions["sad"]) == (0.5, 0.5)


@pytest.mark.usefixtures("engine")
def test_a_list_may_have_commas_in_its_numbers(folder: Path, output: Path) -> None:
    jobs = folder / "jobs.csv"
    jobs.write_text("audio;jaw;fps\none.wav;0,5;23,976\n")

    assert run_batch(jobs, output, "--format", "npz") == 0

    clip = read_clip(output / "one.npz")
    assert (clip.meta["controls"]["jaw"], clip.fps) == (0.5, Fraction(24000, 1001))


@pytest.mark.usefixtures("engine")
def test_a_name_in_quotes_may_go_over_lines(folder: Path) -> None:
    (folder / "one.wav").rename(folder / "new\nli\u2028ne.wav")
    jobs, output = folder / "jobs.csv", folder.parent / "out"
    jobs.write_text('audio,output\n"new\nli\u2028ne.wav",a.npz\n', encoding="utf-8")

    assert run_batch(jobs, output) == 0
