"""Which reader opens a sound file: our own for wav, soundfile or PyAV for the rest, where they are
installed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from ..errors import InputError, SetupError
from .wav import WavFile, has_wav_header, open_wav

__all__ = [
    "AUDIBLE_SUFFIXES",
    "SOUND_SUFFIXES",
    "Decoder",
    "no_such_channel",
    "open_decoder",
    "read_error",
    "readable_formats",
    "to_mono",
]

SOUND_SUFFIXES: Final = frozenset(
    {".wav", ".wave", ".w64", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".m4b", ".aac"}
    | {".aif", ".aiff", ".aifc", ".au", ".caf", ".wma", ".wv"}
)
AUDIBLE_SUFFIXES: Final = SOUND_SUFFIXES | {".mp4", ".mov", ".mkv", ".webm"}
"""Sounds and films: what a folder is searched for. A file that is named may be called anything."""

_BLOCK_FRAMES = 65_536
_HEAD_BYTES: Final = 189  # of a transport stream: a packet, and how the next one begins
_MAGIC: Final[tuple[tuple[int, bytes], ...]] = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"BW64"),
    (0, b"riff"),  # Wave64
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"FORM"),
    (0, b"caff"),
    (0, b".snd"),
    (4, b"ftyp"),
    (0, b"\x1aE\xdf\xa3"),  # Matroska, WebM
    (0, b"0&\xb2u"),  # ASF: wma, wmv
    (0, b"wvpk"),  # WavPack
    (0, b"TTA1"),
    (0, b"MAC "),  # Monkey's Audio
    (0, b"\x0bw"),  # AC-3
    (0, b"#!AMR"),
    (0, b"FLV\x01"),
    (0, b"NIST_1A"),  # Sphere: speech corpora
    (0, b"Creative Voice"),
    (0, b"\0\0\x01\xba"),  # MPEG films
    # QuickTime before mp4
    *((4, name) for name in (b"moov", b"mdat", b"wide", b"free", b"skip")),
)
_NO_SOUND: Final = "Use a sound or film file that plays elsewhere."


class Decoder(Protocol):
    """A sound file opened for reading at its own rate."""

    @property
    def sample_rate(self) -> int:
        """Hz."""
        ...

    @property
    def n_samples(self) -> int | None:
        """Length at the file's own rate; None where only reading tells."""
        ...

    def blocks(self, start: int = 0) -> Iterator[np.ndarray]:
        """float32 (n,) of the channel that was asked for, or the mean of all, from sample `start`
        on.
        """
        ...


def readable_formats() -> dict[str, bool]:
    """Which readers are here: what `emotalk doctor` shows."""
    return {
        "wav": True,
        "flac, mp3, ogg, opus, aiff (soundfile)": importlib.util.find_spec("soundfile") is not None,
        "m4a, mp4, mov, mkv, webm (av)": importlib.util.find_spec("av") is not None,
    }


def read_error(error: OSError, path: Path) -> InputError:
    """What went wrong while reading the sound at `path`, as an error that the user can mend."""
    return InputError("Sound file cannot be read", value=path, remedy=f"{error.strerror or error}.")


def open_decoder(path: Path, channel: int | None = None) -> _Reader:
    """The reader for the file at `path`, chosen by what is in it, not by its name.

    Parameters
    ----------
    path : Path
    channel : int, optional
        The one channel that is read, from 1; without it the mean of all.

    Raises
    ------
    InputError
        Missing, a folder, empty, damaged, no sound at all, or without that channel.
    SetupError
        A sound that only soundfile or PyAV can read, and neither is installed.
    """
    head = _read_head(path)
    if has_wav_header(head):
        wav = open_wav(path)
        if wav is not None:
            return _on_channel(wav, channel)
    if not _looks_like_sound(head):
        raise InputError("Not a sound file", value=path, remedy=_NO_SOUND)
    return _on_channel(_open_with_library(path), channel)


def _on_channel(decoder: _Reader, channel: int | None) -> _Reader:
    if channel is not None and not 1 <= channel <= decoder.n_channels:
        raise no_such_channel(channel, decoder.n_channels, decoder.path)
    return replace(decoder, channel=channel)


def no_such_channel(channel: int, n_channels: int, sound: object) -> InputError:
    """What is wrong with asking for `channel` of a sound that has fewer."""
    there = "1" if n_channels == 1 else f"1 to {n_channels}"
    return InputError(
        "The sound has no such channel", value=f"{channel} of {sound}", remedy=f"Use {there}."
    )


