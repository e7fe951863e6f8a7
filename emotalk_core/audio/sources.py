"""Any sound as 16 kHz mono float32 in blocks that can be read again and again, and a hash of its
content.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol, TypeVar

import numpy as np

from ..atomic_file import open_temporary, writing_temporary
from ..errors import InputError
from ..progress import Progress, silent
from ..timing import SAMPLE_RATE
from .cut_short import is_cut_short
from .decoders import Decoder, open_decoder, read_error
from .resampling import Ratio, resample_blocks, resampled_length

__all__ = [
    "ArraySound",
    "SoundSource",
    "open_sound",
    "read_samples",
]

_T = TypeVar("_T")

_MIN_RATE: Final = 4_000
_MAX_RATE: Final = 384_000
_BLOCK: Final = 65_536
_LOUDEST: Final = 1e12  # full scale is 1; integers written as floats still pass, powers are finite
_KEY_VERSION: Final = b"1"  # raise when the same file gives other samples than before


class SoundSource(Protocol):
    """Speech as every engine takes it: float32, mono, 16 kHz."""

    @property
    def n_samples(self) -> int:
        """Length in samples at 16 kHz."""
        ...

    @property
    def key(self) -> str:
        """Hash of the content: equal keys, equal samples."""
        ...

    def blocks(self) -> Iterator[np.ndarray]:
        """float32 (n,) from the first sample to the last; each call starts anew."""
        ...


def read_samples(source: SoundSource) -> np.ndarray:
    """float32 (n,): the whole sound at once."""
    blocks = list(source.blocks())
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


class ArraySound:
    """A sound that is in memory already.

    Parameters
    ----------
    samples : float (n,) or (n, channels)
        -1..1.
    sample_rate : int
        Hz.
    is_cut_short : bool
        Whether the file that they are from has lost its end.

    Raises
    ------
    InputError
        No samples, values that are no numbers, more channels than samples, or a rate outside 4000
        to 384000 Hz.
    """

    def __init__(
        self, samples: np.ndarray, sample_rate: int, *, is_cut_short: bool = False
    ) -> None:
        self.is_cut_short = is_cut_short
        ratio = _ratio(sample_rate)
        given = np.asarray(samples, np.float32)
        if not given.size:
            raise _no_samples("an array")
        if given.ndim not in (1, 2) or given.shape[-1] > len(given):  # as librosa and torchaudio
            raise InputError(
                "Not samples by channels",
                value=f"an array {given.shape}",
                remedy="Give (n,) or (n, channels), as samples.T.",
            )
        mono = given.mean(axis=1, dtype=np.float32) if given.ndim == 2 else given
        _check_finite(mono, 0, sample_rate, "an array")
        pieces = (mono[i : i + _BLOCK] for i in range(0, len(mono), _BLOCK))
        self._samples = np.concatenate(list(resample_blocks(pieces, ratio)))
        self.key = _digest([self._samples.tobytes()])

    @property
    def n_samples(self) -> int:
        """Length in samples at 16 kHz."""
        return len(self._samples)

    def blocks(self) -> Iterator[np.ndarray]:
        """float32 (n,) from the first sample to the last."""
        for i in range(0, len(self._samples), _BLOCK):
            yield self._samples[i : i + _BLOCK]


def open_sound(
    path: Path | str,
    start_s: float = 0.0,
    duration_s: float | None = None,
    *,
    channel: int | None = None,
    progress: Progress = silent,
) -> SoundSource:
    """The sound in a file, or the stretch of it from `start_s` on that lasts `duration_s`; of one
    channel, from 1, or the mean of all.

    Wav is read by this package itself; other formats, and films, by soundfile or PyAV where they
    are installed, and decoded here and now, since only decoding tells their length.

    Raises
    ------
    InputError
        The file is missing, empty, damaged, no sound or without that channel, or the stretch lies
        outside it.
    SetupError
        Nothing that can read this format is installed, or the disk has no room for the decoded
        sound.
    """
    decoder = open_decoder(Path(path), channel)
    ratio = _ratio(decoder.sample_rate)
    source = Path(path)
    if not start_s >= 0 or not (duration_s is None or duration_s > 0):
        raise InputError(
            "No such stretch of sound", value=f"{start_s} s", remedy="Start at 0 or later."
        )
    first = round(start_s * SAMPLE_RATE)
    length = None if duration_s is None else max(1, round(duration_s * SAMPLE_RATE))
    if decoder.n_samples is None:
        decoded = _decode_to_disk(source, decoder, ratio, progress)
        stretch = _stretch(source, first, length, decoded.n_samples)
        return FileSound(source, decoded, Ratio(1, 1), *stretch, channel)
    total = resampled_length(decoder.n_samples, ratio)
    return FileSound(source, decoder, ratio, *_stretch(source, first, length, total), channel)


def _stretch(path: Path, first: int, length: int | None, total: int) -> tuple[int, int]:
    """First sample and number of samples of what is asked for, at 16 kHz."""
    if total == 0:
        raise _no_samples(path)
    if first >= total:
        raise InputError(
            "The sound ends before the stretch begins",
            value=path,
            remedy=f"It lasts {total / SAMPLE_RATE:.2f} s: start earlier.",
        )
    return first, min(total - first, length or total)


@dataclass(eq=False)
class FileSound:
    """A stretch of a sound file; decoded once, then read from a temporary file that nobody else
    sees.
    """

    path: Path
    decoder: Decoder
    ratio: Ratio
    first: int  # samples at 16 kHz
    n_samples: int  # samples at 16 kHz
    channel: int | None = None  # None: all of them
    _spool: IO[bytes] | None = field(default=None, repr=False)
    _key: str = field(default="", repr=False)

    @property
    def is_cut_short(self) -> bool:
        """Whether the file tells that its end is missing."""
        return is_cut_short(self.path)

    @property
    def key(self) -> str:
        """Hash of the file's bytes and of which stretch and channel are meant."""
        if not self._key:
            channel = "" if self.channel is None else f" {self.channel}"
            stretch = f"{self.first} {self.n_samples}{channel}".encode()
            self._key = _digest(
                itertools.chain([stretch], _readable(_file_bytes(self.path), self.path))
            )
        return self._key

    def blocks(self) -> Iterator[np.ndarray]:
        """float32 (n,) from the first sample to the last, 16 kHz."""
        if self._spool is not None:
            yield from _read_spool(self._spool, self.n_samples)
        elif self.ratio.up == self.ratio.down:  # reading again costs less than a copy
            yield from self._decoded()
        else:
            yield from self._decode_and_keep()

    def _decode_and_keep(self) -> Iterator[np.ndarray]:
        """The stretch, and a copy of it for the next reader if this one comes to the end."""
        spool = _open_spool(self)
        try:
            for block in self._decoded():
                with writing_temporary():
                    spool.write(block.tobytes())
                yield block
            with writing_temporary():
                spool.flush()
        except BaseException:  # also when the reader goes away
            spool.close()
            raise
        self._spool = spool

    def _decoded(self) -> Iterator[np.ndarray]:
        """The stretch, decoded and resampled; exactly `n_samples`, or an InputError."""
        margin = self.ratio.half_width // self.ratio.down + 2
        period = max(0, self.first // self.ratio.up - margin)
        skip, left = self.first - period * self.ratio.up, self.n_samples
        raw = _checked(
            self.decoder.blocks(period * self.ratio.down), self.decoder.sample_rate, self.path
        )
        for block in resample_blocks(raw, self.ratio):
            part = block[skip : skip + left]
            skip = max(0, skip - len(block))
            left -= len(part)
            if len(part):
                yield part
            if left == 0:
                return
        raise InputError(
            "Sound file became shorter while it was read", value=self.path, remedy="Try again."
        )


@dataclass(eq=False)
class _DecodedFile:
    """A temporary file of float32 samples at 16 kHz."""

    file: IO[bytes] = field(init=False)
    n_samples: int = 0
    sample_rate: int = SAMPLE_RATE

    def blocks(self, start: int = 0) -> Iterator[np.ndarray]:
        yield from _read_spool(self.file, self.n_samples - start, start)


def _decode_to_disk(path: Path, decoder: Decoder, ratio: Ratio, progress: Progress) -> _DecodedFile:
    """Everything that `decoder` has, at 16 kHz, in a temporary file."""
    decoded, n_samples = _DecodedFile(), 0
    decoded.file = spool = _open_spool(decoded)
    raw = _checked(decoder.blocks(), decoder.sample_rate, path)
    for block in resample_blocks(raw, ratio):
        with writing_temporary():
            spool.write(block.tobytes())
        n_samples += len(block)
        progress(
            1.0 - math.exp(-n_samples / (600.0 * SAMPLE_RATE)), "Decoding sound"
        )  # its length is unknown
    with writing_temporary():
        spool.flush()
    decoded.n_samples = n_samples
    return decoded


def _checked(blocks: Iterable[np.ndarray], sample_rate: int, path: Path) -> Iterator[np.ndarray]:
    position = 0
    for block in _readable(blocks, path):
        _check_finite(block, position, sample_rate, path)
        position += len(block)
        yield block


def _check_finite(samples: np.ndarray, position: int, sample_rate: int, path: object) -> None:
    is_sound = np.abs(samples) <= _LOUDEST
    if is_sound.all():
        return
    first = int(np.argmin(is_sound))
    what = "no sound" if np.isfinite(samples[first]) else "no numbers"
    at_s = (position + first) / sample_rate
    raise InputError(
        f"Sound holds values that are {what}, the first at {at_s:.3f} s",
        value=path,
        remedy="Export it again as 16-bit or 24-bit wav.",
    )


def _open_spool(owner: object) -> IO[bytes]:
    """A temporary file without a name that is closed when its owner goes."""
    spool = open_temporary()
    weakref.finalize(owner, spool.close)
    return spool


def _read_spool(spool: IO[bytes], n_samples: int, start: int = 0) -> Iterator[np.ndarray]:
    """float32 blocks; the place is kept here, so that several readers may take turns."""
    position, stop = start * 4, (start + n_samples) * 4
    while position < stop:
        spool.seek(position)
        raw = spool.read(min(_BLOCK * 4, stop - position))
        position += len(raw)
        yield np.frombuffer(raw, np.float32)


def _ratio(sample_rate: int) -> Ratio:
    if sample_rate < _MIN_RATE:
        raise InputError(
            "Sample rate too low", value=sample_rate, remedy="Use a recording of 8000 Hz or more."
        )
    if sample_rate > _MAX_RATE:
        raise InputError(
            "Sample rate too high", value=sample_rate, remedy="Use a recording of 48000 Hz."
        )
    return Ratio.from_rate(sample_rate)


def _no_samples(path: object) -> InputError:
    return InputError("Sound without samples", value=path, remedy="Record or export it again.")


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.blake2b(_KEY_VERSION, digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _readable(parts: Iterable[_T], path: Path) -> Iterator[_T]:
    """The parts of a file; a disk that cannot be read is told as such, whoever asks for them."""
    try:
        yield from parts
    except OSError as error:
        raise read_error(error, path) from error


def _file_bytes(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            yield part
