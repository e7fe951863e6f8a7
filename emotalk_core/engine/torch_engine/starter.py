"""The starter network on torch: the built-in engine's windows, torch's arithmetic."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor

from ...controls import FrameControls
from ...model.config import ModelConfig
from ...model.folder import Model
from ...model.network.front_end import FrontEnd
from ...model.network.starter import Starter
from .. import Encoding
from ..frontend import normalise
from ..starter import Starter as NumpyStarter
from ..streaming import StreamedEngine, Stretch
from ..windows import Window, state_levels
from .device import Settings, choose_device, choose_dtype, is_out_of_memory

__all__ = ["StarterEngine"]

_log = logging.getLogger(__name__)

_Found = TypeVar("_Found")

_AT_ONCE: Final = {"cuda": 16}  # windows of 6 s in one pass, 300 MB; elsewhere one


class StarterEngine(StreamedEngine):
    """The starter on a card, or on the processor through torch.

    Parameters
    ----------
    model : Model
        Of kind "starter".
    settings : Settings
    """

    name = "torch"

    def __init__(self, model: Model, settings: Settings) -> None:
        device = choose_device(settings.device)
        # Small enough to be exact everywhere: bfloat16 only where it is asked for.
        precision = "float32" if settings.precision == "auto" else settings.precision
        dtype = choose_dtype(precision, device)
        self._parts = _WithRoom(model, device, dtype, use_compiler=settings.use_compiler)
        super().__init__(model, self._parts, n_threads=1)
        self.key += f"-torch-{dtype}".replace("torch.", "")

    @property
    def device(self) -> torch.device:
        """Where it runs now."""
        return self._parts.network.device

    def _project_windows(self, windows: Iterator[Window], top: float) -> Iterator[np.ndarray]:
        """Each window's projected states and level, in order; equally long ones in one pass."""
        waiting: list[Window] = []
        for window in windows:
            if waiting and (
                len(waiting) >= _AT_ONCE.get(self.device.type, 1)
                or len(window.mel) != len(waiting[0].mel)
            ):
                yield from self._parts.project_together(waiting, top)
                waiting = []
            waiting.append(window)
        if waiting:
            yield from self._parts.project_together(waiting, top)


class _WithRoom:
    """The network on the device that is asked for; on the processor from when memory runs out."""

    def __init__(
        self, model: Model, device: torch.device, dtype: torch.dtype, *, use_compiler: bool
    ) -> None:
        self.config = model.config
        self._model, self._dtype, self._use_compiler = model, dtype, use_compiler
        try:
            self.network = self._made(device)
        except RuntimeError as error:
            if device.type == "cpu" or not is_out_of_memory(error):
                raise
            self._give_way(device)

    def project(self, mel: np.ndarray, top: float) -> np.ndarray:
        """One window's projected states and level."""
        return self.project_together([Window(0, mel)], top)[0]

    def project_together(self, windows: Sequence[Window], top: float) -> list[np.ndarray]:
        """The same for several windows of one length."""
        return self._tried(lambda network: list(network.project_together(windows, top)))

    def frames(self, stretch: Stretch) -> Encoding:
        """The Encoding at the stretch's frames."""
        return self._tried(lambda network: network.frames(stretch))

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52), before shaping."""
        return self._tried(lambda network: network.decode(encoding, controls))

    def _tried(self, work: Callable[[_TorchNetwork], _Found]) -> _Found:
        network = self.network
        try:
            return work(network)
        except RuntimeError as error:
            if network.device.type == "cpu" or not is_out_of_memory(error):
                raise
        self._give_way(network.device)
        return work(self.network)

    def _give_way(self, device: torch.device) -> None:
        """Another network, on the processor: the one on the card may be at work in a thread."""
        _log.warning("Too little memory on %s: going on with the processor", device)
        self.network = self._made(torch.device("cpu"))
        if device.type == "cuda":
            torch.cuda.empty_cache()

    def _made(self, device: torch.device) -> _TorchNetwork:
        network = _TorchNetwork(self._model, device, self._dtype)
        if self._use_compiler:
            network.compile()
        return network


class _TorchNetwork:
    """The starter's three parts by torch."""

    def __init__(self, model: Model, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self._dtype = device, dtype
        front_end = FrontEnd(model.encoder_tensors, model.config.front_end)
        self._front_end = front_end.requires_grad_(requires_grad=False).eval()
        self._front_end.to(device, dtype)
        self._starter = _OnTorch(model.config, model.tensors, device)

    def compile(self) -> None:
        """Let torch write kernels for the front end; the first window then takes longer."""
        self._front_end.compile(dynamic=True)

    def project_together(self, windows: Sequence[Window], top: float) -> Iterator[np.ndarray]:
        """Projected states and level of several windows of one length."""
        mel = torch.from_numpy(np.stack([normalise(w.mel, top) for w in windows]))
        with torch.inference_mode():
            states = self._front_end(mel.to(self.device, self._dtype)).float()
            projected = self._starter.project_states(states).cpu().numpy()
        for window, rows in zip(windows, projected, strict=True):
            yield np.concatenate([rows, state_levels(window.mel, top)[:, None]], axis=1)

    def frames(self, stretch: Stretch) -> Encoding:
        """The Encoding at the stretch's frames."""
        return self._starter.frames(stretch)

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52), before shaping."""
        return self._starter.face(encoding, controls)


class _OnTorch(NumpyStarter):
    """The trained part by torch, from arrays to arrays."""

    def __init__(
        self, config: ModelConfig, tensors: Mapping[str, np.ndarray], device: torch.device
    ) -> None:
        super().__init__(config, tensors)
        network = Starter.from_tensors(config, tensors)
        self._device = device
        self._network = network.requires_grad_(requires_grad=False).eval().to(device)

    def project_states(self, states: Tensor) -> Tensor:
        """What the branches start from (B, S, content + phones + width) of states (B, S, layers,
        width).
        """
        network = self._network
        standardised = (states - network.mean) * network.scale
        parts = [network.content.projected(standardised), network.emotion.mixed(standardised)]
        return torch.cat(parts, dim=-1)

    def content(self, projected: np.ndarray, level: np.ndarray) -> np.ndarray:
        """As in the numpy engine."""
        own = projected[:, : self.config.content.projected_width]
        with torch.inference_mode():
            return _array(self._network.content.listen(self._tensor(own), self._tensor(level)))

    def emotion(
        self, projected: np.ndarray, weights: np.ndarray, centres: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As in the numpy engine."""
        own, network = projected[:, self.config.content.projected_width :], self._network
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
