"""Which build of PyTorch suits this computer, and where it is to be had; plain Python, no bpy.

From 2.9.1 on PyTorch documents all these kinds of wheels, for every Python that Blender has had
since 4.2 (https://pytorch.org/get-started/previous-versions); 2.13 is what our tests run on. Each
index is asked for the newest between them that it has.
"""

from __future__ import annotations

import functools
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["BUILDS", "TORCH", "Build", "choose", "suited"]

TORCH: Final = "torch>=2.9.1,<2.14"
_INDEX: Final = "https://download.pytorch.org/whl/"
_TIMEOUT_S: Final = 20.0
_FIRST_OF_CUDA_128: Final = 7.5  # compute capability; builds for CUDA 12.8 left older cards out
_FIRST_DRIVER: Final = 525  # of CUDA 12


@dataclass(frozen=True)
class Build:
    """One kind of PyTorch wheel."""

    name: str
    label: str
    index: str  # where pip looks; empty: the package index itself
    download_mb: int  # about
    disk_mb: int  # about, unpacked

    @property
    def source(self) -> str:
        """The host that it comes from, for people."""
        return "download.pytorch.org" if self.index else "pypi.org"


BUILDS: Final[tuple[Build, ...]] = (
    Build("cpu", "Processor", _INDEX + "cpu", 250, 1_200),
    Build("cu128", "NVIDIA (CUDA 12.8)", _INDEX + "cu128", 3_300, 8_000),
    Build("cu126", "NVIDIA, older (CUDA 12.6)", _INDEX + "cu126", 3_000, 7_500),
    Build("rocm", "AMD (ROCm 6.4, Linux)", _INDEX + "rocm6.4", 4_700, 18_000),
    Build("mps", "Apple (Metal)", "", 120, 700),
)

Ask = Callable[[list[str]], str]
"""What a command prints; empty where there is none or it fails."""


def choose(name: str) -> Build:
    """The build of that name; `auto` looks at this computer."""
    wanted = _suited_here() if name == "auto" else name
    return next(build for build in BUILDS if build.name == wanted)


@functools.cache
def _suited_here() -> str:
    """Asked once: dialogs draw it again and again."""
    return suited()


def suited(
    system: str = sys.platform, machine: str = "", *, ask: Ask | None = None,
    kfd: Path = Path("/dev/kfd"),
) -> str:  # fmt: skip
    """Name of the build for this computer's graphics card.

    Parameters
    ----------
    system, machine : str
        As `sys.platform` and `platform.machine()` say.
    ask : callable, optional
        Runs a command.
    kfd : Path
        AMD's compute device.
    """
    if system == "darwin":
        return "mps" if (machine or platform.machine()) == "arm64" else "cpu"
    cards = (ask or _output)(
        ["nvidia-smi", "--query-gpu=compute_cap,driver_version", "--format=csv,noheader"]
    )
    if cards:
        return _of_nvidia(cards)
    return "rocm" if system == "linux" and kfd.exists() else "cpu"


def _of_nvidia(cards: str) -> str:
    """From lines such as `8.9, 550.54.14`: what runs on every card."""
    try:
        pairs = [line.split(",") for line in cards.strip().splitlines()]
        oldest = min(float(capability) for capability, _ in pairs)
        driver = min(int(version.strip().split(".")[0]) for _, version in pairs)
    except ValueError:  # a driver too old to know these questions
        return "cpu"
    if driver < _FIRST_DRIVER:
        return "cpu"
    return "cu128" if oldest >= _FIRST_OF_CUDA_128 else "cu126"


def _output(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
            creationflags=flags,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
