"""EmoTalk, Rhubarb and a jaw that follows loudness on the same recordings in one run: phone
figures and speed.

    python -m training.peers.compare DATA --out FOLDER [--sets emodb,ravdess,grid_mp --every 1 3 2]

DATA has the recordings, the score tool lies beside it. Curves are kept under FOLDER/SYSTEM/SET and
made again only when they are missing (Rhubarb takes about as long as the sound lasts). Seconds are
of the processor, without loading a model, one thread each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core import arkit, pipeline
from emotalk_core.audio import ArraySound
from emotalk_core.controls import ControlTrack
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.errors import SetupError
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.timing import SAMPLE_RATE

from ..datasets import Recording, load_samples
from ..evaluate.lips import FIGURES, score_tool
from ..sets import JUDGED
from . import rhubarb

SYSTEMS: Final = ("emotalk", "rhubarb", "loudness")

Totals = dict[str, float]


def loudness_jaw(samples: np.ndarray) -> np.ndarray:
    """float32 (T, 52) at 100 Hz: jawOpen alone, 0 at 30 dB below the clip's loud parts, 0.6 there.

    Loudness is the root mean square of 40 ms; loud is its 95th percentile.
    """
    hop, width = SAMPLE_RATE // rhubarb.RATE_HZ, SAMPLE_RATE // 25
    n_frames = -(-len(samples) // hop)
    padded = np.pad(samples.astype(np.float64), (width // 2, width))
    power = np.concatenate([[0.0], np.cumsum(padded**2)])
    at = np.arange(n_frames) * hop
    level_db = 10.0 * np.log10((power[at + width] - power[at]) / width + 1e-10)
    values = np.zeros((n_frames, arkit.N_CHANNELS), np.float32)
    share = (level_db - np.percentile(level_db, 95) + 30.0) / 30.0
    values[:, arkit.index("jawOpen")] = 0.6 * np.clip(share, 0.0, 1.0)
    return values


def _made(
    recordings: Sequence[Recording],
    out: Path,
    make: Callable[[np.ndarray], np.ndarray],
    fps: int,
) -> Totals:
    """Curves of every recording, made anew, and what that took."""
    out.mkdir(parents=True, exist_ok=True)
    sound_s = cpu_s = 0.0
    for recording in recordings:
        samples = load_samples(recording.source)
        start_s = time.process_time()
        values = make(samples)
        cpu_s += time.process_time() - start_s
        sound_s += len(samples) / SAMPLE_RATE
        channels = np.array(arkit.CHANNELS)
        file = out / f"{_stem(recording)}.npz"
        np.savez(file, values=values, channels=channels, fps_num=fps, fps_den=1)
    return {
        "sound_s": round(sound_s, 2),
        "cpu_s": round(cpu_s, 2),
        "real_time_factor": round(cpu_s / max(sound_s, 1e-9), 4),
    }


def _emotalk(model: Path) -> Callable[[np.ndarray], np.ndarray]:
    engine = BuiltinEngine(load_model(model), n_threads=1)

    def make(samples: np.ndarray) -> np.ndarray:
        sound = ArraySound(samples, SAMPLE_RATE)
        return pipeline.animate(sound, ControlTrack(), engine=engine).values[:, : arkit.N_CHANNELS]

    return make


def _stem(recording: Recording) -> str:
    return recording.name.split("/")[1]


def make_curves(system: str, recordings: Sequence[Recording], out: Path, model: Path) -> Totals:
    """Curves of `system` for all recordings in the folder `out`."""
    if system == "rhubarb":
        sounds = {_stem(r): r.source for r in recordings}
        return rhubarb.run(sounds, out, rhubarb.default_package_folder())
    if system == "loudness":
        return _made(recordings, out, loudness_jaw, rhubarb.RATE_HZ)
    return _made(recordings, out, _emotalk(model), 30)


def scores(tool: Path, name: str, out: Path) -> dict[str, float]:
    """The tool's figures of the test split."""
    command = [sys.executable, str(tool), name, str(out), "--split", "test", "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Mapping[str, float] = json.loads(answer.stdout)
    return {figure: found[figure] for figure in FIGURES if figure in found}


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", default="emodb,ravdess,grid_mp")
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems (default: all)")
    parser.add_argument(
        "--every", type=int, nargs="+", default=[1], help="each Nth clip; one number, or one a set"
    )
    parser.add_argument("--model", type=Path, default=starter_folder())
    args = parser.parse_args(argv)
    tool = score_tool(args.data)
    if tool is None:
        raise SetupError(
            "The score tool is not beside the data",
            value=str(args.data),
            remedy="Bring it along.",
        )
    names = args.sets.split(",")
    steps = args.every * len(names) if len(args.every) == 1 else args.every
    for name, every in zip(names, steps, strict=True):
        recordings = [r for r in JUDGED[name].read(args.data) if r.split == "test"][::every]
        for system in args.only.split(","):
            out = args.out / system / name
            totals = make_curves(system, recordings, out, args.model)
            row = {"set": name, "system": system, "clips": len(recordings), **totals}
            figures = {k: round(v, 4) for k, v in scores(tool, name, out).items()}
            sys.stdout.write(json.dumps(row | figures) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
