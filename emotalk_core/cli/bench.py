"""`emotalk bench`: speed, memory and parity of the engines on this machine, side by side, each run
in a process of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..audio import SoundSource, open_sound
from ..controls import ControlTrack
from ..engine import Encoding, Engine, onnx_engine, open_engine, product
from ..errors import InputError
from ..model.folder import load_model, starter_folder
from ..pipeline import animate_to_file, encode
from ..timing import NETWORK_FPS, SAMPLE_RATE, frame_times
from .bench_machine import machine, peak_mb, run_child, write_babble
from .bench_published import measure_way, run_published
from .options import add_engine_flags, read_engine

__all__ = ["add_command"]

_LENGTHS: Final = "10,60,600,3600"
_PUBLISHED_LENGTHS: Final = "10,30,60"
_REPEATS: Final = 5
_LONG_S: Final = 120.0  # longer sounds run once: their own length averages
_LONGEST_S: Final = 43_200  # twelve hours: the wav that is heard has no room for a whole day


def add_command(commands: Any) -> None:
    """`emotalk bench`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench", help="speed, memory and parity of the engines on this machine"
    )
    parser.add_argument(
        "--lengths",
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
    parser.add_argument(
        "--published",
        action="store_true",
        help="an imported network our way and the authors' way; without --model, made-up weights",
    )
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, metavar="WAV", help=argparse.SUPPRESS)
    add_engine_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.measure is not None:
        measure = measure_way if arguments.published else _measure
        print(json.dumps(measure(arguments)))
        return 0
    _refuse_repeats(arguments.repeats)
    if arguments.published:
        return run_published(arguments, _read_lengths(arguments.lengths, _PUBLISHED_LENGTHS))
    rows = []
    for length_s in _read_lengths(arguments.lengths, _LENGTHS):
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
        print(json.dumps({"machine": machine(), "rows": rows}))
    else:
        print(", ".join(f"{k} {v}" for k, v in machine().items()))
    return 0


def _read_lengths(given: str | None, usual: str) -> list[float]:
    text = usual if given is None else given
    try:
        lengths = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError("Not a list of seconds", value=text, remedy="Write 10,60.") from error
    if not all(0.0 < length <= _LONGEST_S for length in lengths):
        raise InputError(
            f"Lengths must be above 0 and {_LONGEST_S:,} s at most",
            value=text,
            remedy="Write 10,60.",
        )
    return lengths


def _refuse_repeats(asked: int | None) -> None:
    if asked is not None and asked < 1:
        raise InputError("Nothing to repeat", value=asked, remedy="Use --repeats 1 or more.")


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


def _run_child(
    arguments: argparse.Namespace, sound: Path, engine: str, blas: str
) -> dict[str, float]:
    flags = ["--measure", str(sound), "--blas", blas, "--engine", engine]
    flags += ["--device", arguments.device]
    if arguments.model is not None:
        flags += ["--model", str(arguments.model.resolve())]
    if arguments.python is not None:
        flags += ["--python", str(arguments.python.absolute())]
    return run_child(flags, engine)


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
    peak = peak_mb()  # before the second part, which keeps an Encoding in memory
    encode(sound, engine)
    encoded_s = time.perf_counter()
    return {
        "open_s": opened_s - start_s,
        "animate_s": animated_s - opened_s,
        "busy_s": busy_s,  # of all processors: less at the mercy of other work than the clock
        "encode_s": encoded_s - animated_s,
        "peak_mb": peak,
        "difference": _difference(engine, sound, arguments),
    }


def _difference(engine: Engine, sound: SoundSource, arguments: argparse.Namespace) -> float:
    """Largest distance to the built-in engine's curves before shaping; 0 for itself, and where
    there is nothing to compare: sounds that run once, models that it does not run.
    """
    is_long = sound.n_samples > _LONG_S * SAMPLE_RATE
    if engine.name == "builtin" or is_long or engine.config.kind != "starter":
        return 0.0
    other = open_engine("builtin", load_model(arguments.model or starter_folder()))
    faces = [_face(one, sound) for one in (engine, other)]
    return float(np.abs(faces[0] - faces[1]).max())


def _face(engine: Engine, sound: SoundSource) -> np.ndarray:
    """Curves of an Encoding that was not rounded to float16 for keeping."""
    whole = Encoding.joined(engine.encode(sound))
    times_s = frame_times(whole.n_frames, NETWORK_FPS, 0)
    return engine.decode(whole, ControlTrack().frames(times_s))


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
