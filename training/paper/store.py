"""Features of the frozen front end for every take, computed once for all runs and kept on disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotalk_core.atomic_file import atomic_file, remove_leftovers
from emotalk_core.engine.frontend import Encoder
from emotalk_core.model.config import FrontEndConfig
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.timing import frame_count

from ..data.takes import Take
from ..datasets import load_samples
from ..features import FrontEnd, Standardise
from .align import Path as Alignment
from .align import warp

__all__ = [
    "STATES_PER_FRAME",
    "Store",
    "front_end_key",
    "in_stretches",
    "open_store",
    "shipped_front_end",
]

log = logging.getLogger(__name__)

STATES_PER_FRAME: Final = 5 / 3  # 50 Hz to 30 fps
_VERSION: Final = "3"
_PROBE_SAMPLES: Final = 8000
_LONGEST: Final = 300  # frames
_EXACT: Final = 3  # frames that are whole numbers of states and samples: 5 and 1600


@dataclass(frozen=True, eq=False)
class Store:
    """Features of takes, in their order."""

    takes: tuple[Take, ...]
    states: np.ndarray  # float16 (rows, layers, width), standardised, 50 Hz; a memory map
    level: np.ndarray  # float32 (rows,) dB below the loudest moment
    starts: np.ndarray  # int64 (n + 1,)
    paths: dict[int, Alignment]  # take -> path to the reference take of its words
    sounds: bool = False  # whether batches bring the samples along

    def states_of(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """float16 (S, layers, width) and float32 (S,) of take `k`."""
        rows = slice(self.starts[k], self.starts[k + 1])
        return self.states[rows], self.level[rows]

    def n_frames(self, k: int) -> int:
        """Frames that both sound and curves have."""
        return min(len(self.takes[k].curves), _n_frames(self.starts[k + 1] - self.starts[k]))


def shipped_front_end() -> FrontEnd:
    """The front end of the model that ships, with its standardisation."""
    model = load_model(starter_folder())
    front = model.config.front_end
    standardise = Standardise(
        *(np.asarray(model.tensors[f"standardise.{n}"], np.float32) for n in ("mean", "scale"))
    )
    return FrontEnd(Encoder(model.encoder_tensors, front.n_layers), standardise, front)


def front_end_key(front_end: FrontEnd) -> str:
    """A hash of what the front end hears in a little noise: another one has another."""
    noise = np.random.default_rng(0).standard_normal(_PROBE_SAMPLES).astype(np.float32) * 0.1
    states, _ = front_end.states_of(noise, 0.0)
    return hashlib.blake2b(np.round(states, 2).tobytes(), digest_size=8).hexdigest()


def open_store(takes: Sequence[Take], folder: Path, front_end: FrontEnd) -> Store:
    """Features of `takes`; computed only where the folder does not hold them yet."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _name(takes, front_end)
    index = folder / f"{name}.npz"
    if not index.is_file():
        _extract(takes, folder, name, front_end)
    stored = np.load(index)
    front: FrontEndConfig = front_end.config
    shape = (int(stored["starts"][-1]), front.n_layers, front.width)
    states = np.memmap(folder / f"{name}.f16", np.float16, mode="r", shape=shape)
    paths = {
        int(k): Alignment(stored[f"to_take_{k}"], stored[f"to_reference_{k}"])
        for k in stored["aligned"]
    }
    return Store(tuple(takes), states, stored["level"], stored["starts"], paths)


