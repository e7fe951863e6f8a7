"""Are the made faces as large, as fast and as connected as real ones? A table and a picture.

`python -m training.faces.check --data DATA [--picture FILE.png]`: DATA holds `faces_stats.csv`
(ranges and speeds of real curves by set and channel), `facegood_zh`, `grid_mp` and `llf` (real
curves), and `open_speech` (phones to speak).
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS
from emotalk_core.shaping.aperture import aperture_mm

from .phones import Phone
from .speech import FPS, speech_curves
from .target import face_curves

__all__ = ["correlations", "made_curves", "ranges"]

CHECKED: Final = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft", "mouthUpperUpLeft",
    "mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthSmileLeft", "mouthStretchLeft",
    "mouthDimpleLeft", "mouthFrownLeft", "mouthShrugLower", "mouthShrugUpper",
)  # fmt: skip
PAIRS: Final = (
    ("jawOpen", "mouthFunnel"), ("jawOpen", "mouthLowerDownLeft"), ("jawOpen", "mouthUpperUpLeft"),
    ("jawOpen", "mouthClose"), ("mouthFunnel", "mouthPucker"), ("mouthFunnel", "mouthStretchLeft"),
    ("mouthPucker", "mouthSmileLeft"), ("mouthLowerDownLeft", "mouthUpperUpLeft"),
)  # fmt: skip
REAL_SETS: Final = ("llf_speech", "facegood_zh_ext", "grid_mp")


def read_phones(folder: Path, *, split: str) -> dict[str, tuple[list[Phone], float]]:
    """File name -> its phones and length in seconds, of one split."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        seconds = {
            r["file"]: float(r["seconds"]) for r in csv.DictReader(file) if r["split"] == split
        }
    clips: dict[str, list[Phone]] = defaultdict(list)
    with (folder / "phones.csv").open(newline="", encoding="utf-8") as file:
        for r in csv.DictReader(file):
            if r["file"] in seconds:
                clips[r["file"]].append(
                    Phone(float(r["start_s"]), float(r["end_s"]), r["phone"], r["class"])
                )
    return {name: (phones, seconds[name]) for name, phones in clips.items()}


def made_curves(clips: dict[str, tuple[list[Phone], float]]) -> list[np.ndarray]:
    """Neutral curves of every fifth clip, each by a speaker of its own."""
    chosen = sorted(clips)[::5]
    return [speech_curves(*clips[name], style=i).values for i, name in enumerate(chosen)]


def ranges(curves: list[np.ndarray]) -> dict[str, tuple[float, float, float, float]]:
    """Channel -> mean, deviation, 99 % and 95 % speed per second."""
    joined = np.concatenate(curves)
    speed = np.concatenate([np.abs(np.diff(c, axis=0)) * FPS for c in curves])
    return {
        name: (
            float(joined[:, i].mean()),
            float(joined[:, i].std()),
            float(np.percentile(joined[:, i], 99)),
            float(np.percentile(speed[:, i], 95)),
        )
        for i, name in enumerate(arkit.CHANNELS)
    }


def correlations(values: np.ndarray) -> list[float]:
    """Pearson r of `PAIRS`; nan where a channel never moves."""
    found = []
    for first, second in PAIRS:
        a, b = values[:, arkit.index(first)], values[:, arkit.index(second)]
        still = min(a.std(), b.std()) < 1e-4
        found.append(float("nan") if still else float(np.corrcoef(a, b)[0, 1]))
    return found


def _real_ranges(path: Path) -> dict[tuple[str, str], tuple[float, float, float, float]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (r["set"], r["channel"]): (
                float(r["mean"]),
                float(r["std"]),
                float(r["p99"]),
                float(r["speed_p95_per_s"]),
            )
            for r in csv.DictReader(file)
        }


def _in_order(values: np.ndarray, names: list[str]) -> np.ndarray:
    return np.stack([values[:, names.index(c)] for c in arkit.CHANNELS], 1).astype(np.float64)


