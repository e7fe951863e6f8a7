"""Reading and writing of .safetensors with numpy alone.

Format (huggingface/safetensors): u64 little-endian header length, JSON header, raw data, all
little-endian.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic_file import atomic_file
from ..errors import ModelFolderError

__all__ = ["is_finite", "read_tensors", "release_pages", "write_tensors"]

_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
}
_BITS = {2: (np.uint16(1 << 15), 0x7C00), 4: (np.uint32(1 << 31), 0x7F800000)}
"""Of a float by its bytes: the sign, and the exponent of what is not finite."""
_BLOCK = 1 << 18  # numbers that are compared at once: what the processor's caches hold
_MAX_HEADER = 100_000_000  # bytes; the reference reader's own limit
_REMEDY = "Copy the model folder again from where it came."


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays by name and the file's string metadata; arrays are read-only views of a memory map.

    Raises
    ------
    ModelFolderError
        The file is missing, cut short, or not a safetensors file; offsets overlap or leave the
        file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            prefix = file.read(8)
            length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else 0
            if not 2 <= length <= min(_MAX_HEADER, size - 8):
                raise ModelFolderError(
                    "Not a safetensors file, or cut short", value=path, remedy=_REMEDY
                )
            header = json.loads(file.read(length))
        if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
            raise ValueError("no table")
    except OSError as error:
        raise ModelFolderError(
            "Model file cannot be read", value=path, remedy=f"{error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(
            "Damaged header in a safetensors file", value=path, remedy=_REMEDY
        ) from error
    metadata = {str(k): str(v) for k, v in header.pop("__metadata__", {}).items()}
    data = (
        np.memmap(path, np.uint8, mode="r", offset=8 + length)
        if size > 8 + length
        else np.zeros(0, np.uint8)
    )
    return {name: _tensor(path, name, entry, data) for name, entry in header.items()}, metadata


def _tensor(path: Path, name: str, entry: Any, data: np.ndarray) -> np.ndarray:
    try:
        start, stop = (int(v) for v in entry["data_offsets"])
        shape = tuple(int(v) for v in entry["shape"])
        if entry["dtype"] == "BF16":
            raw, item = np.dtype("<u2"), 2
        else:
            raw, item = np.dtype(_TYPES[entry["dtype"]]), np.dtype(_TYPES[entry["dtype"]]).itemsize
        if (
            min(shape, default=0) < 0
            or not 0 <= start <= stop <= len(data)
            or stop - start != math.prod(shape) * item
        ):
            raise ValueError(name)
        array = data[start:stop].view(raw).reshape(shape)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelFolderError(
            f"Damaged tensor in {path.name}", value=name, remedy=_REMEDY
        ) from error
    if entry["dtype"] == "BF16":  # numpy has no bfloat16: widen to float32, whose upper half it is
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def is_finite(array: np.ndarray) -> bool:
    """Whether all numbers of a float16 or float32 tensor are: no NaN, nothing infinite.

    Those have every bit of the exponent; whole numbers are compared ten times as fast as float16.
    """
    sign, exponent = _BITS[array.dtype.itemsize]
    bits = array.reshape(-1).view(f"<u{array.dtype.itemsize}")
    blocks = (bits[i : i + _BLOCK] for i in range(0, len(bits), _BLOCK))
    return all(int((block & ~sign).max()) < exponent for block in blocks)


def release_pages(tensors: Iterable[np.ndarray]) -> None:
    """Let go of the memory of mapped tensors that have been read; the file has them still.

    Without it a copy in another layout or precision takes memory twice. Does nothing on systems
    that cannot be told so.
    """
    maps = {id(m): m for t in tensors if (m := getattr(t, "_mmap", None)) is not None}
    for mapped in maps.values():
        if hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def write_tensors(
    path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None
) -> None:
    """Write `tensors` under `path`, names sorted, so that equal tensors make equal bytes.

    Raises
    ------
    InputError, SetupError
        As for `atomic_file`.
    """
    codes = {np.dtype(v): k for k, v in _TYPES.items()}
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    arrays = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    offset = 0
    for name, array in arrays.items():
        stop = offset + array.nbytes
        header[name] = {
            "dtype": codes[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, stop],
        }
        offset = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with atomic_file(path) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())
