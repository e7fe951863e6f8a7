"""What `emotalk bench` measures with: a sound, a child process, its memory, the machine's name."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ..engine import onnx_engine, product
from ..errors import SetupError

__all__ = ["machine", "peak_mb", "run_child", "write_babble"]

_RATE: Final = 48_000
_PACKAGE_ROOT: Final = Path(__file__).resolve().parents[2]


def write_babble(path: Path, length_s: float) -> None:
    """Noise with the rhythm of syllables and phrases, 48 kHz 16-bit mono, always the same."""
    rng = np.random.default_rng(0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        n_left, second = round(length_s * _RATE), 0
        while n_left > 0:
            n = min(n_left, _RATE)
            times_s = second + np.arange(n) / _RATE
            loud = (0.55 + 0.45 * np.sin(2 * np.pi * 4.1 * times_s)) * (
                np.sin(2 * np.pi * 0.23 * times_s) > -0.6
            )
            tone = np.sin(2 * np.pi * 140 * times_s) + 0.4 * rng.standard_normal(n)
            file.writeframes(np.int16(7000 * loud * tone).tobytes())
            n_left, second = n_left - n, second + 1


def run_child(flags: Sequence[str], what: str) -> dict[str, float]:
    """The figures that `emotalk bench` with `flags` prints in a process of its own."""
    path = os.pathsep.join([str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")])
    child = subprocess.run(
        [sys.executable, "-m", "emotalk_core.cli", "bench", *flags],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)},
    )
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError("A measured run failed", value=what, remedy=last)
    return json.loads(child.stdout)


def peak_mb() -> float:
    """Largest resident memory of this process so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def _runtime_version() -> str:
    return onnx_engine.import_runtime().__version__ if onnx_engine.is_installed() else "none"


def machine() -> dict[str, str]:
    return {
        "cpu": _cpu_name(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": "yes" if product.has_blas() else "no",
        "onnxruntime": _runtime_version(),
        "system": platform.platform(terse=True),
    }


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
