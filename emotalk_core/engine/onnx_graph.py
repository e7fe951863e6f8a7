"""ONNX files written with numpy alone: the few protobuf messages that a graph consists of.

Inside Blender there is neither torch nor the `onnx` package, and there the engine must follow
whatever weights it is given. Field numbers are those of onnx/onnx.proto, checked against the `onnx`
package by a test.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

__all__ = ["OPSET", "Graph"]

OPSET: Final = 17  # the first with LayerNormalization; every ONNX Runtime since 1.12 reads it
_IR_VERSION: Final = 8

_TYPES: Final = {"float32": 1, "int64": 7, "float16": 10, "float64": 11}
_Attribute = int | float | str | Sequence[int]


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1  # negative numbers as their 64-bit two's complement
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


class Graph:
    """A graph under construction; values are known by the names that its methods return.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._n_values = 0

    def input(self, name: str, shape: Sequence[int | str], dtype: str = "float32") -> str:
        """A value that is given at each run; a word in `shape` names a length that may vary."""
        self._inputs.append(_value_info(name, shape, dtype))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        """Give `value`, float32, back as `name`."""
        self._node("Identity", [value], [name], {})
        self._outputs.append(_value_info(name, shape, "float32"))

    def constant(self, array: np.ndarray) -> str:
        """An array that the file carries; float16 as it is, widened to float32 when it is read."""
        name = self._new_name("c")
        code = _number(2, _TYPES[array.dtype.name])
        dims = b"".join(_number(1, size) for size in array.shape)
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self._constants.append(dims + code + _bytes(8, name) + _bytes(9, little.tobytes()))
        return self.add("Cast", name, to=1) if array.dtype == np.float16 else name

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        """An int64 vector: axes, shapes, positions."""
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, **attributes: _Attribute) -> str:
        """The one result of an operator."""
        return self.split(operator, *inputs, n_outputs=1, **attributes)[0]

    def split(
        self, operator: str, *inputs: str, n_outputs: int, **attributes: _Attribute
    ) -> list[str]:
        """The results of an operator with several."""
        names = [self._new_name("v") for _ in range(n_outputs)]
        self._node(operator, inputs, names, attributes)
        return names

    def to_bytes(self, metadata: Mapping[str, str]) -> bytes:
        """The whole file."""
        graph = b"".join(
            [
                *(_bytes(1, node) for node in self._nodes),
                _bytes(2, self._name),
                *(_bytes(5, constant) for constant in self._constants),
                *(_bytes(11, value) for value in self._inputs),
                *(_bytes(12, value) for value in self._outputs),
            ]
        )
        opset = _bytes(1, "") + _number(2, OPSET)
        notes = [_bytes(14, _bytes(1, k) + _bytes(2, v)) for k, v in sorted(metadata.items())]
        head = _number(1, _IR_VERSION) + _bytes(2, "EmoTalk")
        return b"".join([head, _bytes(7, graph), _bytes(8, opset), *notes])

    def _new_name(self, kind: str) -> str:
        self._n_values += 1
        return f"{kind}{self._n_values}"

    def _node(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        attributes: Mapping[str, _Attribute],
    ) -> None:
        parts = [_bytes(1, name) for name in inputs] + [_bytes(2, name) for name in outputs]
        parts.append(_bytes(3, f"{operator}_{outputs[0]}"))
        parts.append(_bytes(4, operator))
        parts += [_bytes(5, _attribute(*item)) for item in attributes.items()]
        self._nodes.append(b"".join(parts))


def _attribute(name: str, value: _Attribute) -> bytes:
    if isinstance(value, str):
        return _bytes(1, name) + _bytes(4, value) + _number(20, 3)
    if isinstance(value, float):
        return _bytes(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, 2)
    return _bytes(1, name) + b"".join(_number(8, item) for item in value) + _number(20, 7)


def _value_info(name: str, shape: Sequence[int | str], dtype: str) -> bytes:
    dims = b"".join(
        _bytes(1, _bytes(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    tensor = _number(1, _TYPES[dtype]) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))
