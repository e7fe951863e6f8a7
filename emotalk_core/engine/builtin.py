"""The built-in engine: the starter network in numpy alone, its windows in threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

from ..controls import FrameControls
from ..model.config import ModelConfig
from ..model.folder import Model
from ..progress import Progress, silent
from ..timing import frame_count
from . import Encoding
from .frontend import Encoder, normalise
from .starter import Starter, frame_positions, pool_weights
from .windows import Window, cross_fade, mel_windows, n_windows, sound_top, state_levels

if TYPE_CHECKING:
    from ..audio import SoundSource

__all__ = ["BuiltinEngine"]

_NUMERIC_VERSION: Final = (
    2  # raise it when encode's numbers change beyond rounding: cached Encodings are then made anew
)
_MAX_THREADS: Final = 4
_FIRST_PASS: Final = 0.03  # share of the time


class BuiltinEngine:
    """Encodes window by window in a few threads; memory does not grow with the sound.

    Parameters
    ----------
    model : Model
    n_threads : int, optional
        Windows at work at once; by default as many as there are processors, at most four.
    """

    name = "builtin"

    def __init__(self, model: Model, *, n_threads: int | None = None) -> None:
        self.config: ModelConfig = model.config
        self.key = f"{model.key}-{_NUMERIC_VERSION}"
        self.context_frames = model.config.decoder.halo
        self._encoder = Encoder(model.encoder_tensors, model.config.front_end.n_layers)
        self._starter = Starter(model.config, model.tensors)
        self._n_threads = n_threads or min(_MAX_THREADS, os.cpu_count() or 1)

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        """Consecutive pieces of the sound's Encoding, together exactly T frames."""
        front = self.config.front_end
        count = n_windows(sound.n_samples, front)
        top = sound_top(_watched(sound, progress), front)
        joiner = _Joiner(self._starter, sound.n_samples)
        windows = self._project_windows(mel_windows(sound.blocks(), sound.n_samples, front), top)
        for done, stretch in enumerate(cross_fade(windows, count, front), start=1):
            piece = joiner.add(stretch, is_last=done == count)
            progress(_FIRST_PASS + (1.0 - _FIRST_PASS) * done / count, "Listening")
            if piece.n_frames:
                yield piece

    def _project_windows(self, windows: Iterator[Window], top: float) -> Iterator[np.ndarray]:
        """Each window's projected states and level, in order; only a few windows are alive at a
        time.
        """
        waiting: deque[Future[np.ndarray]] = deque()
        executor = ThreadPoolExecutor(self._n_threads, thread_name_prefix="emotalk")
        try:
            for window in windows:
                waiting.append(executor.submit(self._project, window, top))
                if len(waiting) > self._n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    def _project(self, window: Window, top: float) -> np.ndarray:
        states = self._encoder(normalise(window.mel, top))
        level = state_levels(window.mel, top)
        return np.concatenate([self._starter.project(states), level[:, None]], axis=1)

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52) in Apple's order, before shaping; may leave 0..1."""
        latent = self._starter.latent(encoding.emotion, controls)
        return self._starter.decode(encoding.content, encoding.level, latent, controls.style)


def _watched(sound: SoundSource, progress: Progress) -> Iterator[np.ndarray]:
    """The sound's blocks, telling how far the first pass is."""
    done = 0
    for block in sound.blocks():
        done += len(block)
        progress(_FIRST_PASS * min(1.0, done / max(sound.n_samples, 1)), "Measuring the level")
        yield block


class _Joiner:
    """Turns stretches of states into frames as soon as everything that they look at is there."""

    def __init__(self, starter: Starter, n_samples: int) -> None:
        self._starter = starter
        self._config = starter.config
        self._n_frames = frame_count(n_samples)
        self._n_sound_states = -(-n_samples // 320)
        self._states = np.zeros((0, 0), np.float32)  # columns: projected, level
        self._first_state = -self._config.front_end.context
        self._next_frame = 0

    def add(self, stretch: np.ndarray, *, is_last: bool) -> Encoding:
        """The frames that `stretch` completes; possibly none."""
        self._states = np.concatenate([self._states, stretch]) if len(self._states) else stretch
        stop = self._n_frames if is_last else self._complete_frames()
        piece = self._frames(self._next_frame, max(stop, self._next_frame))
        self._next_frame += piece.n_frames
        self._forget()
        return piece

    def _complete_frames(self) -> int:
        """Number of frames whose states, with all they depend on, have come."""
        ahead = max(self._config.content.halo + 1, self._config.emotion.reach) + 1
        last_state = self._first_state + len(self._states) - ahead
        return max(0, min(self._n_frames, last_state * self._config.fps // 50))

    def _frames(self, first: int, last: int) -> Encoding:
        before, share = frame_positions(first, last, self._config.fps)
        projected, level = self._states[:, :-1], self._states[:, -1]
        local = before - self._first_state
        halo = self._config.content.halo
        low = max(0, int(local[0]) - halo) if len(local) else 0
        high = int(local[-1]) + 2 + halo if len(local) else 2 * halo + 2
        content = self._starter.content(np.ascontiguousarray(projected[low:high]), level[low:high])
        at, share = local - low, share[:, None]
        number = np.arange(len(self._states)) + self._first_state
        inside = (number >= 0) & (number < self._n_sound_states)
        emotion, heard = self._starter.emotion(projected, pool_weights(level) * inside, local)
        return Encoding(
            content=content[at] * (1 - share) + content[at + 1] * share,
            emotion=emotion,
            heard=heard,
            level=level[local] * (1 - share[:, 0]) + level[local + 1] * share[:, 0],
        )

    def _forget(self) -> None:
        """Let go of the states that no later frame looks back at."""
        keep = max(self._config.content.halo, self._config.emotion.reach) + 1
        state = self._next_frame * 50 // self._config.fps - keep
        drop = max(0, state - self._first_state)
        self._states = self._states[drop:].copy()
        self._first_state += drop
