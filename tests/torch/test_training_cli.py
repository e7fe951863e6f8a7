"""What the commands say of files that fail them: one line, exit code 2."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from training import __main__
from training.folders import held


def failing(error: OSError, monkeypatch: pytest.MonkeyPatch) -> int:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(__main__, "hear_actors", fail)
    return __main__.main(["actors", "somewhere", "--out", "model"])


def test_a_set_that_is_not_whole_names_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "open_speech").mkdir()
    command = ["features", "--shipped-front-end", "--data", str(tmp_path)]

    assert __main__.main([*command, "--work", str(tmp_path / "work")]) == 2

    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("A file is missing")
    assert str(tmp_path) in said


def test_a_work_folder_where_another_is_at_work_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "open_speech").mkdir()
    (tmp_path / "work").mkdir()
    command = ["features", "--data", str(tmp_path), "--work", str(tmp_path / "work")]

    with held(tmp_path / "work"):
        assert __main__.main(command) == 2

    assert "Another run is at work in this folder" in capsys.readouterr().err


def test_a_model_is_judged_while_a_run_is_at_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "open_speech").mkdir()
    (tmp_path / "work").mkdir()
    command = ["evaluate", "--data", str(tmp_path), "--work", str(tmp_path / "work")]

    with held(tmp_path / "work"):
        assert __main__.main(command) == 2

    assert "A file is missing" in capsys.readouterr().err  # it came as far as its data


def test_a_full_disk_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert failing(full, monkeypatch) == 2
    assert "Cannot write (No space left on device)" in capsys.readouterr().err
    full.filename, full.filename2 = "ours.safetensors", "theirs.safetensors"  # as of a copy
    assert failing(full, monkeypatch) == 2
    assert "'theirs.safetensors'" in capsys.readouterr().err


def test_a_fault_of_no_file_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokenPipeError):
        failing(BrokenPipeError(errno.EPIPE, "Broken pipe"), monkeypatch)
