"""Wav files read with the standard library and numpy: every integer and float kind, any size, in
blocks.

Formats: RIFF/WAVE (Microsoft, IBM 1991), WAVE_FORMAT_EXTENSIBLE, RF64 (EBU Tech 3306) and BW64
(ITU-R BS.2088).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import InputError

__all__ = ["WavFile", "has_wav_header", "open_wav"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN_SIZE = 0xFFFFFFFF
# What sox and espeak-ng write to a pipe: 2 GiB, less a head and some roundness.
_PIPED_SIZES = range(0x7FFFF000, 0x80000001)
_BLOCK_FRAMES = 65_536
_REMEDY = "Export the sound again as wav."


@dataclass(frozen=True)
class WavFile:
    """Where the samples of a wav file are, and how they are written."""

    path: Path
    sample_rate: int
    n_channels: int
    dtype: str  # numpy's name of one stored sample; "i3" is 24 bit, which numpy lacks
    data_start: int  # bytes
    n_samples: int  # per channel
    channel: int | None = None  # the one that is read, from 1; None: the mean of all

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample on all channels."""
        return self.n_channels * int(self.dtype[-1])

    def blocks(self, start: int = 0) -> Iterator[np.ndarray]:
        """float32 (n,) of the channel, -1..1, from sample `start` to the end."""
        with self.path.open("rb") as file:
            file.seek(self.data_start + start * self.frame_bytes)
            left = self.n_samples - start
            while left > 0:
                raw = file.read(min(left, _BLOCK_FRAMES) * self.frame_bytes)
                n = len(raw) // self.frame_bytes
                if n == 0:
                    raise InputError(
                        "Sound file became shorter while it was read",
                        value=self.path,
                        remedy=_REMEDY,
                    )
                yield _to_mono(raw[: n * self.frame_bytes], self)
                left -= n


def has_wav_header(head: bytes) -> bool:
    """Whether a file's first twelve bytes are those of a wav file."""
    return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE"


def open_wav(path: Path) -> WavFile | None:
    """The wav file at `path`; None when it is a wav of a kind that other readers know (A-law, ADPCM
    ...).

    Raises
    ------
    InputError
        The file is cut short, or its header makes no sense. A size that was never filled in (a
        pipe, a recorder that lost power) is no error: what is there is read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if not has_wav_header(head):
            raise InputError("Not a wav file", value=path, remedy=_REMEDY)
        riff_size = struct.unpack("<I", head[4:8])[0]
        long_data_size: int | None = None
        form: tuple[int, int, int, str | None] | None = None
        for name, start, length in _chunks(file, size, path):
            if name == b"ds64" and length >= 16:
                long_data_size = struct.unpack("<Q", file.read(16)[8:16])[0]
            elif name == b"fmt ":
                form = _read_format(file.read(min(length, 40)), path)
            elif name == b"data":
                if form is None:
                    break
                n_channels, rate, frame_bytes, dtype = form
                if dtype is None:
                    return None
                declared = long_data_size if length == _UNKNOWN_SIZE and long_data_size else length
                there = size - start
                unfinished = (
                    declared == _UNKNOWN_SIZE
                    or (declared in _PIPED_SIZES and declared > there)
                    or (declared == 0 and riff_size in (0, _UNKNOWN_SIZE))
                    or (declared == 0 and riff_size + 8 <= start)
                )
                there = _bytes_there(declared, there, path, unfinished=unfinished)
                return WavFile(path, rate, n_channels, dtype, start, there // frame_bytes)
    raise InputError("Wav file without sound: its header is cut short", value=path, remedy=_REMEDY)


def _chunks(file: IO[bytes], size: int, path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and declared length of each chunk; the file stands at its start."""
    position = 12
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"fmt " and position + 8 + length > size:
            raise InputError("Wav header cut short", value=path, remedy=_REMEDY)
        yield name, position + 8, length
        position += 8 + length + length % 2


def _bytes_there(declared: int, there: int, path: Path, *, unfinished: bool) -> int:
    """Bytes of sound that can be read."""
    if unfinished:  # written to a pipe, or the recorder never came back to fill in the size
        return there
    if declared > there:
        raise InputError(
            f"Sound file cut short: {there} of {declared} bytes of sound are there",
            value=path,
            remedy="Copy it again from where it came, or export it again.",
        )
    return declared


def _read_format(raw: bytes, path: Path) -> tuple[int, int, int, str | None]:
    """Channels, rate, bytes of a sample on all channels, and numpy's name of a sample (None: a
    codec).
    """
    if len(raw) < 16:
        raise InputError("Wav header cut short", value=path, remedy=_REMEDY)
    tag, n_channels, rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", raw[:16])
    if tag == _EXTENSIBLE and len(raw) >= 26:
        tag = struct.unpack("<H", raw[24:26])[0]
    if n_channels == 0 or rate == 0:
        raise InputError(
            "Wav header makes no sense",
            value=f"{n_channels} channels, {rate} Hz, {path}",
            remedy=_REMEDY,
        )
    kinds = {
        (_PCM, 1): "u1",
        (_PCM, 2): "i2",
        (_PCM, 3): "i3",
        (_PCM, 4): "i4",
        (_FLOAT, 4): "f4",
        (_FLOAT, 8): "f8",
    }
    # 20 bits lie left-justified in 3 bytes: the container decides.
    width = frame_bytes // n_channels if frame_bytes % n_channels == 0 else (bits + 7) // 8
    dtype = kinds.get((tag, width))
    if dtype is None and tag in (_PCM, _FLOAT):
        raise InputError("Wav header makes no sense", value=f"{bits} bits, {path}", remedy=_REMEDY)
    return n_channels, rate, frame_bytes, dtype


def _to_mono(raw: bytes, wav: WavFile) -> np.ndarray:
    """float32 (n,), -1..1: one channel of interleaved samples, or the mean of all."""
    dtype, n_channels = wav.dtype, wav.n_channels
    if dtype == "i3":
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        stored = wide.reshape(-1).view("<i4")
    else:
        stored = np.frombuffer(raw, f"<{dtype}")
    scale = {"u1": 1 / 128, "i2": 1 / 32_768, "i3": 1 / 2_147_483_648, "i4": 1 / 2_147_483_648}.get(
        dtype, 1.0
    )
    # A sum of float32 is exact enough (24 bits) but for 32-bit sources, which no ear would miss.
    with np.errstate(over="ignore", invalid="ignore"):  # such values are reported by their place
        samples = stored.astype(np.float32)
        if dtype == "u1":
            samples -= 128.0
        if wav.channel is not None:
            samples = samples[wav.channel - 1 :: n_channels]
        elif n_channels > 1:
            samples = np.add.reduce(samples.reshape(-1, n_channels), axis=1) / np.float32(
                n_channels
            )
    return samples * np.float32(scale) if scale != 1.0 else samples
