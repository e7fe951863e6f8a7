"""The layers that the starter is made of, as ONNX operators on weights by name."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .frontend import NORM_EPS
from .onnx_graph import Graph
from .starter import LEVEL_CENTRE_DB, LEVEL_HIGH, LEVEL_LOW, LEVEL_SCALE_DB

__all__ = ["Net"]


class Net(Graph):
    """A graph with the layers that the starter is made of; reads weights by name."""

    def __init__(self, name: str, tensors: Mapping[str, np.ndarray]) -> None:
        super().__init__(name)
        self._tensors = tensors

    def raw(self, name: str) -> np.ndarray:
        """A tensor as it lies in the model folder."""
        return np.asarray(self._tensors[name])

    def weight(self, name: str) -> str:
        """A tensor as a constant."""
        return self.constant(self.raw(name))

    def times(self, x: str, weight: np.ndarray) -> str:
        """X @ weight.T: matrices lie (out, in) in the folder."""
        return self.add("MatMul", x, self.constant(np.ascontiguousarray(weight.T)))

    def affine(self, x: str, name: str) -> str:
        """A linear layer."""
        return self.add(
            "Add", self.times(x, self.raw(f"{name}.weight")), self.weight(f"{name}.bias")
        )

    def convolution(self, x: str, name: str, *, stride: int = 1, dilation: int = 1) -> str:
        """A convolution over time of x (B, length, in), with zeros beyond the ends."""
        kernel = self.raw(f"{name}.weight").shape[2]
        pad = dilation * (kernel // 2)
        turned = self.add("Transpose", x, perm=(0, 2, 1))
        made = self.add(
            "Conv", turned, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"),
            kernel_shape=(kernel,), strides=(stride,), dilations=(dilation,), pads=(pad, pad),
        )  # fmt: skip
        return self.add("Transpose", made, perm=(0, 2, 1))

    def norm(self, x: str, name: str) -> str:
        """A layer norm over the last axis."""
        gain, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", x, gain, bias, axis=-1, epsilon=NORM_EPS)

    def gelu(self, x: str) -> str:
        """Exact GELU, in the form that ONNX Runtime knows how to fuse."""
        scaled = self.add("Div", x, self.number(math.sqrt(2.0)))
        erf = self.add("Add", self.add("Erf", scaled), self.number(1.0))
        return self.add("Mul", self.add("Mul", x, erf), self.number(0.5))

    def clip(self, x: str, low: float | None, high: float | None) -> str:
        """Limits on either side."""
        limits = ["" if limit is None else self.number(limit) for limit in (low, high)]
        return self.add("Clip", x, *(limits if limits[1] else limits[:1]))

    def column(self, x: str) -> str:
        """(B, n) as (B, n, 1)."""
        return self.add("Unsqueeze", x, self.integers(2))

    def level_feature(self, level: str, name: str) -> str:
        """What the level (B, n) adds to a branch."""
        moved = self.add("Sub", level, self.number(LEVEL_CENTRE_DB))
        scaled = self.add("Div", moved, self.number(LEVEL_SCALE_DB))
        feature = self.clip(scaled, LEVEL_LOW, LEVEL_HIGH)
        return self.add("Mul", self.column(feature), self.weight(name))
