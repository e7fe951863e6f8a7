"""What is otherwise on Windows and macOS, as far as other systems can tell."""

from __future__ import annotations

import argparse
import contextlib
import runpy
import sys
from pathlib import Path

import pytest

from emotalk_core import atomic_file, cli
from emotalk_core.calibration import find_clips
from emotalk_core.controls import Controls
from emotalk_core.errors import InputError, quoted
from emotalk_core.preset_files import find_presets, preset_path, write_preset


def test_a_path_of_windows_is_told_as_one_can_copy_it() -> None:
    error = InputError("No such file", value="C:\\voices\\new.wav", remedy="Check the name.")

    assert str(error) == "No such file: 'C:\\voices\\new.wav'. Check the name."
    assert quoted("a\nb") == "'a\\nb'"


def test_what_the_system_says_of_a_path_of_windows_is_told_so_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_arguments: argparse.Namespace) -> int:
        raise PermissionError(13, "Permission denied", "C:\\voices\\new.wav")

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=refuse)
    monkeypatch.setattr(cli, "_parser", lambda: parser)

    assert cli.main([]) == 2
    assert capsys.readouterr().err == "emotalk: Permission denied: 'C:\\voices\\new.wav'\n"


@pytest.mark.parametrize("number", [5, 32])
def test_a_file_that_a_spreadsheet_has_open_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(self: Path, target: Path) -> None:
        error = PermissionError(13, "The process cannot access the file", str(target))
        error.winerror = number  # pyright: ignore[reportAttributeAccessIssue] - Windows alone has it
        raise error

    monkeypatch.setattr(Path, "replace", refuse)

    with (
        pytest.raises(atomic_file.SetupError, match="Close it in other programs"),
        atomic_file.atomic_file(tmp_path / "talk.csv") as file,
    ):
        file.write(b"new")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("system", "n_tries"), [("win32", 3), ("linux", 1)])
def test_what_a_virus_scanner_holds_for_a_moment_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, system: str, n_tries: int
) -> None:
    tries: list[float] = []

    def rename() -> None:
        tries.append(0.0)
        if len(tries) < 3:
            raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(atomic_file.time, "sleep", lambda _seconds: None)

    with contextlib.suppress(PermissionError):
        atomic_file.patiently(rename)

    assert len(tries) == n_tries


def test_a_file_that_a_virus_scanner_holds_for_a_moment_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, replace = [True], Path.replace

    def put(self: Path, target: Path) -> Path:
        if held and held.pop():
            raise PermissionError(13, "The process cannot access the file")
        return replace(self, target)

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(atomic_file.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(Path, "replace", put)

    with atomic_file.atomic_file(tmp_path / "talk.csv") as file:
        file.write(b"new")

    assert (tmp_path / "talk.csv").read_bytes() == b"new"


@pytest.mark.parametrize(("system", "mode"), [("win32", 0o777), ("linux", 0o700)])
def test_a_film_is_nobodys_alone_where_files_keep_the_rights_of_the_folder_they_were_made_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, mode: int
) -> None:
    modes: list[int] = []
    mkdir = Path.mkdir

    def note(self: Path, mode: int = 0o777) -> None:
        modes.append(mode)
        mkdir(self, mode)

    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(Path, "mkdir", note)

    with atomic_file.growing_folder(tmp_path / "film.mp4"):
        pass

    assert modes == [mode]


def test_what_macos_writes_beside_copies_is_no_preset_and_no_clip(tmp_path: Path) -> None:
    write_preset(Controls(), preset_path(tmp_path, "tired"))
    (tmp_path / "happy").mkdir()
    for name in ("._tired.json", "happy/a.wav", "happy/._a.wav"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7")

    assert [*find_presets(tmp_path)] == ["tired"]
    assert [clip.path.name for clip in find_clips(tmp_path)] == ["a.wav"]


def test_what_a_program_says_in_other_letters_is_read() -> None:
    """As those of Windows do in its console's."""
    run = runpy.run_path(str(Path(__file__).resolve().parents[2] / "run.py"))
    code = "import sys; sys.stdout.buffer.write(b'caf\\xe9')"

    ended, told = run["output_of"](sys.executable, "-c", code)

    assert ended == 0
    assert told.startswith("caf")
