"""Several sounds heard in one pass, before each is asked for: one short line leaves a card idle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

from .audio import SoundSource
from .cache import EncodingCache, StoredEncoding
from .engine import Encoding, Engine
from .engine.blas import one_blas_thread
from .errors import EmoTalkError
from .progress import Progress, silent
from .report import SoundTally
from .timing import frame_count

__all__ = ["BatchEngine", "HearAhead", "hears_together"]

_LONGEST: Final = 1800  # frames: longer sounds fill a pass by themselves


@runtime_checkable
class BatchEngine(Protocol):
    """What an engine has besides, when several sounds at once pay."""

    @property
    def together_frames(self) -> int:
        """Frames in one pass; 0: one sound after the other is as fast."""
        ...

    def encode_together(
        self, sounds: Sequence[SoundSource], *, progress: Progress = silent
    ) -> list[Encoding]:
        """Encodings of several sounds of a minute or less."""
        ...


def hears_together(engine: Engine) -> bool:
    """Whether several sounds at once pay with this engine."""
    return isinstance(engine, BatchEngine) and engine.together_frames > 0


class HearAhead:
    """Fills the cache with the Encodings of the next sounds of a list, as many as fit a pass.

    Parameters
    ----------
    openers : sequence of callables
        Each opens a sound; in the order in which they will be asked for.
    engine : Engine
    cache : EncodingCache, optional
        Where they wait; without one nothing is heard ahead.
    """

    def __init__(
        self,
        openers: Sequence[Callable[[], SoundSource]],
        engine: Engine,
        cache: EncodingCache | None,
    ) -> None:
        self._openers, self._engine, self._cache = list(openers), engine, cache
        self._next = 0

    def hear(self, number: int, progress: Progress = silent) -> None:
        """Make sure that sound `number` has been heard, if this engine hears several at once."""
        engine = self._engine
        if self._cache is None or number < self._next or not isinstance(engine, BatchEngine):
            return
        if engine.together_frames == 0:
            return
        chosen: list[SoundTally] = []
        longest, self._next = 0, max(number, self._next)
        while self._next < len(self._openers):
            sound = self._open(self._openers[self._next])
            n_sound = frame_count(sound.n_samples) if sound else 0
            # The shorter ones are filled up: what a pass costs is its longest sound, so many times.
            if sound and max(longest, n_sound) * (len(chosen) + 1) > engine.together_frames:
                break
            self._next += 1
            if sound and 0 < n_sound <= _LONGEST:
                chosen.append(SoundTally(sound))
                longest = max(longest, n_sound)
        self._next = max(self._next, number + 1)
        if len(chosen) > 1:
            with one_blas_thread():
                heard = engine.encode_together(chosen, progress=progress)
            for sound, found in zip(chosen, heard, strict=True):
                stored = StoredEncoding.from_pieces([found], sound.notes)
                self._cache.keep(sound.key, self._engine.key, stored)
                stored.close()

    def _open(self, opener: Callable[[], SoundSource]) -> SoundSource | None:
        """The sound if it must be heard; None if it was, or if it cannot be: told in its turn."""
        try:
            sound = opener()
        except EmoTalkError:
            return None
        assert self._cache is not None
        found = self._cache.find(sound.key, self._engine.key)
        if found is not None:
            found.close()
            return None
        return sound
