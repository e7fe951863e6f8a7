"""Rhubarb Lip Sync as a peer: cues of its WebAssembly build as coefficient curves, timed.

    python -m training.peers.rhubarb SOUND... --out FOLDER

Needs Node.js and npm. The package `rhubarb-lip-sync-wasm` 0.1.8 is fetched once into the user's
cache folder. Prints one JSON line: seconds of sound, seconds of work, real-time factor. Curves are
STEM.npz at 100 frames a second (cues change at exact hundredths), with the 70 ms linear transitions
that Rhubarb's own Blender add-ons use.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from emotalk_core import arkit
from emotalk_core.errors import InputError, SetupError

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


def read_pcm(path: Path) -> np.ndarray:
    """int16 (n,) mono 16 kHz samples of a 16 kHz file."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != 16_000:
        raise InputError(
            "The peer takes 16 kHz sound only", value=rate, remedy="Convert the file first."
        )
    return np.round(np.clip(samples.mean(axis=1), -1, 1) * 32767).astype("<i2")


def cue_curves(cues: Sequence[dict[str, object]], seconds: float) -> np.ndarray:
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


def run(sounds: Sequence[Path], out: Path, package_folder: Path) -> dict[str, float]:
    """Write one npz for each sound; returns seconds of sound, of CPU work, and their ratio."""
    ensure_package(package_folder)
    out.mkdir(parents=True, exist_ok=True)
    total_s = cpu_s = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        lengths: dict[str, float] = {}
        for sound in sounds:
            pcm = read_pcm(sound)
            target = Path(temporary) / f"{sound.stem}.pcm"
            target.write_bytes(pcm.tobytes())
            lengths[sound.stem] = len(pcm) / 16_000
        command = ["node", "cues.mjs", *(str(Path(temporary) / f"{stem}.pcm") for stem in lengths)]
        done = subprocess.run(
            command, cwd=package_folder, check=True, capture_output=True, text=True
        )
        for line in done.stdout.splitlines():
            if line.startswith("RESULT"):
                result = json.loads(line[len("RESULT") :])
                stem = Path(result["path"]).stem
                values = cue_curves(result["cues"], lengths[stem])
                np.savez(
                    out / f"{stem}.npz",
                    values=values,
                    channels=np.array(arkit.CHANNELS),
                    fps_num=RATE_HZ,
                    fps_den=1,
                )
                total_s, cpu_s = total_s + lengths[stem], cpu_s + result["cpu_s"]
    return {
        "sound_s": round(total_s, 2),
        "cpu_s": round(cpu_s, 2),
        "real_time_factor": round(cpu_s / max(total_s, 1e-9), 4),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sounds", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "emotalk" / "peers"
    parser.add_argument("--package-folder", type=Path, default=default)
    args = parser.parse_args(argv)
    sys.stdout.write(json.dumps(run(args.sounds, args.out, args.package_folder)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