def in_stretches(store: Store) -> Store:
    """The store with takes of more than ten seconds cut: a batch is as long as its longest take,
    and takes count alike, whatever their length. Takes of a known sentence stay whole.

    States and levels are those of the whole take, beside its loudest moment.
    """
    takes: list[Take] = []
    starts: list[int] = []
    paths: dict[int, Alignment] = {}
    for k, take in enumerate(store.takes):
        if k in store.paths:
            paths[len(takes)] = store.paths[k]
        n, first = store.n_frames(k), int(store.starts[k])
        is_cut = n > _LONGEST and not take.sentence
        count = -(-n // _LONGEST) if is_cut else 1
        cuts = [n * i // count // _EXACT * _EXACT for i in range(count)] + [len(take.curves)]
        takes += _parts(take, cuts) if is_cut else [take]
        starts += [first + cut // _EXACT * 5 for cut in cuts[:-1]]
    starts.append(int(store.starts[-1]))
    return replace(store, takes=tuple(takes), starts=np.array(starts), paths=paths)


def _parts(take: Take, cuts: Sequence[int]) -> list[Take]:
    """A take between frames `cuts`, with its samples in memory; the last has all that is left."""
    whole = np.round(load_samples(take.source) * 32768.0)
    samples = whole.clip(-32768, 32767).astype(np.int16)
    stops = [cut // _EXACT * 1600 for cut in cuts[1:-1]] + [len(samples)]
    return [
        replace(
            take,
            name=f"{take.name} {begin / 30:.1f} s",
            curves=take.curves[begin:end],
            source=samples[begin // _EXACT * 1600 : stop],
            phones=(),
        )
        for (begin, end), stop in zip(pairwise(cuts), stops, strict=True)
    ]


def _n_frames(n_states: int) -> int:
    """Frames that have a state after them: k * 5 / 3 < n_states - 1."""
    return -(-(int(n_states) - 1) * 3 // 5)


def _name(takes: Sequence[Take], front_end: FrontEnd) -> str:
    """A hash of the sounds, of who says what, and of the front end: other takes, another file."""
    digest = hashlib.blake2b(_VERSION.encode(), digest_size=8)
    digest.update(front_end_key(front_end).encode())
    for take in takes:
        source = take.source
        # Takes are aligned to the first one of their speaker and sentence.
        digest.update(repr((take.name, take.speaker, take.sentence)).encode())
        if isinstance(source, Path):
            digest.update(f"{source.stat().st_size} {source.stat().st_mtime_ns}".encode())
        else:
            digest.update(source.tobytes())
    return digest.hexdigest()


def _extract(takes: Sequence[Take], folder: Path, name: str, front_end: FrontEnd) -> None:
    levels: list[np.ndarray] = []
    starts = [0]
    remove_leftovers([folder / f"{name}.f16"])  # gigabytes
    with atomic_file(folder / f"{name}.f16") as file:  # a run beside this one may make the same
        for number, take in enumerate(takes):
            samples = load_samples(take.source)
            states, level = front_end.states_of(samples, 0.0)
            # One state beyond the last frame: frames lie between two states.
            n = min(len(level), int((frame_count(len(samples)) - 1) * STATES_PER_FRAME) + 2)
            file.write(states[:n].astype(np.float16).tobytes())
            levels.append(level[:n])
            starts.append(starts[-1] + n)
            if number % 200 == 199:
                log.info("features of %d of %d takes", number + 1, len(takes))
    shape = (starts[-1], front_end.config.n_layers, front_end.config.width)
    states = np.memmap(folder / f"{name}.f16", np.float16, mode="r", shape=shape)
    paths = _aligned(takes, states, starts)
    arrays: dict[str, Any] = {f"to_take_{k}": p.to_take for k, p in paths.items()}
    arrays |= {f"to_reference_{k}": p.to_reference for k, p in paths.items()}
    with atomic_file(folder / f"{name}.npz") as file:
        np.savez(
            file,
            level=np.concatenate(levels),
            starts=np.array(starts),
            aligned=np.array(sorted(paths), np.int64),
            **arrays,
        )


def _aligned(
    takes: Sequence[Take], states: np.ndarray, starts: Sequence[int]
) -> dict[int, Alignment]:
    """Paths to the first take of the same words by the same speaker."""
    references: dict[tuple[str, str], np.ndarray] = {}
    paths: dict[int, Alignment] = {}
    for k, take in enumerate(takes):
        if not take.sentence:
            continue
        n_frames = _n_frames(starts[k + 1] - starts[k])
        rows = starts[k] + np.round(np.arange(n_frames) * STATES_PER_FRAME).astype(int)
        frames = np.asarray(states[rows, -1], np.float32)
        reference = references.setdefault((take.speaker, take.sentence), frames)
        paths[k] = warp(reference, frames)
    return paths
