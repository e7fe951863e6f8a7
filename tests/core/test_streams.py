"""Names that are no UTF-8, and streams that are closed: told as well as can be, and never fatal."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from emotalk_core import cli

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
