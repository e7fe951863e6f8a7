"""Pairs of takes for the cross-reconstruction, padded to one length.

Rows 2p and 2p + 1 of a batch are a pair: A(c1, e2) and A(c2, e1), one speaker, one level. Each row
has its own face to rebuild, and a cross face: its own words with its partner's feeling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from emotalk_core.errors import InputError

from ..datasets import load_samples
from .align import proportional, through
from .processes import ALONE, Processes
from .store import Store

__all__ = ["Alignment", "Batch", "Faces", "Pairs", "collate"]

Alignment = Literal["linear", "dtw"]


@dataclass(frozen=True, eq=False)
class Faces:
    """Curves of N rows, padded at the end."""

    curves: Tensor  # (N, T, 52)
    valid: Tensor  # (N, T), 1 inside the take
    known: Tensor  # (N, 52), 1 where the capture saw something


@dataclass(frozen=True, eq=False)
class Batch:
    """N sounds with their faces."""

    states: Tensor  # (N, S, layers, width) at 50 Hz
    level_db: Tensor  # (N, S)
    n_frames: Tensor  # (N,)
    faces: Faces
    emotion: Tensor  # (N,), -1 unknown
    level: Tensor  # (N,)
    person: Tensor  # (N,)
    cross: Faces  # words of the row, feeling of its partner; valid is 0 where there is no such take
    position: Tensor  # (N, T cross): frame of the row that says what the cross frame says
    samples: Tensor | None = None  # (N, n) at 16 kHz, each take of mean 0 and deviation 1
    n_samples: tuple[int, ...] = ()


_Key = tuple[str, str, int, int]  # speaker, sentence, level, emotion


class Pairs:
    """Draws batches of pairs from a store, each step's from its own seed.

    Raises
    ------
    InputError
        The cross-reconstruction is asked for and no two takes make a pair.
    """

    def __init__(
        self, store: Store, rows: Sequence[int], *, align: Alignment = "dtw", need_pairs: bool
    ) -> None:
        self._store, self._rows, self._align = store, np.array(rows), align
        takes = store.takes
        self._by_key: dict[_Key, int] = {}
        self._partners: dict[int, list[int]] = {}
        groups: dict[tuple[str, int], list[int]] = {}
        for k in rows:
            take = takes[k]
            if take.sentence and take.emotion is not None:
                self._by_key[take.speaker, take.sentence, take.level, take.emotion] = k
                groups.setdefault((take.speaker, take.level), []).append(k)
        for members in groups.values():
            for k in members:
                found = [j for j in members if self._crosses(k, j)]
                if found:
                    self._partners[k] = found
        if need_pairs and not self._partners:
            raise InputError(
                "No pairs for the cross-reconstruction",
                value=f"{len(rows)} takes",
                remedy="Give the same sentences in several emotions by one speaker, or set "
                "[losses] cross = 0.",
            )

    @property
    def n_paired(self) -> int:
        """Takes that have a partner."""
        return len(self._partners)

    def batch(self, n_pairs: int, seed: tuple[int, ...], group: Processes = ALONE) -> Batch:
        """`n_pairs` pairs of a seed for each process of a group, which together make one batch.

        Takes without partners stand beside any other take.
        """
        rng = np.random.default_rng(seed)
        chosen: list[int] = []
        for k in rng.choice(self._rows, n_pairs * group.count):
            partners = self._partners.get(int(k))
            other = rng.choice(partners) if partners else rng.choice(self._rows)
            chosen += [int(k), int(other)]
        ours = chosen[2 * n_pairs * group.rank :][: 2 * n_pairs]
        return collate(self._store, ours, [self._cross(*p) for p in _both_ways(ours)])

    def _crosses(self, a: int, b: int) -> bool:
        """Whether `a` and `b` differ in words and feeling, and both exchanges were recorded."""
        one, two = self._store.takes[a], self._store.takes[b]
        return (
            one.sentence != two.sentence
            and one.emotion != two.emotion
            and self._key(a, b) in self._by_key
            and self._key(b, a) in self._by_key
        )

    def _key(self, words: int, feeling: int) -> _Key:
        of = self._store.takes[words]
        emotion = self._store.takes[feeling].emotion
        return of.speaker, of.sentence, of.level, -1 if emotion is None else emotion

    def _cross(self, words: int, feeling: int) -> tuple[int, np.ndarray] | None:
        """The take with these words and that feeling, and where `words` says what it says."""
        if feeling not in self._partners.get(words, ()):
            return None
        store, target = self._store, self._by_key[self._key(words, feeling)]
        n = store.n_frames(target)
        if self._align == "dtw":
            return target, through(store.paths[target], store.paths[words])[:n]
        return target, proportional(n, store.n_frames(words))


def _both_ways(chosen: Sequence[int]) -> list[tuple[int, int]]:
    return [(k, chosen[i ^ 1]) for i, k in enumerate(chosen)]


def collate(
    store: Store, rows: Sequence[int], cross: Sequence[tuple[int, np.ndarray] | None] | None = None
) -> Batch:
    """Takes `rows` as one batch; without `cross` nothing is swapped."""
    states, levels = zip(*(store.states_of(k) for k in rows), strict=True)
    takes = [store.takes[k] for k in rows]
    crosses = [None] * len(rows) if cross is None else cross
    position = [np.zeros(0, np.float32) if c is None else c[1] for c in crosses]
    targets = [k if c is None else c[0] for k, c in zip(rows, crosses, strict=True)]
    faces = _faces(store, rows)
    crossed = _faces(store, targets)
    swapped = torch.tensor([float(c is not None) for c in crosses])
    sounds = [_normalised(load_samples(t.source)) for t in takes] if store.sounds else []
    return Batch(
        states=torch.from_numpy(_padded(states)),
        level_db=torch.from_numpy(_padded(levels, -60.0)),
        n_frames=torch.tensor([store.n_frames(k) for k in rows]),
        faces=faces,
        emotion=torch.tensor([-1 if t.emotion is None else t.emotion for t in takes]),
        level=torch.tensor([t.level for t in takes]),
        person=torch.tensor([t.person for t in takes]),
        cross=Faces(crossed.curves, crossed.valid * swapped[:, None], crossed.known),
        position=torch.from_numpy(_padded(position, length=crossed.curves.shape[1])),
        samples=torch.from_numpy(_padded(sounds)) if sounds else None,
        n_samples=tuple(len(s) for s in sounds),
    )


def _normalised(samples: np.ndarray) -> np.ndarray:
    """As wav2vec2 wants a clip."""
    return (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)


def _faces(store: Store, rows: Sequence[int]) -> Faces:
    lengths = [store.n_frames(k) for k in rows]
    curves = [store.takes[k].curves[:n] for k, n in zip(rows, lengths, strict=True)]
    known = np.stack([store.takes[k].channels_known for k in rows])
    valid = [np.ones(n, np.float32) for n in lengths]
    return Faces(*(torch.from_numpy(a) for a in (_padded(curves), _padded(valid), known)))


def _padded(
    arrays: Sequence[np.ndarray], fill: float = 0.0, length: int | None = None
) -> np.ndarray:
    """float32 (N, longest, ...), filled at the end."""
    n = length or max(len(a) for a in arrays)
    out = np.full((len(arrays), n, *arrays[0].shape[1:]), fill, np.float32)
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out
