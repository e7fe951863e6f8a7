"""The front end's last layer in training: what it hears is bent towards lips.

It stands on the stored states of the layer before it, so a step costs a third of the encoder, and
starts as what the stored states were made by.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from emotalk_core.model.network.front_end import Layer

__all__ = ["LastLayer"]


class LastLayer(nn.Module):
    """Renews the last layer of standardised states.

    Parameters
    ----------
    tensors : mapping
        Of `encoder.safetensors`.
    mean, scale : Tensor (layers, width)
        The standardisation of the stored states.
    reach : int
        States that attention hears on each side.
    """

    def __init__(
        self, tensors: Mapping[str, np.ndarray], mean: Tensor, scale: Tensor, reach: int
    ) -> None:
        super().__init__()
        self._number = len(mean) - 1
        self.layer = Layer(tensors, self._number, reach)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def forward(self, states: Tensor) -> Tensor:
        """States (B, S, layers, width) with the last layer made anew from the one before it."""
        before = states[:, :, -2]
        absent = (before == 0.0).all(-1)  # beyond the clip: nothing to hear there
        x = before / self.scale[-2] + self.mean[-2]
        heard = (self.layer(x, absent).float() - self.mean[-1]) * self.scale[-1]
        return torch.cat([states[:, :, :-1], heard[:, :, None]], dim=2)

    def tensors(self) -> dict[str, np.ndarray]:
        """float16 tensors of this layer by their names in `encoder.safetensors`."""
        block = f"blocks.{self._number}"
        return {
            name: tensor.detach().float().numpy().astype(np.float16)
            for name, tensor in self.layer.named_tensors(block).items()
        }
