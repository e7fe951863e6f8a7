"""Rhubarb Lip Sync as a peer: cues of its WebAssembly build as coefficient curves, timed.

    python -m training.peers.rhubarb SOUND... --out FOLDER

Needs Node.js and npm. The package `rhubarb-lip-sync-wasm` 0.1.8 is fetched once into the user's
cache folder. Prints one JSON line: seconds of sound, seconds of work, real-time factor. Curves are
STEM.npz at 100 frames a second (cues change at exact hundredths), with the 70 ms linear transitions
that Rhubarb's own Blender add-ons use; each holds the seconds that it took. What is there already
is kept, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.atomic_file import atomic_file
from emotalk_core.errors import SetupError
from emotalk_core.timing import SAMPLE_RATE

from ..datasets import load_samples

PACKAGE: Final = "rhubarb-lip-sync-wasm@0.1.8"
RATE_HZ: Final = 100
TRANSITION_S: Final = 0.07

CUES: Final[dict[str, dict[str, float]]] = {
    "A": {"mouthPressLeft": 0.4, "mouthPressRight": 0.4},
    "B": {
        "jawOpen": 0.06,
        "mouthLowerDownLeft": 0.15,
        "mouthLowerDownRight": 0.15,
        "mouthStretchLeft": 0.2,
        "mouthStretchRight": 0.2,
    },
    "C": {"jawOpen": 0.25, "mouthLowerDownLeft": 0.1, "mouthLowerDownRight": 0.1},
    "D": {"jawOpen": 0.5},
    "E": {"jawOpen": 0.22, "mouthFunnel": 0.4},
    "F": {"jawOpen": 0.08, "mouthPucker": 0.7, "mouthFunnel": 0.15},
    "G": {
        "mouthRollLower": 0.5,
        "mouthShrugLower": 0.2,
        "mouthUpperUpLeft": 0.1,
        "mouthUpperUpRight": 0.1,
    },
    "H": {"jawOpen": 0.2, "tongueOut": 0.1},
    "X": {},
}
"""Rhubarb's nine mouth shapes on ARKit channels, by the descriptions in its README."""

_SCRIPT: Final = """
import { Rhubarb } from "rhubarb-lip-sync-wasm";
import { readFileSync } from "fs";
await Rhubarb.getModule();
for (const path of process.argv.slice(2)) {
  const pcm = readFileSync(path);
  const start = process.cpuUsage();
  const cues = (await Rhubarb.getLipSync(pcm)).mouthCues;
  const used = process.cpuUsage(start);
  console.log("RESULT" + JSON.stringify({ path, cues, cpu_s: (used.user + used.system) / 1e6 }));
}
"""


def default_package_folder() -> Path:
    """The user's cache folder for peers."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "emotalk" / "peers"


def ensure_package(folder: Path) -> Path:
    """Folder in which Node finds the package; installs it there once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SetupError(
            "Rhubarb's WebAssembly build needs Node.js",
            value="node",
            remedy="Install Node.js and npm.",
        )
    if not (folder / "node_modules" / "rhubarb-lip-sync-wasm").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", PACKAGE],
            cwd=folder,
            check=True,
            stdout=sys.stderr,
        )
    (folder / "cues.mjs").write_text(_SCRIPT, encoding="utf-8")
    return folder


def cue_curves(cues: Sequence[Mapping[str, object]], seconds: float) -> np.ndarray:
    """float32 (T, 52) at `RATE_HZ` from cues with `start`, `end` (seconds) and `value` (A..H,
    X).
    """
    times = np.arange(int(np.ceil(seconds * RATE_HZ))) / RATE_HZ
    starts = np.array([float(str(cue["start"])) for cue in cues])
    poses = np.zeros((len(cues), arkit.N_CHANNELS), np.float32)
    for row, cue in enumerate(cues):
        for channel, value in CUES[str(cue["value"])].items():
            poses[row, arkit.index(channel)] = value
    held = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, len(cues) - 1)
    values = poses[held]
    reach = max(1, round(TRANSITION_S * RATE_HZ))
    padded = np.pad(values, ((reach // 2, reach - reach // 2 - 1), (0, 0)), mode="edge")
    return (
        np.lib.stride_tricks.sliding_window_view(padded, reach, axis=0)
        .mean(axis=-1)
        .astype(np.float32)
    )


def run(
    sounds: Mapping[str, Path | np.ndarray], out: Path, package_folder: Path
) -> dict[str, float]:
    """Write `out`/STEM.npz for each sound that has none; seconds of sound, of processor, their
    ratio over all.
    """
    ensure_package(package_folder)
    out.mkdir(parents=True, exist_ok=True)
    missing = {stem: s for stem, s in sounds.items() if not (out / f"{stem}.npz").is_file()}
    with tempfile.TemporaryDirectory() as temporary:
        paths = [_write_pcm(Path(temporary) / f"{stem}.pcm", s) for stem, s in missing.items()]
        for result in _results(paths, package_folder) if paths else ():
            pcm = Path(result["path"])
            seconds = pcm.stat().st_size / 2 / SAMPLE_RATE
            _save(out / f"{pcm.stem}.npz", cue_curves(result["cues"], seconds), seconds, result)
    return _totals([out / f"{stem}.npz" for stem in sounds])


def _write_pcm(path: Path, sound: Path | np.ndarray) -> Path:
    """int16 mono 16 kHz samples: what the package takes."""
    samples = np.clip(load_samples(sound), -1, 1)
    path.write_bytes(np.round(samples * 32767).astype("<i2").tobytes())
    return path


def _results(paths: Sequence[Path], package_folder: Path) -> Iterator[dict[str, Any]]:
    """One result a sound, each as soon as it is there."""
    command = ["node", "cues.mjs", *map(str, paths)]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, cwd=package_folder, stdout=subprocess.PIPE, stderr=said, text=True
        ) as node,
    ):
        for line in node.stdout or ():
            if line.startswith("RESULT"):
                yield json.loads(line[len("RESULT") :])
        if node.wait():
            said.seek(0)
            last = (said.read().strip().splitlines() or ["no message"])[-1]
            raise SetupError("Rhubarb stopped", value=node.returncode, remedy=last)


def _save(path: Path, values: np.ndarray, seconds: float, result: Mapping[str, Any]) -> None:
    with atomic_file(path) as file:
        np.savez(
            file,
            values=values,
            channels=np.array(arkit.CHANNELS),
            fps_num=RATE_HZ,
            fps_den=1,
            sound_s=seconds,
            cpu_s=result["cpu_s"],
        )


def _totals(files: Sequence[Path]) -> dict[str, float]:
    sound_s = cpu_s = 0.0
    for file in files:
        with np.load(file) as kept:
            sound_s, cpu_s = sound_s + float(kept["sound_s"]), cpu_s + float(kept["cpu_s"])
    return {
        "sound_s": round(sound_s, 2),
        "cpu_s": round(cpu_s, 2),
        "real_time_factor": round(cpu_s / max(sound_s, 1e-9), 4),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sounds", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--package-folder", type=Path, default=default_package_folder())
    args = parser.parse_args(argv)
    totals = run({sound.stem: sound for sound in args.sounds}, args.out, args.package_folder)
    sys.stdout.write(json.dumps(totals) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