def _real_curves(data: Path) -> dict[str, np.ndarray]:
    with np.load(data / "facegood_zh" / "curves.npz") as z:
        names = [str(n) for n in z["arkit_names"]]
        facegood = np.concatenate([z[k] for k in z.files if k.endswith("/arkit_ext")])
    with np.load(data / "grid_mp" / "curves.npz") as z:
        grid = _in_order(z["weights"], [str(n) for n in z["names"]])
    with (data / "llf" / "neurosync_testset.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    head = [h.strip()[:1].lower() + h.strip()[1:] for h in rows[0]]
    llf = np.array([[float(v or 0) for v in r[2:]] for r in rows[1:] if len(r) > 2])
    return {
        "llf_speech": _in_order(llf, head[2:]),
        "facegood_zh_ext": _in_order(facegood, names),
        "grid_mp": grid[np.isfinite(grid).all(1)],
    }


def _table(made: list[np.ndarray], data: Path) -> list[str]:
    real, ours = _real_ranges(data / "faces_stats.csv"), ranges(made)
    lines = [
        "channel: mean / deviation / 99 % / 95 % speed",
        f"{'':20s}" + "".join(f"{c:28s}" for c in ("made", *REAL_SETS)),
    ]
    for channel in CHECKED:
        cells = [ours[channel], *(real[c, channel] for c in REAL_SETS)]
        lines.append(
            f"{channel:20s}"
            + "".join(f"{a:.3f}/{b:.3f}/{c:.2f}/{d:.2f}".ljust(28) for a, b, c, d in cells)
        )
    lines.append("correlations")
    every = {"made": np.concatenate(made), **_real_curves(data)}
    found = [correlations(v) for v in every.values()]
    lines.append(f"{'':44s}" + "".join(f"{name:24s}" for name in every))
    lines += [
        f"{f'{a} {b}':44s}" + "".join(f"{r[i]:+.2f}".ljust(24) for r in found)
        for i, (a, b) in enumerate(PAIRS)
    ]
    return lines


def _picture(path: Path, phones: list[Phone], seconds: float) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (lips, gap, faces) = plt.subplots(
        3, 1, figsize=(13, 10), height_ratios=(3, 2, 3), layout="constrained"
    )
    values = speech_curves(phones, seconds).values
    times = np.arange(len(values)) / FPS
    for name in CHECKED[:10]:
        lips.plot(times, values[:, arkit.index(name)], label=name.removesuffix("Left"))
    lips.set(
        title="Mouth from phones alone (neutral, style 0)",
        ylabel="coefficient",
        xlim=(0, seconds),
        ylim=(0, 0.8),
    )
    lips.legend(ncols=5, fontsize=8, loc="upper right")
    for phone in phones:
        lips.text((phone.start_s + phone.end_s) / 2, 0.02, phone.symbol, ha="center", fontsize=8)
    gap.plot(times, aperture_mm(values), color="black", label="neutral")
    for row, emotion in enumerate(EMOTIONS[1:], 1):
        feeling = face_curves(phones, seconds, emotion=np.eye(len(EMOTIONS))[row])
        gap.plot(times, aperture_mm(feeling), lw=0.8, label=emotion)
    for phone in phones:
        if phone.kind in {"closure", "labiodental"}:
            for axis in (lips, gap):
                axis.axvspan(
                    phone.start_s,
                    phone.end_s,
                    color="#d04040" if phone.kind == "closure" else "#4060d0",
                    alpha=0.15,
                )
    gap.set(title="Gap of the lips (closures red, f/v blue)", ylabel="mm", xlim=(0, seconds))
    gap.legend(ncols=8, fontsize=8)
    _emotion_bars(faces, phones, seconds)
    figure.savefig(path, dpi=80)


def _emotion_bars(axis: Any, phones: list[Phone], seconds: float) -> None:
    neutral = face_curves(phones, seconds, emotion=np.eye(len(EMOTIONS))[0])
    means = np.stack(
        [
            (face_curves(phones, seconds, emotion=row) - neutral).mean(0)
            for row in np.eye(len(EMOTIONS))
        ]
    )
    shown = [
        i
        for i, n in enumerate(arkit.CHANNELS)
        if not n.endswith("Right") and np.abs(means[:, i]).max() > 0.04
    ]
    image = axis.imshow(means[:, shown], aspect="auto", cmap="RdBu_r", vmin=-0.8, vmax=0.8)
    names = [arkit.CHANNELS[i].removesuffix("Left") for i in shown]
    axis.set_xticks(range(len(shown)), names, rotation=40, ha="right", fontsize=8)
    axis.set_yticks(range(len(EMOTIONS)), EMOTIONS)
    axis.set_title("Mean change from neutral at intensity 1")
    axis.figure.colorbar(image, ax=axis)


def main() -> int:
    """Print the table; draw the picture when asked."""
    parser = argparse.ArgumentParser(prog="training.faces.check", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    clips = read_phones(args.data / "open_speech", split="train")
    print("\n".join(_table(made_curves(clips), args.data)))  # noqa: T201 - a command
    if args.picture:
        name = min((n for n in clips if n.startswith("LJ")), key=lambda n: abs(clips[n][1] - 3.5))
        _picture(args.picture, *clips[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
