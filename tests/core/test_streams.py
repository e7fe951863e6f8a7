"""Names that are no UTF-8, and streams that are closed: told as well as can be, and never fatal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emotalk_core import cli
from emotalk_core.cli.options import OneLineParser
from emotalk_core.cli.progress import progress_for
from emotalk_core.cli.streams import tell

ROOT = Path(__file__).resolve().parents[2]
NAME = b"n\xffme.wav".decode(errors="surrogateescape")
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="names and shells of POSIX")


@pytest.fixture
def odd(talk: Path) -> Path:
    """A folder with a sound whose name is no UTF-8, beside one with a plain name."""
    folder = talk.parent / "odd"
    folder.mkdir()
    try:
        (folder / NAME).write_bytes(talk.read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    (folder / "talk.wav").write_bytes(talk.read_bytes())
    return folder


@on_posix
@pytest.mark.usefixtures("engine")
def test_a_name_that_is_no_utf8_is_told_escaped(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, warned = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(told, encoding="utf-8"))
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(warned, encoding="ascii"))

    code = cli.main(["batch", str(odd), "-o", str(odd / "out"), "--progress", "json"])

    sys.stdout.flush()
    assert code == 0
    assert b"n\\udcffme.csv: 15 frames" in told.getvalue()
    assert b"2 of 2 done" in told.getvalue()


@on_posix
@pytest.mark.parametrize("closed", ["1", "2"])
def test_closed_streams_end_no_command(talk: Path, closed: str) -> None:
    command = [sys.executable, "-m", "emotalk_core.cli", "animate", str(talk)]
    shell = ["sh", "-c", f'exec "$@" {closed}>&-', "sh"]
    output = talk.with_suffix(".csv")

    ended = subprocess.run(
        [*shell, *command, "-o", str(output), "--no-cache", "--engine", "builtin"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0
    assert "unexpected" not in ended.stderr
    assert output.is_file()


@on_posix
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_log_that_cannot_be_written_costs_no_job(
    talk: Path, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    """Its disk is full, or whoever read it went away: `| head`, a farm's monitor."""
    sounds, output = talk.parent / "sounds", talk.parent / "out"
    sounds.mkdir()
    (sounds / "bad.wav").write_text("no sound")
    for name in ("one.wav", "two.wav"):
        (sounds / name).write_bytes(talk.read_bytes())
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr(f"sys.{stream}", nobody)

        code = cli.main(["batch", str(sounds), "-o", str(output), "--progress", "json"])

    errors = [entry["error"] for entry in json.loads((output / "batch_report.json").read_text())]
    assert code == 3
    assert [error is None for error in errors] == [False, True, True]
    assert {path.name for path in output.glob("*.csv")} == {"one.csv", "two.csv"}


def test_a_name_with_a_line_break_makes_no_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    tell("emotalk: failed: ne\nw.wav")

    assert capsys.readouterr().err == "emotalk: failed: ne\\nw.wav\n"


NAMES = ["\x1b]0;mine\x07.wav", "a\rb.wav", "a\u2028b.wav", "a\x9b2Jb.wav"]


@pytest.mark.parametrize("name", NAMES)
def test_what_moves_a_terminal_is_spelled_out(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(f"{name}: done")
    progress_for("bar", label=name)(0.5, "hearing")
    with pytest.raises(SystemExit):
        OneLineParser().parse_args([name])

    told, bar = capsys.readouterr().err.split("\n", 1)
    assert told.isprintable()
    assert bar.replace("\r", "", 1).rstrip().isprintable()


def test_letters_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    name = "é 台詞 \N{ZERO WIDTH JOINER}\N{NO-BREAK SPACE}.wav"

    tell(name)

    assert capsys.readouterr().err == f"{name}\n"
