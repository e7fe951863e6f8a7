"""`emotalk bench --published`: an imported network our way and the way of its authors' program.

Each run in a process of its own, the ways in turn, so that what else the machine does falls on all
of them. Without --model the weights are made up: the time is the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from .. import arkit
from ..audio import ArraySound, open_sound, read_samples
from ..controls import ControlTrack
from ..engine import Encoding, open_engine
from ..engine.blas import one_blas_thread
from ..model.config import ModelConfig, PublishedConfig, write_config
from ..model.folder import Model, encoder_shapes, load_model, model_shapes
from ..model.tensors import write_tensors
from ..timing import NETWORK_FPS, SAMPLE_RATE, frame_times
from ..torch_here import ensure_torch
from .bench_machine import machine, peak_mb, run_child, write_babble

__all__ = ["made_up_model", "measure_way", "run_published"]

WAYS: Final = ("published", "float32", "bfloat16")
_REPEATS: Final = 3
_WARM_UP: Final = SAMPLE_RATE  # samples

# Multiply-adds of both encoders for a second of sound, counted as two: convolutions 9.8,
# positions 1.0, projections .1, the layers' matrices 36.2; attention grows with the window.
_GFLOP: Final = 47.1
_ATTENTION_GFLOP: Final = 0.176  # and for each second that attention spans
_WINDOW_S: Final = 60.0


def made_up_model(folder: Path, config: ModelConfig | None = None) -> Path:
    """A model folder of the published size with made-up weights, always the same."""
    config = config or ModelConfig("made-up", kind="published", n_styles=24)
    config = replace(config, published=config.published or PublishedConfig())
    folder.mkdir(parents=True, exist_ok=True)
    for name, shapes in (("encoder", encoder_shapes(config)), ("model", model_shapes(config))):
        tensors = {key: _made_up(key, shape) for key, shape in shapes.items()}
        write_tensors(folder / f"{name}.safetensors", tensors)
    write_config(config, folder / "config.json")
    return folder


def _made_up(name: str, shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    values = rng.standard_normal(shape, dtype=np.float32)
    is_norm = len(shape) == 1 and name.endswith(".weight")
    values *= np.float32(0.1 if len(shape) == 1 else np.prod(shape[1:]) ** -0.5)
    return values + np.float32(1.0) if is_norm else values


def run_published(arguments: argparse.Namespace, lengths_s: Sequence[float]) -> int:
    """All ways at each length, in turn; a line for each, or one JSON object."""
    ensure_torch("This comparison")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="emotalk-bench-") as name:
        folder = Path(name)
        model: Path = arguments.model or made_up_model(folder / "model")
        for length_s in lengths_s:
            sound = folder / f"{length_s:g}.wav"
            write_babble(sound, length_s)
            runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
            for _ in range(arguments.repeats or _REPEATS):
                for way in WAYS:
                    runs[way].append(_run_child(model, sound, way, arguments.device))
            for way in WAYS:
                rows.append(_row(length_s, way, runs, sound))
                if not arguments.json:
                    print(_line(rows[-1]), flush=True)
    about = machine()
    print(json.dumps({"machine": about, "rows": rows}) if arguments.json else about)
    return 0


def _run_child(model: Path, sound: Path, way: str, device: str) -> dict[str, float]:
    command = ["--published", "--measure", str(sound), "--way", way, "--model", str(model)]
    return run_child([*command, "--device", device], way)


def _row(
    length_s: float, way: str, runs: Mapping[str, Sequence[Mapping[str, float]]], sound: Path
) -> dict[str, Any]:
    """The best of the runs: what else the machine does only ever adds.

    What counts is processor time, but on a card the clock.
    """

    def best(of: str, name: str) -> float:
        return min(run[name] for run in runs[of])

    curves, expected = (np.load(sound.with_suffix(f".{w}.npy")) for w in (way, WAYS[0]))
    away = np.abs(curves - expected)
    gflop = length_s * (_GFLOP + _ATTENTION_GFLOP * min(length_s, _WINDOW_S))
    return {
        "length_s": length_s,
        "way": way,
        "wall_s": round(best(way, "wall_s"), 2),
        "processor_s": round(best(way, "processor_s"), 2),
        "faster": round(best(WAYS[0], "counted_s") / best(way, "counted_s"), 2),
        "of_floor": round(best(way, "counted_s") * best(way, "gflops") / gflop, 2),
        "peak_mb": round(max(run["peak_mb"] for run in runs[way])),
        "mean_difference": float(f"{away.mean():.2g}"),
        "max_difference": float(f"{away.max():.2g}"),
    }


def _line(row: Mapping[str, Any]) -> str:
    return (
        f"{row['length_s']:>6g} s  {row['way']:<10}{row['processor_s']:8.2f} s of processor  "
        f"({row['wall_s']:.2f} s)  {row['faster']:5.2f} x  {row['of_floor']:.2f} x floor  "
        f"peak {row['peak_mb']} MB  differs {row['mean_difference']:.1e}, "
        f"at most {row['max_difference']:.1e}"
    )


def measure_way(arguments: argparse.Namespace) -> dict[str, float]:
    """In the child: one sound to curves, its time and its memory; curves go to a file."""
    from ..engine.torch_engine.device import choose_device
    from ..engine.torch_engine.probe import probe_gflops

    model, way = load_model(arguments.model), arguments.way
    device = choose_device(arguments.device)
    is_card = device.type != "cpu"
    samples = read_samples(open_sound(arguments.measure))
    to_curves = _way(model, way, str(device))
    # The weights are read from the disk now; a card chooses its kernels by size besides.
    to_curves(samples if is_card else samples[:_WARM_UP])
    start = _clocks()
    curves = to_curves(samples)
    wall_s, processor_s = (b - a for a, b in zip(start, _clocks(), strict=True))
    peak = peak_mb()
    curves[:, list(arkit.indices("eyeBlink"))] = 0.0  # thrown away by both
    np.save(arguments.measure.with_suffix(f".{way}.npy"), curves)
    return {
        "wall_s": wall_s,
        "processor_s": processor_s,
        "counted_s": wall_s if is_card else processor_s,
        "peak_mb": peak,
        "gflops": probe_gflops(way, device),
    }


def _way(model: Model, way: str, device: str) -> Callable[[np.ndarray], np.ndarray]:
    from ..engine.torch_engine.device import choose_device
    from ..engine.torch_engine.published_way import PublishedWay

    if way == WAYS[0]:
        return PublishedWay(model, choose_device(device))
    engine = open_engine("torch", model, device=device, precision=way)

    def ours(samples: np.ndarray) -> np.ndarray:
        with one_blas_thread():  # as the pipeline does
            encoding = Encoding.joined(engine.encode(ArraySound(samples, SAMPLE_RATE)))
            times_s = frame_times(encoding.n_frames, NETWORK_FPS)
            return engine.decode(encoding, ControlTrack().frames(times_s))

    return ours


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()
