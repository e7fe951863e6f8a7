"""Sets of real faces as their tables have them, and as recordings: GRID through MediaPipe,
FACEGOOD's animators, a Live Link Face take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotalk_core import arkit

from .datasets import READ_ALOUD, Recording, read_phones, read_rows
from .faces.captured import Captured

__all__ = ["Filmed", "facegood_clips", "grid_clips", "load_facegood", "load_grid", "load_llf"]


@dataclass(frozen=True, eq=False)
class Filmed:
    """A clip of a set of real faces."""

    row: dict[str, str]  # of the table of clips
    source: Path
    values: np.ndarray  # (T, C), NaN where no face was seen
    channels: Sequence[str]  # C names
    fps: float
    known: np.ndarray  # float32 (52,), 0 for channels that the set says it cannot see

    @property
    def clip(self) -> str:
        """Its name in the set."""
        return self.row["clip"]

    @property
    def split(self) -> str:
        """One of SPLITS."""
        return {"train": "train", "val": "dev"}.get(self.row["split"], "test")

    def captured(self) -> Captured:
        """Its face at 30 fps in Apple's order; frames without one are bridged."""
        columns = []
        at = np.arange(int(len(self.values) / self.fps * 30)) / 30.0
        own = np.arange(len(self.values)) / self.fps
        for channel in arkit.CHANNELS:
            curve = self.values[:, self.channels.index(channel)].astype(np.float64)
            there = np.isfinite(curve)
            columns.append(
                np.interp(at, own[there], curve[there]) if there.any() else np.zeros_like(at)
            )
        return Captured(np.stack(columns, axis=1).astype(np.float32), self.known)


def grid_clips(folder: Path) -> Iterator[Filmed]:
    """Clips of GRID's talker s1."""
    with np.load(folder / "curves.npz") as curves:
        weights, channels = curves["weights"], [str(name) for name in curves["names"]]
        starts = dict(zip(map(str, curves["clip_ids"]), curves["offsets"], strict=False))
        fps = float(curves["fps"])
    known = np.ones(arkit.N_CHANNELS, np.float32)
    for row in read_rows(folder / "clips.csv"):
        first, source = int(starts[row["clip"]]), folder / "audio" / f"{row['clip']}.opus"
        values = weights[first : first + int(row["frames"])]
        yield Filmed(row, source, values, channels, fps, known)


def facegood_clips(folder: Path) -> Iterator[Filmed]:
    """Clips of FACEGOOD's speaker."""
    with np.load(folder / "curves.npz") as curves:
        channels = [str(name) for name in curves["arkit_names"]]
        can = dict(zip(channels, curves["arkit_trainable"], strict=True))
        known = np.array([can[channel] for channel in arkit.CHANNELS], np.float32)
        for row in read_rows(folder / "clips.csv"):
            source = folder / "audio" / f"{row['clip']}.flac"
            yield Filmed(row, source, curves[f"{row['clip']}/arkit_ext"], channels, 30.0, known)


def load_grid(data: Path) -> list[Recording]:
    """GRID's talker s1 on video: phones; jaw, opening, rounding and timing of a real face."""
    folder = data / "grid_mp"
    phones = read_phones(folder / "phones.csv")
    return [
        Recording(
            name=f"grid/{filmed.clip}",
            source=filmed.source,
            speaker=filmed.row["speaker"],
            split=filmed.split,
            phones=phones.get(filmed.source.name, ()),
            emotion=READ_ALOUD,
            seconds=float(filmed.row["seconds"]),
            captured=filmed.captured(),
        )
        for filmed in grid_clips(folder)
    ]


def load_facegood(data: Path) -> list[Recording]:
    """A Mandarin speaker whose mouth animators made from video; no phones."""
    return [
        Recording(
            name=f"facegood/{filmed.clip}",
            source=filmed.source,
            speaker="facegood",
            split=filmed.split,
            emotion=READ_ALOUD,
            seconds=float(filmed.row["seconds"]),
            captured=filmed.captured(),
        )
        for filmed in facegood_clips(data / "facegood_zh")
    ]


def load_llf(data: Path) -> list[Recording]:
    """An English speaker captured by Live Link Face, for judging alone: no phones, no curves; empty
    where it was not brought along.
    """
    source = data / "llf" / "neurosync_testset.flac"
    if not source.is_file():
        return []
    return [
        Recording(name="llf/neurosync_testset", source=source, speaker="neurosync", split="test")
    ]
