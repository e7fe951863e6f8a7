"""Files of spoken clips: about five minutes each, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from emotalk_core.atomic_file import atomic_file
from training.faces import Phone

from .spoken import Acted, SpokenClip

__all__ = ["read_shard", "read_shards", "write_shard"]

_VERSION = 1


def write_shard(path: Path, clips: Sequence[SpokenClip]) -> None:
    """One npz: `samples` int16 of clips joined, `offsets` (n + 1,), `about` json with phones."""
    about = [
        {
            "engine": c.engine,
            "language": c.language,
            "voice": c.voice,
            "seed": list(c.seed),
            "phones": [
                [round(p.start_s, 4), round(p.end_s, 4), p.symbol, p.kind] for p in c.phones
            ],
            **({"acted": asdict(c.acted)} if c.acted else {}),
        }
        for c in clips
    ]
    samples = [np.round(np.clip(c.samples, -1.0, 1.0) * 32767.0).astype(np.int16) for c in clips]
    offsets = np.cumsum([0, *(len(s) for s in samples)])
    with atomic_file(path) as file:
        text = json.dumps({"version": _VERSION, "clips": about}, ensure_ascii=False)
        np.savez(file, samples=np.concatenate(samples), offsets=offsets, about=np.array(text))


def read_shard(path: Path) -> list[SpokenClip]:
    """The clips of one file."""
    with np.load(path) as shard:
        samples, offsets = shard["samples"], shard["offsets"]
        about = json.loads(str(shard["about"]))["clips"]
    return [
        SpokenClip(
            samples[a:b].astype(np.float32) / 32767.0,
            tuple(Phone(*row) for row in clip["phones"]),
            clip["engine"],
            clip["language"],
            clip["voice"],
            tuple(clip["seed"]),
            Acted(**clip["acted"]) if "acted" in clip else None,
        )
        for clip, a, b in zip(about, offsets[:-1], offsets[1:], strict=True)
    ]


def read_shards(folder: Path) -> Iterator[SpokenClip]:
    """All clips of a folder, in order of the file names."""
    for path in sorted(folder.glob("*.npz")):
        yield from read_shard(path)
