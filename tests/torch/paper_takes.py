"""Takes that are not there: states that say at each moment which word and which feeling it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.takes import Take
from training.paper.align import warp
from training.paper.settings import PaperRun, read_run
from training.paper.store import Store

WIDTH = 16
SMALL = (
    "persons=4", "sizes.branch=16", "sizes.content=16", "sizes.emotion=16", "sizes.told=8",
    "sizes.level=4", "sizes.style=4", "pace.pairs=2", "pace.steps=12", "pace.save_every=4",
    "pace.check_every=6", "pace.report_every=1", "pace.sample_every=0", "pace.learning_rate=0.01",
    "pace.device=cpu",
)  # fmt: skip


def settings(*changes: str) -> PaperRun:
    """A small run."""
    return read_run(None, [*SMALL, *changes])


def made_store(*, pairs: bool = True, n_speakers: int = 2) -> Store:
    """Two sentences in three feelings at one level by each speaker; the last speaker is dev."""
    rng = np.random.default_rng(0)
    words = rng.standard_normal((2, 6, 3, WIDTH))
    feelings = rng.standard_normal((3, 3, WIDTH))
    takes, states = [], []
    for speaker in range(n_speakers):
        for sentence in range(2):
            for emotion in range(3):
                n_frames = 24 + 6 * emotion  # slower in some feelings
                at = np.arange(n_frames * 5 // 3 + 2) / (n_frames * 5 // 3) * 6
                word = np.minimum(at.astype(int), 5)
                noise = 0.1 * rng.standard_normal((len(at), 3, WIDTH))
                states.append(words[sentence][word] + feelings[emotion] + noise)
                curves = np.zeros((n_frames, 52), np.float32)
                frame_word = word[np.arange(n_frames) * 5 // 3]
                curves[:, 17] = (frame_word % 2) * (0.3 + 0.3 * sentence)
                curves[:, 43] = 0.4 * emotion
                takes.append(
                    Take(
                        name=f"made/{speaker}{sentence}{emotion}",
                        source=np.full(n_frames * 533, len(takes), np.int16),
                        curves=curves,
                        speaker=f"s{speaker}",
                        split="dev" if speaker == n_speakers - 1 else "train",
                        sentence=f"w{sentence}" if pairs else "",
                        emotion=emotion,
                        person=speaker,
                    )
                )
    starts = np.cumsum([0, *(len(s) for s in states)])
    references: dict[tuple[str, str], np.ndarray] = {}
    paths = {}
    for k, (take, one) in enumerate(zip(takes, states, strict=True)):
        frames = one[np.round(np.arange(len(take.curves)) * 5 / 3).astype(int), -1]
        paths[k] = warp(references.setdefault((take.speaker, take.sentence), frames), frames)
    joined = np.concatenate(states).astype(np.float16)
    return Store(tuple(takes), joined, np.full(len(joined), -10.0, np.float32), starts, paths)


def losses_of(folder: Path, kind: str = "train") -> list[float]:
    """The loss at each reported step."""
    import json

    lines = map(json.loads, (folder / "curve.jsonl").read_text().splitlines())
    return [line["loss"] for line in lines if line["kind"] == kind]


def heard_store(folder: Path) -> Store:
    """Two short takes through the front end that ships: hum, and hum with gaps."""
    from training.paper.store import open_store, shipped_front_end

    t = np.arange(16_000) / 16_000
    hum = 0.3 * np.sin(2 * np.pi * 150 * t) + 0.1 * np.sin(2 * np.pi * 1900 * t)
    takes = []
    for k, sound in enumerate((hum, hum * (np.floor(t * 8) % 2))):
        curves = np.zeros((30, 52), np.float32)
        curves[:, 17] = np.abs(sound[:: 16_000 // 30][:30])
        samples = (sound * 32767).astype(np.int16)
        takes.append(Take(f"heard/{k}", samples, f"s{k}", curves=curves, emotion=2 * k))
    return open_store(takes, folder, shipped_front_end())
