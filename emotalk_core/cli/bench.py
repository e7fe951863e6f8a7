"""`emotalk bench`: speed, memory and parity of the engines on this machine, side by side, each run
in a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
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

from ..audio import SoundSource, open_sound
from ..controls import ControlTrack
from ..engine import Encoding, Engine, onnx_engine, open_engine, product
from ..errors import InputError, SetupError
from ..model.folder import load_model, starter_folder
from ..pipeline import animate_to_file, encode
from ..timing import NETWORK_FPS, SAMPLE_RATE, frame_times
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
        "bench", help="speed, memory and parity of the engines on this machine"
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
        "--engines", metavar="NAME,...", help="side by side (default: all that run here)"
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
            for engine, blas in itertools.product(_engines(arguments), _ways(arguments.blas)):
                n_runs = arguments.repeats or (1 if length_s > _LONG_S else _REPEATS)
                runs = [_run_child(arguments, sound, engine, blas) for _ in range(n_runs)]
                rows.append({"engine": engine, **_row(length_s, blas, runs)})
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


def _engines(arguments: argparse.Namespace) -> list[str]:
    """Those that are named; else the one of --engine, or all that run here."""
    if arguments.engines is not None:
        return arguments.engines.split(",")
    if arguments.engine != "auto":
        return [arguments.engine]
    return ["builtin", "onnx"] if onnx_engine.is_installed() else ["builtin"]


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


def _run_child(
    arguments: argparse.Namespace, sound: Path, engine: str, blas: str
) -> dict[str, float]:
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
    command += ["--engine", engine, "--device", arguments.device]
    if arguments.model is not None:
        command += ["--model", str(arguments.model.resolve())]
    path = os.pathsep.join([str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
    child = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
    )
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError("A measured run failed", value=engine, remedy=last)
    return json.loads(child.stdout)


def _measure(arguments: argparse.Namespace) -> dict[str, float]:
    """In the child: one animation from file to file, and the encoding alone."""
    if arguments.blas != "probe":
        has_it = arguments.blas == "on"
        product.has_blas = lambda: has_it  # type: ignore[assignment] - the probe's answer is what is measured here
    start_s = time.perf_counter()
    engine = read_engine(arguments)
    opened_s, busy_s = time.perf_counter(), time.process_time()
    sound = open_sound(arguments.measure)
    with tempfile.TemporaryDirectory(prefix="emotalk-bench-") as folder:
        animate_to_file(sound, ControlTrack(), Path(folder) / "curves.csv", engine=engine)
    animated_s, busy_s = time.perf_counter(), time.process_time() - busy_s
    peak_mb = _peak_mb()  # before the second part, which keeps an Encoding in memory
    encode(sound, engine)
    encoded_s = time.perf_counter()
    return {
        "open_s": opened_s - start_s,
        "animate_s": animated_s - opened_s,
        "busy_s": busy_s,  # of all processors: less at the mercy of other work than the clock
        "encode_s": encoded_s - animated_s,
        "peak_mb": peak_mb,
        "difference": _difference(engine, sound, arguments),
    }


def _difference(engine: Engine, sound: SoundSource, arguments: argparse.Namespace) -> float:
    """Largest distance to the built-in engine's curves before shaping; 0 for itself and for sounds
    that run once.
    """
    if engine.name == "builtin" or sound.n_samples > _LONG_S * SAMPLE_RATE:
        return 0.0
    other = open_engine("builtin", load_model(arguments.model or starter_folder()))
    faces = [_face(one, sound) for one in (engine, other)]
    return float(np.abs(faces[0] - faces[1]).max())


def _face(engine: Engine, sound: SoundSource) -> np.ndarray:
    """Curves of an Encoding that was not rounded to float16 for keeping."""
    pieces = list(engine.encode(sound))
    fields = ("content", "emotion", "heard", "level")
    whole = Encoding(*(np.concatenate([getattr(p, name) for p in pieces]) for name in fields))
    times_s = frame_times(whole.n_frames, NETWORK_FPS, 0)
    return engine.decode(whole, ControlTrack().frames(times_s))


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
        "busy_s": round(middle("busy_s"), 3),
        "rtf": round(middle("animate_s") / length_s, 4),
        "peak_mb": round(max(run["peak_mb"] for run in runs), 1),
        "difference": max(run["difference"] for run in runs),
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['length_s']:>7g} s  {row['engine']:<7}  blas {row['blas']:<5}  "
        f"{row['animate_s']:8.2f} s  "
        f"(encode {row['encode_s']:.2f}, open {row['open_s']:.2f}, "
        f"spread {row['spread_s']:.2f} of {row['runs']}, processors {row['busy_s']:.2f})  "
        f"rtf {row['rtf']:.4f}  peak {row['peak_mb']:.0f} MB  apart {row['difference']:.1g}"
    )


def _machine() -> dict[str, str]:
    return {
        "cpu": _cpu_name(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": "yes" if product.has_blas() else "no",
        "onnxruntime": _runtime_version(),
        "system": platform.platform(terse=True),
    }


def _runtime_version() -> str:
    return onnx_engine.import_runtime().__version__ if onnx_engine.is_installed() else "none"


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
