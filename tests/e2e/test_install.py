"""`pip install .` in a Python of its own: the command works, the weights came along."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "emotalk_core")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as pip builds it, offline, from a copy, so that the clone stays clean."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", str(target), str(source))
    return next(target.glob("emotalk-*.whl"))


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "-q", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_wheel_carries_every_data_file_of_the_core(wheel: Path) -> None:
    core = ROOT / "emotalk_core"
    files = (file for file in core.rglob("*") if file.is_file() and "__pycache__" not in file.parts)

    with zipfile.ZipFile(wheel) as opened:
        missing = {file.relative_to(ROOT).as_posix() for file in files} - set(opened.namelist())

    assert not missing


def test_installed_command_animates_a_sound(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "site"
    pip("install", "--no-deps", "--no-index", "--target", str(home), str(wheel))
    write_tone(tmp_path / "tone.wav")

    child = subprocess.run(
        [str(home / "bin" / "emotalk"), "animate", "tone.wav", "-o", "tone.csv"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.returncode == 0, child.stderr
    assert len((tmp_path / "tone.csv").read_text(encoding="utf-8").splitlines()) == 1 + 15


def write_tone(path: Path) -> None:
    """Half a second of 150 Hz, 16-bit mono at 16 kHz."""
    tone = np.int16(8000 * np.sin(2 * np.pi * 150 * np.arange(8000) / 16000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(tone.tobytes())
