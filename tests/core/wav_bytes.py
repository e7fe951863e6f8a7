"""Wav files made by hand, so that every field can be wrong."""

from __future__ import annotations

import struct

import numpy as np

EXTENSIBLE_TAIL = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    length = len(content) if size is None else size
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


def format_chunk(
    tag: int, channels: int, rate: int, bits: int, *, extensible: bool = False
) -> bytes:
    frame = channels * bits // 8
    basic = struct.pack(
        "<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * frame, frame, bits
    )
    if extensible:
        basic += struct.pack("<HHIH", 22, bits, 0, tag) + EXTENSIBLE_TAIL
    return chunk(b"fmt ", basic)


def riff(*chunks: bytes, name: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return name + struct.pack("<I", len(body) if size is None else size) + body


def encoded(values: np.ndarray, kind: str) -> bytes:
    """Float samples (n, channels) in -1..1 as `kind`: u1 i2 i3 i4 f4 f8."""
    if kind == "u1":
        return np.uint8(np.round(values * 127) + 128).tobytes()
    if kind == "i2":
        return np.round(values * 32767).astype("<i2").tobytes()
    if kind == "i3":
        wide = np.round(values * (2**23 - 1)).astype("<i4").reshape(-1, 1).view(np.uint8)
        return wide[:, :3].tobytes()
    if kind == "i4":
        return np.round(values * (2**31 - 1)).astype("<i4").tobytes()
    return values.astype(f"<{kind}").tobytes()


def wav(
    values: np.ndarray, kind: str = "i2", rate: int = 16_000, *, extensible: bool = False
) -> bytes:
    """A whole wav file of (n,) or (n, channels)."""
    frames = values[:, None] if values.ndim == 1 else values
    tag = 3 if kind[0] == "f" else 1
    head = format_chunk(tag, frames.shape[1], rate, 8 * int(kind[1]), extensible=extensible)
    return riff(head, chunk(b"data", encoded(frames, kind)))
