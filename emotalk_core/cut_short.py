"""Sound files that decoders read without a word although their end is missing: mp3 and Ogg.

Wav and flac say how many samples they have; these are refused where they are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

__all__ = ["is_cut_short"]

_LARGEST_PAGE: Final = 65_307  # bytes: RFC 3533, section 6
_LAST_PAGE: Final = 4  # flag of a page that ends a stream
_HAS_FRAMES, _HAS_BYTES = 1, 2  # flags of a Xing header
_SHARE: Final = 0.99  # what mpg123 takes for whole: some programs count a tag more or less


def is_cut_short(path: Path) -> bool:
    """Whether the file at `path` itself tells that its end is missing; False where it cannot."""
    try:
        with path.open("rb") as file:
            head = file.read(10)
            size = file.seek(0, 2)
            if head.startswith(b"OggS"):
                return _is_ogg_cut(file, size)
            start = _tag_length(head)
            if start or head[:1] == b"\xff":
                return _is_mp3_cut(file, start, size)
    except OSError:  # told by whoever reads it
        pass
    return False


def _is_ogg_cut(file: IO[bytes], size: int) -> bool:
    """Whether the last page is not whole, or does not end its stream."""
    file.seek(max(0, size - _LARGEST_PAGE))
    tail = file.read(_LARGEST_PAGE)
    at = tail.rfind(b"OggS")
    if at < 0:
        return False
    page = tail[at:]
    if len(page) < 27:
        return True
    n_segments = page[26]
    length = 27 + n_segments + sum(page[27 : 27 + n_segments])
    return len(page) < length or not page[5] & _LAST_PAGE


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
