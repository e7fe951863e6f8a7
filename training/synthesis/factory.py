"""Clips in any number from one seed; another quick engine is one more entry of `QUICK`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.errors import InputError

from . import espeak, flite, kokoro
from .pauses import with_pauses
from .shards import write_shard
from .spoken import SpokenClip
from .voices import another_voice

__all__ = [
    "QUICK",
    "Engines",
    "make_clip",
    "make_shards",
    "neural",
    "shard_count",
]

_SHARD_S: Final = 300.0

Engines = Mapping[str, tuple[Callable[[np.random.Generator], SpokenClip], float]]
"""Engine name -> what says a random sentence, share of the clips."""

QUICK: Final[Engines] = {"espeak-ng": (espeak.say, 0.6), "flite": (flite.say, 0.4)}

_CHANGED_SHARE: Final = 0.4  # through WORLD; costs a tenth of the clip's length
_SHORTEST_S: Final = 0.5


def neural(parts: Path) -> Engines:
    """Kokoro's voices; its files are fetched once into `parts`. A core makes about a second of
    speech in a second.
    """
    return {"kokoro": (kokoro.fetch(parts).say, 1.0)}


def make_clip(seed: tuple[int, ...], engines: Engines = QUICK) -> SpokenClip:
    """The clip of `seed`, always the same: engine, words, voice and pauses are drawn from it."""
    rng = np.random.default_rng(seed)
    names, shares = list(engines), np.array([share for _, share in engines.values()])
    clip = engines[names[int(rng.choice(len(names), p=shares / shares.sum()))]][0](rng)
    if rng.random() < _CHANGED_SHARE and clip.seconds > _SHORTEST_S:
        clip = another_voice(clip, rng)
    peak = 10.0 ** (float(rng.uniform(-16.0, -1.0)) / 20.0)
    scaled = clip.samples * (peak / max(float(np.abs(clip.samples).max()), 1e-6))
    return replace(with_pauses(replace(clip, samples=scaled), rng), seed=seed)


def _make_shard(path: Path, seed: int, shard: int, seconds: float, engines: Engines) -> None:
    """One file of about `seconds` of speech; nothing is done when it is there already."""
    if path.exists():
        return
    clips: list[SpokenClip] = []
    while sum(c.seconds for c in clips) < seconds:
        clips.append(make_clip((seed, shard, len(clips)), engines))
    write_shard(path, clips)


def shard_count(minutes: float) -> int:
    """How many files hold `minutes` of speech."""
    return max(1, round(minutes * 60.0 / _SHARD_S)) if minutes else 0


def make_shards(
    folder: Path,
    *,
    minutes: float,
    seed: int,
    progress: Callable[[float, str], None],
    engines: Engines | None = None,
) -> None:
    """`minutes` of speech in shards; started again, it goes on where it was.

    Raises
    ------
    InputError
        No speech at all is asked for, or speech without end.
    """
    if not 0.0 < minutes < float("inf"):
        raise InputError("Not minutes of speech", value=minutes, remedy="Ask for some more than 0.")
    folder.mkdir(parents=True, exist_ok=True)
    n_shards = shard_count(minutes)
    seconds = minutes * 60.0 / n_shards
    for shard in range(n_shards):
        path = folder / f"seed{seed}_{shard:04d}.npz"
        _make_shard(path, seed, shard, seconds, engines or QUICK)
        progress((shard + 1) / n_shards, str(path))
