"""Sound and film files that decoders read without a word although their end is missing, or, in Ogg,
some of their middle.

Wav is refused where it is read. Mp3 and Ogg are looked at as streams; aiff, caf, au, Wave64, mp4,
mov, avi and Matroska say how many bytes they have; flac says how many samples, of which Blender's
reader gives what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Literal

__all__ = ["is_cut_short", "samples_told"]

_LARGEST_HEAD: Final = 282  # bytes of a page before its content: RFC 3533, section 6
_LAST_PAGE: Final = 4  # flag of a page that ends a stream
_HAS_FRAMES, _HAS_BYTES = 1, 2  # flags of a Xing header
_SHARE: Final = 0.99  # what mpg123 takes for whole: some programs count a tag more or less


def is_cut_short(path: Path) -> bool:
    """Whether the file at `path` itself tells that its end is missing; False where it cannot."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            size = file.seek(0, 2)
            if head.startswith(b"OggS"):
                return _is_ogg_cut(file, size)
            start = _tag_length(head)
            if start or head[:1] == b"\xff":
                return _is_mp3_cut(file, start, size)
            return _end_told(file, head) > size
    except (OSError, OverflowError):  # no disk, a size beyond all bounds: told by whoever reads it
        pass
    return False


def samples_told(path: Path) -> int:
    """Samples that a flac file says it has, at its own rate (RFC 9639); 0 where it does not."""
    with path.open("rb") as file:
        head = file.read(26)
    is_flac = head.startswith(b"fLaC") and len(head) == 26
    return int.from_bytes(head[18:], "big") & (1 << 36) - 1 if is_flac else 0


def _end_told(file: IO[bytes], head: bytes) -> int:
    """Bytes that a file has by its own account; 0 where it does not tell."""
    for at, magic, told in _TELLERS:
        if head[at : at + len(magic)] == magic:
            return told(file)
    return 0


def _number(file: IO[bytes], at: int, n_bytes: int, order: Literal["big", "little"]) -> int:
    """A size; 0 for one that was never filled in (all ones: a stream), and beyond the end."""
    file.seek(at)
    raw = file.read(n_bytes)
    return 0 if raw == b"\xff" * n_bytes else int.from_bytes(raw, order)


def _end_of_form(file: IO[bytes]) -> int:
    """AIFF. Some programs count the byte that evens a chunk out, and do not write it."""
    return _number(file, 4, 4, "big") + 7


def _end_of_avi(file: IO[bytes]) -> int:
    return _number(file, 4, 4, "little") + 8


def _end_of_wave64(file: IO[bytes]) -> int:
    return _number(file, 16, 8, "little")


def _end_of_au(file: IO[bytes]) -> int:
    return _number(file, 4, 4, "big") + _number(file, 8, 4, "big")


def _end_of_caf(file: IO[bytes]) -> int:
    """Chunks up to the sound."""
    at = 8
    while True:
        file.seek(at)
        name, length = file.read(4), _number(file, at + 4, 8, "big")
        if name == b"data" or len(name) < 4:
            return at + 12 + length if length else 0
        at += 12 + length


def _end_of_boxes(file: IO[bytes]) -> int:
    """Mp4 and mov (ISO 14496-12): boxes, the last one perhaps without a size."""
    at = 0
    while length := _number(file, at, 4, "big"):
        if length == 1:  # a long one: its size follows its name
            length = _number(file, at + 8, 8, "big")
        if length < 8:
            return 0
        at += length
    return at


def _end_of_matroska(file: IO[bytes]) -> int:
    """Matroska and WebM (RFC 8794): one element after the head, which has all."""
    start, head = _element(file, 0)
    return sum(_element(file, start + head))


def _element(file: IO[bytes], at: int) -> tuple[int, int]:
    """Where the content of an element starts, and its length; no length if it is not known."""
    file.seek(at + 4)  # both elements have names of four bytes
    first = file.read(1)
    if first in (b"", b"\0"):
        return 0, 0
    n_bytes = 9 - first[0].bit_length()
    ones = (1 << 7 * n_bytes) - 1
    length = _number(file, at + 4, n_bytes, "big") & ones
    return (0, 0) if length in (0, ones) else (at + 4 + n_bytes, length)


_TELLERS: Final[tuple[tuple[int, bytes, Callable[[IO[bytes]], int]], ...]] = (
    (0, b"FORM", _end_of_form),
    (8, b"AVI ", _end_of_avi),
    (0, b"riff", _end_of_wave64),
    (0, b".snd", _end_of_au),
    (0, b"caff", _end_of_caf),
    (4, b"ftyp", _end_of_boxes),
    (0, b"\x1aE\xdf\xa3", _end_of_matroska),
)


def _is_ogg_cut(file: IO[bytes], size: int) -> bool:
    """Whether a page is not whole, or not where the one before it ends (decoders go on with the
    next, and all that follows comes too early), or the last one does not end its stream.
    """
    at, is_ended = 0, False
    while at < size:
        file.seek(at)
        head = file.read(_LARGEST_HEAD)
        if not head.startswith(b"OggS"):
            return not is_ended  # what follows the end is some program's note
        if len(head) < 27:
            return True
        is_ended = bool(head[5] & _LAST_PAGE)
        n_segments = head[26]
        at += 27 + n_segments + sum(head[27 : 27 + n_segments])
    return at > size or not is_ended


def _tag_length(head: bytes) -> int:
    """Bytes of an ID3v2 tag before the sound, 0 if there is none."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    length = 0
    for seven_bits in head[6:10]:
        length = length << 7 | seven_bits & 0x7F
    return 10 + length


def _is_mp3_cut(file: IO[bytes], start: int, size: int) -> bool:
    """Whether fewer bytes are there than the header of the first frame says."""
    file.seek(start)
    frame = file.read(64)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0:
        return False
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    at += 12 if flags & _HAS_FRAMES else 8
    n_bytes = int.from_bytes(frame[at : at + 4], "big") if flags & _HAS_BYTES else 0
    return size - start < _SHARE * n_bytes
