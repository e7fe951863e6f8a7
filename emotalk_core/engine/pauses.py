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
_LEAST_S: Final = 1e-3  # of speech: less is silence
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
        the most speech. One that goes on after half a minute without does so as well, and is
        content with half as much, then with the most so far.
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
        self._last: np.ndarray | None = None  # (1, E + 8): emotion and heard, side by side
        self._enough = 0.0  # seconds of speech: what a feeling needed at the last frame let go

    def add(self, piece: Encoding) -> Iterator[Encoding]:
        """The frames that `piece` completes; possibly none."""
        self._take(piece)
        assert self._held is not None
        n_ready = self._held.n_frames - self._reach
        if n_ready > 0:
            spoken = self._spoken_around(n_ready)
            is_waiting = self._last is None and n_ready < self._longest
            if not is_waiting or spoken.max() >= ENOUGH_S:
                yield self._settled(spoken, least=ENOUGH_S / 2)

    def end(self) -> Iterator[Encoding]:
        """The frames that are left."""
        if self._held is not None and self._held.n_frames:
            yield self._settled(self._spoken_around(self._held.n_frames), least=0.0)

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

    def _settled(self, spoken: np.ndarray, *, least: float) -> Encoding:
        """As many of the held frames as `spoken` counts, no longer held; the first ones of a sound
        need the most speech among them, `least` seconds at least.
        """
        assert self._held is not None
        n = len(spoken)
        done, self._held = self._held[:n], self._held[n:]
        self._spoken = self._spoken[-(self._held.n_frames + self._reach) :]
        feelings = np.concatenate([done.emotion, done.heard], axis=1)
        if self._last is None:
            waited = np.minimum(spoken[: self._longest], ENOUGH_S)
            first = int(np.argmax(waited))
            self._last, self._enough = feelings[first : first + 1], max(waited[first], least)
        enough = self._enough_for(spoken)
        sure = (np.minimum(spoken / np.maximum(enough, _LEAST_S), 1.0) ** 2).astype(np.float32)
        known = np.concatenate([self._last, feelings])
        well = np.concatenate([[True], spoken >= enough])
        place = np.maximum.accumulate(np.where(well, np.arange(n + 1), 0))
        self._last = known[place[-1:]]
        feelings = sure[:, None] * feelings + (1.0 - sure[:, None]) * known[place[1:]]
        emotion, heard = np.split(feelings, [done.emotion.shape[1]], axis=1)
        return replace(done, emotion=emotion, heard=heard)

    def _enough_for(self, spoken: np.ndarray) -> np.ndarray:
        """Seconds (n,) of speech that each frame needs: as many as the most so far, so that they
        never leap, or the face would.
        """
        most = np.maximum.accumulate(np.maximum(spoken, self._enough))
        enough = np.minimum(most, ENOUGH_S)
        self._enough = enough[-1]
        return enough
