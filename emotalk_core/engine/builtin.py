"""The built-in engine: the starter network in numpy alone."""

from __future__ import annotations

import numpy as np

from ..controls import FrameControls
from ..model.folder import Model
from . import Encoding
from .frontend import Encoder, normalise
from .starter import Starter
from .streaming import StreamedEngine, Stretch
from .windows import state_levels

__all__ = ["BuiltinEngine", "NumpyNetwork"]


class NumpyNetwork:
    """The starter's three parts, each on one sound or window.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.config = model.config
        self._encoder = Encoder(model.encoder_tensors, model.config.front_end.n_layers)
        self._starter = Starter(model.config, model.tensors)

    def project(self, mel: np.ndarray, top: float) -> np.ndarray:
        """One window's states as inputs of the branches, and in the last column their level."""
        states = self._encoder(normalise(mel, top))
        level = state_levels(mel, top)
        return np.concatenate([self._starter.project(states), level[:, None]], axis=1)

    def frames(self, stretch: Stretch) -> Encoding:
        """The Encoding at the stretch's frames."""
        return self._starter.frames(stretch)

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52), before shaping."""
        return self._starter.face(encoding, controls)


class BuiltinEngine(StreamedEngine):
    """Runs everywhere, with nothing installed but numpy.

    Parameters
    ----------
    model : Model
    n_threads : int, optional
        Windows at work at once; by default as many as there are processors, at most four.
    """

    name = "builtin"

    def __init__(self, model: Model, *, n_threads: int | None = None) -> None:
        super().__init__(model, NumpyNetwork(model), n_threads=n_threads)
