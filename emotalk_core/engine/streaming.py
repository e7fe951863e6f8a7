"""What the engines of the starter network share: its windows go through threads, joined windows
become frames as soon as they can, and memory does not grow with the sound.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ..controls import FrameControls
from ..model.config import FrontEndConfig, ModelConfig
from ..model.folder import Model
from ..progress import Progress, silent
from ..timing import SAMPLE_RATE, frame_count
from . import Encoding
from .emotion import beside_usual, with_contrast
from .pauses import over_pauses
from .starter import frame_positions
from .windows import Window, cross_fade, mel_blocks, mel_windows, n_windows, sound_top

if TYPE_CHECKING:
    from ..audio import SoundSource

__all__ = ["Network", "StreamedEngine", "Stretch"]

_NUMERIC_VERSION: Final = (
    5  # raise it when encode's numbers change beyond rounding: cached Encodings are then made anew
)
_MAX_THREADS: Final = 4
_FIRST_PASS: Final = 0.03  # share of the time
_KEPT_SAMPLES: Final = 30 * SAMPLE_RATE  # 1 MB of mel rows


@dataclass(frozen=True, eq=False)
class Stretch:
    """Joined states of a sound, and the frames that are wanted of them."""

    states: np.ndarray  # float32 (S, n + 1): as `Network.project` gives them, cross-faded
    inside: np.ndarray  # bool (S,): whether the state lies in the sound
    before: np.ndarray  # int (T,): the state before each frame
    share: np.ndarray  # float32 (T,): how far the frame is on the way to the next state, 0..1


class Network(Protocol):
    """The starter's three parts on one runtime; every method may be called from several threads."""

    config: ModelConfig

    def project(self, mel: np.ndarray, top: float) -> np.ndarray:
        """One window's states as inputs of the branches, and in the last column their level in dB,
        float32 (W, n + 1), from log10 mel power (2 W, 80) and the sound's largest.
        """
        ...

    def frames(self, stretch: Stretch) -> Encoding:
        """The Encoding at the stretch's frames."""
        ...

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52), before shaping."""
        ...


class StreamedEngine:
    """Encodes window by window in a few threads.

    Parameters
    ----------
    model : Model
    network : Network
        What computes.
    n_threads : int, optional
        Windows at work at once; by default as many as there are processors, at most four.
    """

    name = "streamed"

    def __init__(self, model: Model, network: Network, *, n_threads: int | None = None) -> None:
        self.config: ModelConfig = model.config
        self.key = f"{model.key}-{_NUMERIC_VERSION}"
        self.context_frames = model.config.decoder.halo
        self._network = network
        self._prototypes = np.asarray(model.tensors["prototypes"], np.float32)
        self._n_threads = n_threads or min(_MAX_THREADS, os.cpu_count() or 1)

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        """Consecutive pieces of the sound's Encoding, together exactly T frames."""
        return over_pauses(self._pieces(sound, progress), self.config)

    def _pieces(self, sound: SoundSource, progress: Progress) -> Iterator[Encoding]:
        """The frames as the network gives them, as soon as they are complete."""
        front = self.config.front_end
        count = n_windows(sound.n_samples, front)
        mels = _twice(sound, front, progress)
        top = sound_top(next(mels), front)
        joiner = _Joiner(self._network, sound.n_samples)
        windows = self._project_windows(mel_windows(next(mels), sound.n_samples, front), top)
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
                waiting.append(executor.submit(self._network.project, window.mel, top))
                if len(waiting) > self._n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52) in Apple's order, before shaping; may leave 0..1."""
        usual = controls.usual if self.config.emotion.knows_usual else ()
        voice = beside_usual(encoding.emotion, usual, self._prototypes)
        voice = with_contrast(voice, controls.contrast, self._prototypes)
        return self._network.decode(replace(encoding, emotion=voice), controls)


def _twice(
    sound: SoundSource, front: FrontEndConfig, progress: Progress
) -> Iterator[Iterable[np.ndarray]]:
    """The sound's mel rows, for a first pass and for a second one: short sounds keep them."""
    n = sound.n_samples
    first = mel_blocks(_watched(sound, progress), n, front)
    if n > _KEPT_SAMPLES:
        yield first
        yield mel_blocks(sound.blocks(), n, front)
    else:
        kept = [*first]
        yield kept
        yield kept


def _watched(sound: SoundSource, progress: Progress) -> Iterator[np.ndarray]:
    """The sound's blocks, telling how far the first pass is."""
    done = 0
    for block in sound.blocks():
        done += len(block)
        progress(_FIRST_PASS * min(1.0, done / max(sound.n_samples, 1)), "Measuring the level")
        yield block


class _Joiner:
    """Turns stretches of states into frames as soon as everything that they look at is there."""

    def __init__(self, network: Network, n_samples: int) -> None:
        self._network = network
        self._config = network.config
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
        number = np.arange(len(self._states)) + self._first_state
        inside = (number >= 0) & (number < self._n_sound_states)
        stretch = Stretch(self._states, inside, before - self._first_state, share)
        return self._network.frames(stretch)

    def _forget(self) -> None:
        """Let go of the states that no later frame looks back at."""
        keep = max(self._config.content.halo, self._config.emotion.reach) + 1
        state = self._next_frame * 50 // self._config.fps - keep
        drop = max(0, state - self._first_state)
        self._states = self._states[drop:].copy()
        self._first_state += drop