def _read_head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(
                "A folder, not a sound file",
                value=path,
                remedy="Name a file, or use `emotalk batch`.",
            )
        if path.is_fifo():
            raise InputError(
                "A pipe, not a sound file",
                value=path,
                remedy="Save it first: a sound is read more than once.",
            )
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        remedy = "Mend the link, which leads nowhere." if path.is_symlink() else "Check the name."
        raise InputError("No such sound file", value=path, remedy=remedy) from error
    except OSError as error:
        raise read_error(error, path) from error
    except ValueError as error:  # a NUL, or half a letter
        raise InputError("No name of a file", value=path, remedy="Check the name.") from error
    if not head:
        raise InputError("Sound file is empty", value=path, remedy="Export it again.")
    return head


def _looks_like_sound(head: bytes) -> bool:
    is_mpeg = head[0] == 0xFF and len(head) > 1 and head[1] & 0xE0 == 0xE0
    is_transport = head[:1] == head[188:] == b"G"
    known = any(head[at : at + len(magic)] == magic for at, magic in _MAGIC)
    return is_mpeg or is_transport or known


def _open_with_library(path: Path) -> _Reader:
    tried = []
    for name, opener in (("soundfile", _open_soundfile), ("av", _open_av)):
        if importlib.util.find_spec(name) is None:
            continue
        tried.append(name)
        decoder = opener(path)
        if decoder is not None:
            return decoder
    if len(tried) == 2:
        raise InputError("Damaged file, or a film without sound", value=path, remedy=_NO_SOUND)
    raise SetupError(
        "No reader for this sound file is installed",
        value=path,
        remedy="Convert it to wav, or: pip install soundfile av.",
    )


@dataclass(frozen=True)
class _SoundfileDecoder:
    """libsndfile: flac, mp3, ogg, opus, aiff, and the rarer kinds of wav."""

    path: Path
    sample_rate: int
    n_channels: int
    channel: int | None = None
    n_samples: int | None = None  # libsndfile estimates it for some mp3

    def blocks(self, start: int = 0) -> Iterator[np.ndarray]:
        import soundfile

        try:
            with soundfile.SoundFile(_native(self.path)) as file:
                while len(samples := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
                    mono = to_mono(samples, self.channel)
                    yield mono[start:]
                    start = max(0, start - len(mono))
        except soundfile.LibsndfileError as error:
            raise _damaged(self.path, error) from error


def _open_soundfile(path: Path) -> _SoundfileDecoder | None:
    import soundfile

    try:
        with soundfile.SoundFile(_native(path)) as file:
            return _SoundfileDecoder(path, file.samplerate, file.channels)
    except soundfile.LibsndfileError:
        return None


def _native(path: Path) -> str | bytes:
    """A name as soundfile takes it: text has to be UTF-8, which names of old disks are not."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


@dataclass(frozen=True)
class _AvDecoder:
    """FFmpeg's libraries through PyAV: m4a, films, everything else. The first sound stream that
    they know is taken.
    """

    path: Path
    sample_rate: int
    n_channels: int
    channel: int | None = None
    n_samples: int | None = None

    def blocks(self, start: int = 0) -> Iterator[np.ndarray]:
        import av

        try:
            with av.open(str(self.path)) as container:
                stream = _stream_of(container)
                to_planar = av.AudioResampler(format="fltp")
                for frame in container.decode(stream):
                    for plain in to_planar.resample(frame):
                        mono = to_mono(plain.to_ndarray().T, self.channel)
                        yield mono[start:]
                        start = max(0, start - len(mono))
        except av.FFmpegError as error:
            raise _damaged(self.path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    why = str(error).strip().rstrip(".")
    return InputError(f"Damaged sound file ({why})", value=path, remedy="Export it again.")


_Reader: TypeAlias = WavFile | _SoundfileDecoder | _AvDecoder
"""Every decoder that there is."""


def to_mono(samples: np.ndarray, channel: int | None) -> np.ndarray:
    """float32 (n,): one channel of (n, channels), or the mean of all."""
    if channel is None:
        return samples.mean(axis=1, dtype=np.float32)
    return np.ascontiguousarray(samples[:, channel - 1])


def _stream_of(container: Any) -> Any | None:
    """The first one with a codec: phones write spatial sound, which FFmpeg lacks, beside plain."""
    return next((stream for stream in container.streams.audio if stream.codec_context), None)


def _open_av(path: Path) -> _AvDecoder | None:
    import av

    try:
        with av.open(str(path)) as container:
            stream = _stream_of(container)
            if stream is None:
                return None
            codec = stream.codec_context
            return _AvDecoder(path, int(codec.sample_rate), int(codec.channels))
    except (av.FFmpegError, ValueError):
        return None
