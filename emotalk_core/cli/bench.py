"""`emotalk bench`: speed and memory of the engines on this machine, each run in a process of its
own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..audio import open_sound
from ..controls import ControlTrack
from ..engine import product
from ..errors import InputError, SetupError
from ..pipeline import animate_to_file, encode
from .options import add_engine_flags, read_engine

__all__ = ["add_command"]

_LENGTHS: Final = "10,60,600,3600"
_REPEATS: Final = 5
_LONG_S: Final = 120.0  # longer sounds run once: their own length averages
_RATE: Final = 48_000
_PACKAGE_ROOT: Final = Path(__file__).resolve().parents[2]


def add_command(commands: Any) -> None:
    """`emotalk bench`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench", help="speed and memory on this machine"
    )
    parser.add_argument(
        "--lengths",
        default=_LENGTHS,
        metavar="S,...",
        help=f"seconds of sound (default: {_LENGTHS})",
    )
    parser.add_argument(
        "--repeats", type=int, metavar="N", help="of each (default: 5; once over two minutes)"
    )
    parser.add_argument(
        "--blas", choices=("both", "on", "off", "probe"), default="both", help="matrix products"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.add_argument("--measure", type=Path, metavar="WAV", help=argparse.SUPPRESS)
    add_engine_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.measure is not None:
        print(json.dumps(_measure(arguments)))
        return 0
    rows = []
    for length_s in _read_lengths(arguments.lengths):
        with tempfile.TemporaryDirectory(prefix="emotalk-bench-") as folder:
            sound = Path(folder) / "sound.wav"
            write_babble(sound, length_s)
            for blas in _ways(arguments.blas):
                n_runs = arguments.repeats or (1 if length_s > _LONG_S else _REPEATS)
                runs = [_run_child(arguments, sound, blas) for _ in range(n_runs)]
                rows.append(_row(length_s, blas, runs))
                print(
                    _line(rows[-1]) if not arguments.json else "",
                    end="" if arguments.json else "\n",
                    flush=True,
                )
    if arguments.json:
        print(json.dumps({"machine": _machine(), "rows": rows}))
    else:
        print(", ".join(f"{k} {v}" for k, v in _machine().items()))
    return 0


def _read_lengths(text: str) -> list[float]:
    try:
        lengths = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError("Not a list of seconds", value=text, remedy="Write 10,60.") from error
    if not lengths or min(lengths) <= 0:
        raise InputError("Lengths must be positive", value=text, remedy="Write 10,60.")
    return lengths


def _ways(asked: str) -> tuple[str, ...]:
    if asked != "both":
        return (asked,)
    return ("on", "off") if product.has_blas() else ("off",)


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


def _run_child(arguments: argparse.Namespace, sound: Path, blas: str) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "emotalk_core.cli",
        "bench",
        "--measure",
        str(sound),
        "--blas",
        blas,
    ]
    command += ["--engine", arguments.engine, "--device", arguments.device]
    if arguments.model is not None:
        command += ["--model", str(arguments.model.resolve())]
    if arguments.python is not None:
        command += ["--python", str(arguments.python.absolute())]
    path = os.pathsep.join([str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
    child = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
    )
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError("A measured run failed", value=blas, remedy=last)
    return json.loads(child.stdout)


def _measure(arguments: argparse.Namespace) -> dict[str, float]:
    """In the child: one animation from file to file, and the encoding alone."""
    if arguments.blas != "probe":
        has_it = arguments.blas == "on"
        product.has_blas = lambda: has_it  # type: ignore[assignment] - the probe's answer is what is measured here
    start_s = time.perf_counter()
    engine = read_engine(arguments)
    opened_s = time.perf_counter()
    sound = open_sound(arguments.measure)
    with tempfile.TemporaryDirectory(prefix="emotalk-bench-") as folder:
        animate_to_file(sound, ControlTrack(), Path(folder) / "curves.csv", engine=engine)
    animated_s = time.perf_counter()
    peak_mb = _peak_mb()  # before the second part, which keeps an Encoding in memory
    encode(sound, engine)
    return {
        "open_s": opened_s - start_s,
        "animate_s": animated_s - opened_s,
        "encode_s": time.perf_counter() - animated_s,
        "peak_mb": peak_mb,
    }


def _peak_mb() -> float:
    """Largest resident memory of this process so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def _row(length_s: float, blas: str, runs: list[dict[str, float]]) -> dict[str, Any]:
    def middle(name: str) -> float:
        return statistics.median(run[name] for run in runs)

    animate = [run["animate_s"] for run in runs]
    return {
        "length_s": length_s,
        "blas": blas,
        "runs": len(runs),
        "open_s": round(middle("open_s"), 3),
        "animate_s": round(middle("animate_s"), 3),
        "spread_s": round(max(animate) - min(animate), 3),
        "encode_s": round(middle("encode_s"), 3),
        "rtf": round(middle("animate_s") / length_s, 4),
        "peak_mb": round(max(run["peak_mb"] for run in runs), 1),
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['length_s']:>7g} s  blas {row['blas']:<5}  {row['animate_s']:8.2f} s  "
        f"(encode {row['encode_s']:.2f}, open {row['open_s']:.2f}, "
        f"spread {row['spread_s']:.2f} of {row['runs']})  "
        f"rtf {row['rtf']:.4f}  peak {row['peak_mb']:.0f} MB"
    )


def _machine() -> dict[str, str]:
    return {
        "cpu": _cpu_name(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": "yes" if product.has_blas() else "no",
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
