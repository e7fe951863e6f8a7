"""Other Pythons are found and looked at; other programs end with whoever waits for them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core import doctor
from emotalk_core.doctor import about_interpreter
from emotalk_core.errors import Cancelled, SetupError
from emotalk_core.other_python.interpreter import (
    Interpreter,
    find_python,
    look_at,
    our_command,
    program_in,
)
from emotalk_core.other_python.programs import run_program

on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such scripts")

PYTHON = Path(sys.executable)


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_look_at_this_python_finds_its_numpy() -> None:
    found = look_at(PYTHON)

    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.numpy == np.__version__
    assert found.fault == ""
    assert "cpu" in found.devices


@on_posix
def test_what_pip_installed_for_the_user_counts_and_what_lies_around_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    site = tmp_path / ".local/lib" / base.name / "site-packages"
    (site / "faster_whisper-9.dist-info").mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: faster-whisper\nVersion: 9\n"
    (site / "faster_whisper-9.dist-info/METADATA").write_text(metadata, encoding="utf-8")
    (site / "numpy.py").write_text("__version__ = 'of the user'", encoding="utf-8")
    (tmp_path / "json.py").write_text("raise SystemExit('of this folder')", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    found = look_at(base)
    ended = run_program(our_command(base, "cli", "--help"))

    assert found.faster_whisper == "9"
    assert found.numpy == "of the user"
    assert "of this folder" not in ended.lines


def test_an_environment_is_found_by_its_folder(tmp_path: Path) -> None:
    program = program_in(tmp_path)
    program.parent.mkdir()
    program.symlink_to(sys.executable)

    assert find_python(tmp_path) == program  # the link itself: it tells where the packages are
    assert find_python(program) == program


@pytest.mark.parametrize("name", ["nothing", "."])
def test_where_no_python_is_a_line_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match="No such Python"):
        find_python(tmp_path / name)


@pytest.mark.parametrize(
    ("python", "numpy", "fault"),
    [
        ("3.11.0", "2.4.6", ""),
        ("3.14.1", "1.24", ""),
        ("3.10.13", "2.0", "Python 3.10.13 is too old: 3.11 or newer is needed"),
        ("3.12.0", "", 'numpy is missing: "python" -m pip install numpy'),
    ],
)
def test_what_is_wrong_with_a_python(python: str, numpy: str, fault: str) -> None:
    assert Interpreter(Path("python"), python, numpy).fault == fault


def test_a_package_that_is_there_and_does_not_work_is_named() -> None:
    why = "numpy: ImportError: libopenblas.so.0 is missing"

    assert Interpreter(Path("python"), "3.12.0", problems=(why,)).fault == why


def test_the_summary_names_the_card() -> None:
    found = Interpreter(
        Path("python"), "3.13.1", "2.4.6", "2.9.1", devices=("cpu", "cuda"), gpu="H100",
        build="CUDA 12.8",
    )  # fmt: skip

    assert found.summary == "Python 3.13.1, numpy 2.4.6, PyTorch 2.9.1 (CUDA 12.8), H100"


def test_the_summary_names_what_hears_words() -> None:
    found = Interpreter(Path("python"), "3.13.1", "2.4.6", faster_whisper="1.2.1")

    assert found.summary == "Python 3.13.1, numpy 2.4.6, no PyTorch, faster-whisper 1.2.1"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"torch": "2.9.1", "devices": ("cpu", "cuda"), "gpu": "H100"}, "torch: 2.9.1, H100"),
        ({"torch": "2.9.1", "devices": ("cpu", "mps")}, "torch: 2.9.1, Apple's graphics"),
        ({"torch": "2.9.1"}, "torch: 2.9.1, no graphics card"),
        ({}, "torch: installed"),
        (
            {"problems": ("torch: OSError: libcudart.so is missing",)},
            "torch: It does not work: torch: OSError: libcudart.so is missing. Install it again.",
        ),
    ],
)
def test_the_doctor_says_what_torch_sees(
    found: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "has_torch", lambda: True)
    monkeypatch.setattr(
        doctor, "look_at", lambda program: Interpreter(program, "3.13.1", "2.4.6", **found)
    )

    finding = doctor.about_torch()

    assert finding.text == said
    assert not finding.is_needed


@on_posix
def test_what_is_no_python_says_what_it_said(tmp_path: Path) -> None:
    fake = script(tmp_path / "python", "#!/bin/sh\necho I am a shell. >&2\nexit 3\n")

    with pytest.raises(SetupError, match=r"no Python that works: .*\. I am a shell\.$"):
        look_at(fake)


@on_posix
def test_a_program_that_repeats_our_python_is_told_in_a_line(tmp_path: Path) -> None:
    program = script(tmp_path / "ls", '#!/bin/sh\necho "cannot access $3"\nexit 2\n')

    with pytest.raises(SetupError, match="Choose the program file of a Python") as raised:
        look_at(program)

    assert "import" not in str(raised.value)


def test_a_device_that_is_not_there_is_told_with_those_that_are() -> None:
    found = {finding.what: finding for finding in about_interpreter(PYTHON, device="cuda")}

    assert found["Engine's Python"].is_well
    assert not found["Device"].is_well
    assert "It has cpu" in found["Device"].text


def test_a_program_tells_its_lines_and_its_code() -> None:
    lines: list[str] = []
    code = "import sys; print('one'); print('ERROR: two.', file=sys.stderr); print('three')"

    ended = run_program([PYTHON, "-I", "-u", "-c", f"{code}; sys.exit(5)"], on_line=lines.append)

    assert lines == ["one", "ERROR: two.", "three"]
    assert ended.code == 5
    assert ended.last_line == "ERROR: two"


SPAWNS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def is_running(state: Path) -> bool:
    """Whether the process of /proc/PID/stat lives and is no zombie."""
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@on_posix
def test_a_cancelled_program_is_gone_with_all_that_it_started() -> None:
    started: list[int] = []

    def stop_when_started() -> None:
        if started:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_program(
            [PYTHON, "-I", "-c", SPAWNS], on_line=lambda line: started.append(int(line)),
            progress=stop_when_started,
        )  # fmt: skip

    state = Path(f"/proc/{started[0]}/stat")
    deadline = time.monotonic() + 10.0  # the system ends it in its own time
    while is_running(state) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(state)


def test_a_program_that_does_not_answer_is_given_up() -> None:
    with pytest.raises(SetupError, match="does not answer"):
        run_program([PYTHON, "-I", "-c", "import time; time.sleep(600)"], timeout_s=0.2)


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be started"):
        run_program([tmp_path / "nothing"])
