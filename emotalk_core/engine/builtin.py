"""The built-in engine: the starter network in numpy alone."""

from __future__ import annotations

import numpy as np

from ..controls import FrameControls
from ..model.folder import Model
from . import Encoding
from .frontend import Encoder, normalise
from .starter import Starter, pool_weights
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
        projected, level = stretch.states[:, :-1], stretch.states[:, -1]
        before, halo = stretch.before, self.config.content.halo
        low = max(0, int(before[0]) - halo) if len(before) else 0
        high = int(before[-1]) + 2 + halo if len(before) else 2 * halo + 2
        content = self._starter.content(np.ascontiguousarray(projected[low:high]), level[low:high])
        at, share = before - low, stretch.share[:, None]
        weights = pool_weights(level) * stretch.inside
        emotion, heard = self._starter.emotion(projected, weights, before)
        return Encoding(
            content=content[at] * (1 - share) + content[at + 1] * share,
            emotion=emotion,
            heard=heard,
            level=level[before] * (1 - stretch.share) + level[before + 1] * stretch.share,
        )

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52), before shaping."""
        latent = self._starter.latent(encoding.emotion, controls)
        return self._starter.decode(encoding.content, encoding.level, latent, controls.style)


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
