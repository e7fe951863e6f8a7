"""The built-in, torch and other engines: what turns sound into an Encoding and an Encoding into
curves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from ..controls import FrameControls
from ..errors import InputError, SetupError
from ..model.config import ModelConfig
from ..model.folder import Model
from ..progress import Progress, silent

if TYPE_CHECKING:
    from ..audio import SoundSource

__all__ = ["ENGINES", "Encoding", "Engine", "open_engine"]

ENGINES: Final[tuple[str, ...]] = ("auto", "builtin", "torch")


@dataclass(frozen=True, eq=False)
class Encoding:
    """What the network heard, frame by frame at 30 fps: all that decoding needs."""

    content: np.ndarray  # float (T, C): what is said
    emotion: np.ndarray  # float (T, E): how it is said, as a point in the emotion latent space
    heard: np.ndarray  # float (T, 8): the same as shares of the eight emotions, each row sums to 1
    level: np.ndarray  # float (T,): dB relative to the loudest band of the whole sound

    @property
    def n_frames(self) -> int:
        """Number of rows."""
        return len(self.content)

    def __getitem__(self, frames: slice) -> Encoding:
        return Encoding(
            self.content[frames], self.emotion[frames], self.heard[frames], self.level[frames]
        )


class Engine(Protocol):
    """Runs one model."""

    name: str
    config: ModelConfig
    key: str  # model hash and numeric version: what a cached Encoding depends on
    context_frames: (
        int  # frames that decode needs on each side of a stretch for its middle to be exact
    )

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        """Consecutive pieces of the sound's Encoding, together exactly T frames."""
        ...

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52) in Apple's order, before shaping; may leave 0..1."""
        ...


def open_engine(name: str, model: Model, *, device: str = "auto") -> Engine:
    """The engine `name` for `model`; `auto` takes the best that is there.

    `device` is what it runs on: auto, cpu, cuda or mps; the built-in engine knows cpu alone.

    Raises
    ------
    InputError
        No engine of that name.
    SetupError
        The engine cannot run this model here.
    """
    if name not in ENGINES:
        raise InputError("No such engine", value=name, remedy=f"Use {', '.join(ENGINES)}.")
    if name == "torch":
        raise SetupError(
            "The torch engine does not run this model",
            value=model.config.kind,
            remedy="Use builtin.",
        )
    if device not in ("auto", "cpu"):
        raise InputError(
            "The built-in engine runs on the processor",
            value=device,
            remedy="Choose the device auto or cpu.",
        )
    from .builtin import BuiltinEngine

    return BuiltinEngine(model)
