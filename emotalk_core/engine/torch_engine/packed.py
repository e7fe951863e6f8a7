"""Matrix products on the processor with weights laid out once as oneDNN wants them.

`linear` in PyTorch lays out a weight anew at each call: a fifth of the time at a few hundred rows.
The two operators are those that PyTorch's own compiler puts in place of `linear` (Inductor,
`freezing`); where a release does not have them, everything stays as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ...model.network.wav2vec2 import Wav2Vec2

__all__ = ["PackedLinear", "can_pack", "pack"]


class PackedLinear(nn.Module):
    """`linear` in float32 or bfloat16, without gradients."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), None)
        self._bias = bias.detach().clone()

    def forward(self, x: Tensor) -> Tensor:
        """Rows (..., out) of rows (..., in)."""
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")


@functools.cache
def can_pack(dtype: torch.dtype) -> bool:
    """Whether this PyTorch, on this processor, has the operators, and they multiply rightly."""
    weight = torch.linspace(-1.0, 1.0, 16 * 24).reshape(16, 24).to(dtype)
    rows, bias = torch.linspace(0.0, 1.0, 2 * 24).reshape(1, 2, 24).to(dtype), weight[:, 0]
    try:
        with torch.inference_mode():
            found = PackedLinear(weight, bias)(rows)
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return torch.allclose(found.float(), F.linear(rows, weight, bias).float(), atol=5e-2)


def pack(encoder: Wav2Vec2, release: Callable[[], None]) -> None:
    """Lay out the products of an encoder, one layer after the other.

    `release` lets go of the memory of what a layer was made from.
    """
    for layer in encoder.layers:
        for name in ("qkv", "out", "up", "down"):
            linear = getattr(layer, name)
            setattr(layer, name, PackedLinear(linear.weight, linear.bias))
        release()
    convolutions = getattr(encoder, "convolutions", None)
    if convolutions is not None:
        for number, layer in enumerate(convolutions.layers):
            convolutions.products[number] = PackedLinear(convolutions.matrix(number), layer.bias)
