"""Feelings where hardly anybody speaks. The listener hears three seconds around a frame; where
these hold silence and half a word they sound like anything, and a face would wake up sad or start
at nothing in a pause. So a feeling needs speech: what is heard with less of it gives way to what
was heard before, or at the beginning of a sound to what is heard first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from ..model.config import ModelConfig
from . import Encoding, said_in
from .frontend import STATE_RATE

__all__ = ["ENOUGH_S", "over_pauses"]

ENOUGH_S: Final = 1.8  # of speech within the listener's reach, for a feeling to be believed wholly
_LONGEST_WAIT_S: Final = 30  # for the first speech of a sound: its frames are held back so long


def over_pauses(pieces: Iterable[Encoding], config: ModelConfig) -> Iterator[Encoding]:
    """The same frames, with feelings that last over pauses.

    Parameters
    ----------
    pieces : iterable of Encoding
        Consecutive, together one sound's; of a model that names phones.

    Yields
    ------
    Encoding
        `emotion` and `heard` of a frame around which less than `ENOUGH_S` is spoken are mixed with
        those of the last frame that had as much: they keep the square of the share that is there.
        Before the first such frame its own are taken; a sound that has none takes the frame with
        the most speech.
    """
    pauses = _Pauses(config)
    for piece in pieces:
        yield from pauses.add(piece)
    yield from pauses.end()


class _Pauses:
    """Frames that wait for the speech around them, and what was last heard well."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._reach = config.emotion.reach * config.fps // STATE_RATE
        self._longest = _LONGEST_WAIT_S * config.fps
        self._spoken = np.zeros(0)  # share of speech of each frame from `reach` before the held
        self._held: Encoding | None = None
        self._last: np.ndarray | None = None  # emotion and heard, side by side

    def add(self, piece: Encoding) -> Iterator[Encoding]:
        """The frames that `piece` completes; possibly none."""
        self._take(piece)
        assert self._held is not None
        n_ready = self._held.n_frames - self._reach
        if n_ready > 0:
            spoken = self._spoken_around(n_ready)
            if self._last is not None or spoken.max() >= ENOUGH_S or n_ready > self._longest:
                yield self._settled(spoken, ENOUGH_S)

    def end(self) -> Iterator[Encoding]:
        """The frames that are left."""
        if self._held is not None and self._held.n_frames:
            spoken = self._spoken_around(self._held.n_frames)
            enough = ENOUGH_S if self._last is not None else min(ENOUGH_S, spoken.max())
            yield self._settled(spoken, enough)

    def _take(self, piece: Encoding) -> None:
        said = said_in(piece, self._config)
        assert said is not None, "a model that names no phones"
        self._spoken = np.concatenate([self._spoken, 1.0 - said.silence])
        self._held = piece if self._held is None else Encoding.joined([self._held, piece])

    def _spoken_around(self, n: int) -> np.ndarray:
        """Seconds of speech within reach of each of the first `n` held frames."""
        assert self._held is not None
        running = np.concatenate([[0.0], np.cumsum(self._spoken)])
        frames = np.arange(n) + len(self._spoken) - self._held.n_frames
        last = np.minimum(frames + self._reach + 1, len(self._spoken))
        return (running[last] - running[np.maximum(frames - self._reach, 0)]) / self._config.fps

    def _settled(self, spoken: np.ndarray, enough: float) -> Encoding:
        """As many of the held frames as `spoken` counts, no longer held."""
        assert self._held is not None
        n = len(spoken)
        done, self._held = self._held[:n], self._held[n:]
        self._spoken = self._spoken[-(self._held.n_frames + self._reach) :]
        feelings = np.concatenate([done.emotion, done.heard], axis=1)
        sure = (np.minimum(spoken / max(enough, 1e-3), 1.0) ** 2).astype(np.float32)[:, None]
        feelings = sure * feelings + (1.0 - sure) * self._heard_well(feelings, spoken >= enough)
        emotion, heard = np.split(feelings, [done.emotion.shape[1]], axis=1)
        return replace(done, emotion=emotion, heard=heard)

    def _heard_well(self, feelings: np.ndarray, well: np.ndarray) -> np.ndarray:
        """For each frame what was last heard well, the first of it where nothing was yet."""
        if self._last is None and not well.any():
            return feelings
        known = feelings if self._last is None else np.concatenate([self._last, feelings])
        n_before = len(known) - len(feelings)
        well = np.concatenate([np.ones(n_before, bool), well])
        place = np.maximum.accumulate(np.where(well, np.arange(len(well)), -1))
        place = np.where(place < 0, np.argmax(well), place)
        self._last = known[place[-1:]]
        return known[place[n_before:]]
