"""The starter network on torch: the built-in engine's windows, torch's arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...model.config import ModelConfig
from ...model.folder import Model
from ...model.network.front_end import FrontEnd
from ...model.network.starter import Starter
from ..builtin import BuiltinEngine
from ..frontend import normalise
from ..starter import Starter as NumpyStarter
from ..windows import Window, state_levels
from .device import Settings, choose_device, choose_dtype

__all__ = ["StarterEngine"]

_NUMERIC_VERSION: Final = 1
_AT_ONCE: Final = {"cuda": 64}  # windows of 6 s in one pass; elsewhere one

# The file's names of what the network keeps as buffers.
_BUFFERS: Final = {"standardise.mean": "mean", "standardise.scale": "scale"}


class StarterEngine(BuiltinEngine):
    """The starter on a card, or on the processor through torch.

    Parameters
    ----------
    model : Model
        Of kind "starter".
    settings : Settings
    """

    name = "torch"

    def __init__(self, model: Model, settings: Settings) -> None:
        super().__init__(model, n_threads=1)
        self.device = choose_device(settings.device)
        # Small enough to be exact everywhere: bfloat16 only where it is asked for.
        precision = "float32" if settings.precision == "auto" else settings.precision
        self._dtype = choose_dtype(precision, self.device)
        self.key = f"{model.key}-torch-{_NUMERIC_VERSION}-{self._dtype}".replace("torch.", "")
        front_end = FrontEnd(model.encoder_tensors, model.config.front_end)
        self._front_end = front_end.requires_grad_(requires_grad=False).eval()
        self._front_end.to(self.device, self._dtype)
        if settings.use_compiler:
            self._front_end.compile(dynamic=True)
        self._starter = _OnTorch(model.config, model.tensors, self.device)

    def _project_windows(self, windows: Iterator[Window], top: float) -> Iterator[np.ndarray]:
        """Each window's projected states and level, in order; equally long ones in one pass."""
        waiting: list[Window] = []
        for window in windows:
            if waiting and (
                len(waiting) >= _AT_ONCE.get(self.device.type, 1)
                or len(window.mel) != len(waiting[0].mel)
            ):
                yield from self._project_together(waiting, top)
                waiting = []
            waiting.append(window)
        if waiting:
            yield from self._project_together(waiting, top)

    def _project_together(self, windows: Sequence[Window], top: float) -> Iterator[np.ndarray]:
        mel = torch.from_numpy(np.stack([normalise(w.mel, top) for w in windows]))
        with torch.inference_mode():
            states = self._front_end(mel.to(self.device, self._dtype)).float()
            projected = self._starter.project_states(states).cpu().numpy()
        for window, rows in zip(windows, projected, strict=True):
            yield np.concatenate([rows, state_levels(window.mel, top)[:, None]], axis=1)


class _OnTorch(NumpyStarter):
    """The trained part by torch, from arrays to arrays."""

    def __init__(
        self, config: ModelConfig, tensors: Mapping[str, np.ndarray], device: torch.device
    ) -> None:
        super().__init__(config, tensors)
        network = Starter(config)
        network.load_state_dict(
            {
                _BUFFERS.get(n, n): torch.from_numpy(np.array(t, np.float32))
                for n, t in tensors.items()
            }
        )
        self._device = device
        self._network = network.requires_grad_(requires_grad=False).eval().to(device)

    def project_states(self, states: Tensor) -> Tensor:
        """Both branches' projections (B, S, content + emotion) of states (B, S, layers, width)."""
        network = self._network
        standardised = (states - network.mean) * network.scale
        parts = [network.content.projected(standardised), network.emotion.projected(standardised)]
        return torch.cat(parts, dim=-1)

    def content(self, projected: np.ndarray, level: np.ndarray) -> np.ndarray:
        """As in the numpy engine."""
        own = projected[:, : self.config.content.width]
        with torch.inference_mode():
            return _array(self._network.content.listen(self._tensor(own), self._tensor(level)))

    def emotion(
        self, projected: np.ndarray, weights: np.ndarray, centres: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As in the numpy engine."""
        own, network = projected[:, self.config.content.width :], self._network
        with torch.inference_mode():
            voice, heard = network.emotion.listen(
                self._tensor(own),
                self._tensor(weights),
                torch.from_numpy(centres).to(self._device),
            )
            return _array(voice.softmax(-1) @ network.prototypes), _array(heard.softmax(-1))

    def decode(
        self, content: np.ndarray, level: np.ndarray, latent: np.ndarray, style: int
    ) -> np.ndarray:
        """As in the numpy engine."""
        with torch.inference_mode():
            values, _, _ = self._network.decode(
                *(self._tensor(array) for array in (content, level, latent)),
                torch.tensor([style % self.config.n_styles], device=self._device),
            )
            return _array(values)

    def _tensor(self, array: np.ndarray) -> Tensor:
        """A batch of one."""
        return torch.from_numpy(np.array(array, np.float32))[None].to(self._device)


def _array(batch: Tensor) -> np.ndarray:
    return batch[0].float().cpu().numpy()
