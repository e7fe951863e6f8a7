"""Hidden states of the frozen front end for every clip, several times over, on disk.

Clips are joined to tracks with random gaps, so that each copy of a clip stands somewhere else in
the window grid, beside other clips and under another maximum: what a word looks like must not
depend on where in a file it is. All copies but the first get noise or a room now and then. A clip's
rows are cut out again with MARGIN_S of its surroundings.

Files of a set: `NAME.f16` (rows, 3, 512) float16, standardised; `NAME.npz`: level and one entry for
each copy of a clip.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.atomic_file import atomic_file
from emotalk_core.engine.frontend import Encoder, normalise
from emotalk_core.engine.windows import cross_fade, mel_blocks, mel_windows, sound_top, state_levels
from emotalk_core.model.config import FrontEndConfig
from emotalk_core.timing import SAMPLE_RATE

from .augment import add_noise, coloured_noise, in_a_room, quiet_sound
from .datasets import NOBODY, Recording, load_samples

__all__ = [
    "GRID_S",
    "MARGIN_S",
    "CopyPlan",
    "FeatureSet",
    "FrontEnd",
    "Standardise",
    "estimate_standardise",
    "extract",
]

log = logging.getLogger(__name__)

GRID_S: Final = 0.1  # clips start on this grid: a whole number of states (5) and of frames (3)
MARGIN_S: Final = 0.3
_TRACK_S: Final = 60.0
_CELL: Final = int(GRID_S * SAMPLE_RATE)
_INDEX: Final = ("level", "names", "copies", "starts", "lengths", "phase_s", "lags")


@dataclass(frozen=True, eq=False)
class Standardise:
    """Mean and deviation of each dimension of the states."""

    mean: np.ndarray  # float32 (layers, width)
    scale: np.ndarray  # float32 (layers, width), 1 / deviation

    def __call__(self, states: np.ndarray) -> np.ndarray:
        return (states - self.mean) * self.scale


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """The frozen encoder with its windows and its standardisation."""

    encoder: Encoder
    standardise: Standardise
    config: FrontEndConfig

    def states_of(self, samples: np.ndarray, top_raise: float) -> tuple[np.ndarray, np.ndarray]:
        """Standardised states (n, layers, width) and levels (n,) of a sound from its state 0 on.

        `top_raise` (log10 power) stands for something that much louder elsewhere in the file.
        """
        grid = self.config
        mels = [*mel_blocks([samples], len(samples), grid)]
        top = sound_top(mels, grid) + top_raise
        windows = list(mel_windows(mels, len(samples), grid))
        states = (
            self.standardise(np.stack(self.encoder(normalise(w.mel, top)), axis=1)) for w in windows
        )
        levels = (state_levels(w.mel, top) for w in windows)
        joined, level = (
            np.concatenate(list(cross_fade(parts, len(windows), grid)))[grid.context :]
            for parts in (states, levels)
        )
        return joined, level


@dataclass(frozen=True)
class CopyPlan:
    """How often a set is extracted, and how many of the copies stay as they were recorded."""

    copies: int
    clean: int
    seed: int


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The extracted copies of one set of clips."""

    states: np.ndarray  # float16 (rows, layers, width), a memory map
    level: np.ndarray  # float32 (rows,)
    names: np.ndarray  # of each entry's clip
    copies: np.ndarray  # number of the copy
    starts: np.ndarray  # first row; the clip itself starts MARGIN_S later
    lengths: np.ndarray  # rows, margins included
    phase_s: np.ndarray  # silence put before the clip, so that frames fall anywhere on its phones
    lags: np.ndarray  # whole frames of more silence: states fall elsewhere, frames on the same

    @classmethod
    def open(cls, folder: Path, name: str, front: FrontEndConfig) -> FeatureSet:
        """Map a set's files."""
        index = np.load(folder / f"{name}.npz")
        shape = (len(index["level"]), front.n_layers, front.width)
        states = np.memmap(folder / f"{name}.f16", np.float16, mode="r", shape=shape)
        return cls(
            states,
            *(index[k] for k in _INDEX),
        )


@dataclass(frozen=True, eq=False)
class _Track:
    samples: np.ndarray
    top_raise: float  # log10 power: something louder stands elsewhere in the file
    entries: list[tuple[Recording, int, int]]  # clip, first cell, cells


def phase_of(recording: Recording) -> float:
    """Silence in s before a clip: the same in all copies, different between clips."""
    return (recording.seed % 100) / 100.0 * GRID_S


