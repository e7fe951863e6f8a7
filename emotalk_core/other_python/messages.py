"""Messages between a program and its worker over two pipes: a JSON header, then plain arrays.

    magic "EmT1" | header bytes, uint32 | payload bytes, uint64 | header, UTF-8 JSON | payload

The header is an object; its "arrays" lists name, type and shape of what the payload holds, in
order. Nothing is ever unpickled, every length has a limit, and whatever else comes down the pipe is
a `MessageError`. No numpy at import: a Python without it can still say so.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "PROTOCOL",
    "CutShortError",
    "Message",
    "MessageError",
    "read_message",
    "write_message",
]

PROTOCOL: Final = 3
"""Raise it when a message changes its meaning: both sides of a pipe must speak the same."""

_MAGIC: Final = b"EmT1"
_HEAD: Final = struct.Struct("<4sIQ")
_MAX_HEADER: Final = 1 << 20
_MAX_PAYLOAD: Final = 1 << 30  # an hour of sound at 16 kHz takes a quarter of it
_TYPES: Final = {"<f4": 4, "<f2": 2}


class MessageError(Exception):
    """What came down the pipe is no message."""


class CutShortError(MessageError):
    """The pipe ended in the middle of a message: whoever wrote it died."""


class Reader(Protocol):
    """The end of a pipe that is read: a buffered file, whose `read` waits for all that is asked."""

    def read(self, n_bytes: int, /) -> bytes:
        """`n_bytes`, or fewer where the pipe ends."""
        ...


class Writer(Protocol):
    """The end of a pipe that is written to."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""
        ...

    def flush(self) -> None:
        """Send what was taken."""
        ...


@dataclass(frozen=True, eq=False)
class Message:
    """One message: what it is about, and its arrays by name."""

    header: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_message(
    pipe: Writer, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None
) -> None:
    """Send one message; arrays travel as little-endian float32 or float16."""
    parts = {name: _plain(array) for name, array in (arrays or {}).items()}
    listed = [[name, part.dtype.str, part.shape] for name, part in parts.items()]
    text = json.dumps({**header, "arrays": listed}).encode()
    n_bytes = sum(part.nbytes for part in parts.values())
    if len(text) > _MAX_HEADER or n_bytes > _MAX_PAYLOAD:
        raise MessageError(f"a message of {len(text)} + {n_bytes} bytes is too long")
    pipe.write(_HEAD.pack(_MAGIC, len(text), n_bytes) + text)
    for part in parts.values():
        pipe.write(part.tobytes())
    pipe.flush()


def _plain(array: np.ndarray) -> np.ndarray:
    import numpy as np

    kind = "<f2" if array.dtype == np.float16 else "<f4"
    return np.ascontiguousarray(array, kind)


def read_message(pipe: Reader) -> Message | None:
    """The next message; None where the pipe ends between two.

    Raises
    ------
    MessageError
        What comes is no message.
    CutShortError
        The pipe ends in the middle of one.
    """
    head = pipe.read(_HEAD.size)
    if not head:
        return None
    if not head.startswith(_MAGIC[: len(head)]):
        raise MessageError(f"no message starts with {head[:4]!r}")
    if len(head) != _HEAD.size:
        raise CutShortError(f"the pipe ended after {len(head)} bytes of a message")
    _, n_header, n_payload = _HEAD.unpack(head)
    if not 2 <= n_header <= _MAX_HEADER or n_payload > _MAX_PAYLOAD:
        raise MessageError(f"lengths of {n_header} and {n_payload} bytes")
    header = _read_header(_read_all(pipe, n_header))
    return Message(header, _read_arrays(pipe, header.pop("arrays", []), n_payload))


def _read_all(pipe: Reader, n_bytes: int) -> bytes:
    data = pipe.read(n_bytes)
    if len(data) != n_bytes:
        raise CutShortError(f"the pipe ended after {len(data)} of {n_bytes} bytes")
    return data


def _read_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError("its header is no JSON") from error
    if not isinstance(header, dict):
        raise MessageError("its header is no object")
    return header


def _read_arrays(pipe: Reader, listed: object, n_payload: int) -> dict[str, np.ndarray]:
    wanted = _check_list(listed)
    if sum(_TYPES[kind] * math.prod(shape) for _, kind, shape in wanted) != n_payload:
        raise MessageError("its arrays and its length differ")
    if not wanted:
        return {}
    import numpy as np

    arrays = {}
    for name, kind, shape in wanted:
        data = _read_all(pipe, _TYPES[kind] * math.prod(shape))
        arrays[name] = np.frombuffer(data, kind).reshape(shape)
    return arrays


def _check_list(listed: object) -> list[tuple[str, str, list[int]]]:
    if not isinstance(listed, list):
        raise MessageError("its arrays are no list")
    for entry in listed:
        is_well = (
            isinstance(entry, list)
            and len(entry) == 3
            and isinstance(entry[0], str)
            and isinstance(entry[1], str)
            and entry[1] in _TYPES
            and isinstance(entry[2], list)
            and len(entry[2]) <= 4
            and all(type(n) is int and 0 <= n <= _MAX_PAYLOAD for n in entry[2])
        )
        if not is_well:
            raise MessageError("an array without name, type or shape")
    return [(name, kind, shape) for name, kind, shape in listed]