def extract(
    recordings: Sequence[Recording],
    *,
    front_end: FrontEnd,
    folder: Path,
    name: str,
    plan: CopyPlan,
) -> None:
    """Write the features of a set; the index comes last: half-written sets do not count."""
    rows: list[tuple[str, int, int, int, float, int]] = []
    levels: list[np.ndarray] = []
    n_rows = 0
    partial = folder / f"{name}.f16.part"  # gigabytes: the next run writes over a killed one's
    with partial.open("wb") as file:
        for copy in range(plan.copies):
            rng = np.random.default_rng([plan.seed, copy])
            # Three frames are five states: each lag puts the states a third of 20 ms elsewhere.
            lag = copy % 3
            for track in _tracks(recordings, rng, altered=copy >= plan.clean, lag=lag):
                states, level = front_end.states_of(track.samples, track.top_raise)
                for recording, first, cells in track.entries:
                    start, stop = (first - 3) * 5, (first + cells + 3) * 5
                    file.write(states[start:stop].astype(np.float16).tobytes())
                    levels.append(level[start:stop])
                    phase_s = phase_of(recording)
                    rows.append((recording.name, copy, n_rows, stop - start, phase_s, lag))
                    n_rows += stop - start
            log.info(
                "%s: copy %d of %d, %.1f minutes", name, copy + 1, plan.copies, n_rows / 50 / 60
            )
    partial.replace(folder / f"{name}.f16")
    names, numbers, starts, lengths, phases, lags = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    with atomic_file(folder / f"{name}.npz") as file:
        np.savez(
            file,
            level=np.concatenate(levels),
            names=names,
            copies=numbers,
            starts=starts,
            lengths=lengths,
            phase_s=phases,
            lags=lags,
        )


def estimate_standardise(
    recordings: Sequence[Recording], encoder: Encoder, front: FrontEndConfig, seed: int
) -> Standardise:
    """Means and deviations over the windows of one pass through `recordings`."""
    rng = np.random.default_rng(seed)
    total, square = np.zeros((2, front.n_layers, front.width))
    n = 0
    for track in _tracks(recordings, rng, altered=False):
        mels = [*mel_blocks([track.samples], len(track.samples), front)]
        top = sound_top(mels, front)
        for window in mel_windows(mels, len(track.samples), front):
            states = np.stack(encoder(normalise(window.mel, top)), axis=1).astype(np.float64)
            total += states.mean(axis=0)
            square += (states**2).mean(axis=0)
            n += 1
    mean = total / n
    variance = square / n - mean**2
    return Standardise(
        mean.astype(np.float32), (1.0 / np.sqrt(np.maximum(variance, 1e-6))).astype(np.float32)
    )


def _tracks(
    recordings: Sequence[Recording], rng: np.random.Generator, *, altered: bool, lag: int = 0
) -> Iterator[_Track]:
    """All clips in a random order, joined to tracks of about a minute; altered ones are noisy now
    and then.
    """
    parts: list[np.ndarray] = []
    entries: list[tuple[Recording, int, int]] = []
    cells = 0
    for number in rng.permutation(len(recordings)):
        recording = recordings[number]
        if not parts:
            parts, entries = [_gap(rng, altered=altered)], []
            cells = len(parts[0]) // _CELL
        clip = _prepared(recording, rng, altered=altered, lag=lag)
        entries.append((recording, cells, len(clip) // _CELL))
        parts += [clip, _gap(rng, altered=altered)]
        cells += (len(clip) + len(parts[-1])) // _CELL
        if cells * GRID_S > _TRACK_S:
            yield _finished(parts, entries, rng, altered=altered)
            parts = []
    if parts:
        yield _finished(parts, entries, rng, altered=altered)


def _gap(rng: np.random.Generator, *, altered: bool) -> np.ndarray:
    """Silence between clips, or the sounds that people and rooms make in it."""
    n = int(rng.integers(4, 18)) * _CELL
    if altered and rng.random() < 0.4:
        return quiet_sound(n / SAMPLE_RATE, rng) * np.float32(0.3)
    return np.zeros(n, np.float32)


def _prepared(
    recording: Recording, rng: np.random.Generator, *, altered: bool, lag: int
) -> np.ndarray:
    """A clip's samples on the grid: its phase and lag before it, silence after it."""
    samples = load_samples(recording.source)
    if recording.speaker != NOBODY:
        samples = samples / max(np.abs(samples).max(), 1e-4) * 10 ** rng.uniform(-1.0, -0.1)
    if altered and rng.random() < 0.5:
        samples = in_a_room(samples, rng)
    before = round((phase_of(recording) + lag / 30) * SAMPLE_RATE)
    after = -(before + len(samples)) % _CELL
    return np.concatenate([np.zeros(before, np.float32), samples, np.zeros(after, np.float32)])


def _finished(
    parts: list[np.ndarray],
    entries: list[tuple[Recording, int, int]],
    rng: np.random.Generator,
    *,
    altered: bool,
) -> _Track:
    samples = np.concatenate(parts)
    faint = 10 ** rng.uniform(-5.0, -3.2)
    samples = samples + faint * coloured_noise(len(samples), rng.choice([0.0, 0.5]), rng)
    if altered and rng.random() < 0.6:
        samples = add_noise(samples, rng.uniform(8, 35), rng)
    # Sounds without speech are mostly heard beside louder speech.
    most = 3.5 if entries[0][0].speaker == NOBODY else 1.5 if altered else 0.0
    top_raise = rng.uniform(0.0, most) if rng.random() < 0.6 else 0.0
    return _Track(samples.astype(np.float32), float(top_raise), entries)
