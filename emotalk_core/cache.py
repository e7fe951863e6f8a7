"""Encodings on disk: float16, read stretch by stretch or mapped into memory. The cache may be
deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import struct
import sys
import tempfile
import weakref
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from .atomic_file import atomic_file, open_temporary, writing_temporary
from .engine import Encoding
from .errors import EmoTalkError

__all__ = ["Cleared", "EncodingCache", "StoredEncoding", "default_folder"]

_log = logging.getLogger(__name__)

_MAGIC: Final = b"EmoTalk encoding 1\n"
_HEAD_BYTES: Final = 4096
_SUFFIX: Final = ".encoding"
_COPY_BYTES: Final = 1 << 20

_told: Final[set[Path]] = set()  # folders that cannot be written to: one word of each is enough


def default_folder() -> Path:
    """Where this system keeps what can be made again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", _home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = _home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache")
    return base / "emotalk"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # in a container, of a user whom the system does not know
        return Path(tempfile.gettempdir())


class StoredEncoding:
    """An Encoding in an open file: one row of float16 for each frame, all fields side by side.

    A long sound's Encoding is never one array in memory: `read` takes the stretch that is asked
    for.
    """

    def __init__(self, file: IO[bytes], head: Mapping[str, Any], path: Path | None = None) -> None:
        self._file, self._path = file, path
        weakref.finalize(self, file.close)
        self.n_frames = int(head["n_frames"])
        self.notes: Mapping[str, Any] = head["notes"]  # what else was learnt from the sound
        self._widths = tuple(int(w) for w in head["widths"])

    def read(self, start: int, stop: int) -> Encoding:
        """The frames `start` .. `stop` as float32."""
        width = sum(self._widths)
        self._file.seek(_HEAD_BYTES + start * width * 2)
        raw = self._file.read((stop - start) * width * 2)
        return self._split(np.frombuffer(raw, "<f2").reshape(-1, width).astype(np.float32))

    def load(self) -> Encoding:
        """The whole Encoding as float16: mapped when it is a file of the cache."""
        shape = (self.n_frames, sum(self._widths))
        if self._path is not None:
            return self._split(
                np.memmap(self._file, "<f2", mode="r", offset=_HEAD_BYTES, shape=shape)
            )
        self._file.seek(_HEAD_BYTES)
        return self._split(np.frombuffer(self._file.read(), "<f2").reshape(shape))

    def copy_to(self, file: IO[bytes]) -> None:
        """Write the same bytes to another file."""
        self._file.seek(0)
        shutil.copyfileobj(self._file, file, _COPY_BYTES)

    def close(self) -> None:
        """Let go of the file; what `load` returned stays valid."""
        self._file.close()

    def _split(self, rows: np.ndarray) -> Encoding:
        ends = np.cumsum(self._widths)
        columns = [
            rows[:, end - width : end] for end, width in zip(ends, self._widths, strict=True)
        ]
        return Encoding(columns[0], columns[1], columns[2], columns[3][:, 0])

    @classmethod
    def from_pieces(
        cls, pieces: Iterable[Encoding], notes: Mapping[str, Any] | None = None
    ) -> StoredEncoding:
        """Consecutive pieces in a temporary file that vanishes with this object.

        `notes` is looked at after the last piece, so whoever makes the pieces may fill it
        meanwhile.
        """
        file = open_temporary()
        widths: list[int] = []
        n_frames = crc = 0
        try:
            with writing_temporary():
                file.write(b"\0" * _HEAD_BYTES)
            for piece in pieces:
                fields = [
                    np.asarray(field).reshape(len(field), -1) for field in piece.arrays.values()
                ]
                widths = [field.shape[1] for field in fields]
                rows = np.concatenate(fields, axis=1).astype("<f2").tobytes()
                crc = zlib.crc32(rows, crc)
                n_frames += piece.n_frames
                with writing_temporary():
                    file.write(rows)
            head = {"n_frames": n_frames, "widths": widths, "crc": crc, "notes": dict(notes or {})}
            text = json.dumps(head).encode()
            with writing_temporary():
                file.seek(0)
                file.write(_MAGIC + struct.pack("<I", len(text)) + text)
                file.flush()
        except BaseException:
            file.close()
            raise
        return cls(file, head)

    @classmethod
    def from_file(cls, path: Path) -> StoredEncoding:
        """The Encoding at `path`; ValueError or OSError when it is not whole."""
        file = path.open("rb")
        try:
            head_bytes = file.read(_HEAD_BYTES)
            if len(head_bytes) != _HEAD_BYTES or not head_bytes.startswith(_MAGIC):
                raise ValueError("no encoding")
            at = len(_MAGIC) + 4
            head = json.loads(head_bytes[at : at + struct.unpack("<I", head_bytes[at - 4 : at])[0]])
            crc = 0
            while block := file.read(_COPY_BYTES):
                crc = zlib.crc32(block, crc)
            if crc != head["crc"]:
                raise ValueError("wrong checksum")
            return cls(file, head, path)
        except BaseException:
            file.close()
            raise


@dataclass(frozen=True)
class Cleared:
    """What became of the Encodings of a folder."""

    n_removed: int
    n_bytes: int  # of those removed
    n_kept: int  # could not be removed: in use, on Windows


class EncodingCache:
    """A folder of Encodings by sound and engine; what was not used for longest goes first.

    Nothing depends on it: a folder that cannot be written to, a damaged file or one that is gone
    costs time alone.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 1_000_000_000) -> None:
        self.folder, self._max_bytes = folder, max_bytes

    def find(self, sound_key: str, engine_key: str) -> StoredEncoding | None:
        """The Encoding of that sound by that engine; None when it is not there, or not whole."""
        path = self._path(sound_key, engine_key)
        try:
            stored = StoredEncoding.from_file(path)
            os.utime(path)
        except (FileNotFoundError, NotADirectoryError):  # the latter is told when it is kept
            return None
        except (OSError, ValueError, KeyError) as error:
            _log.warning("Cached encoding %s is damaged (%s): made again", path, error)
            return None
        return stored

    def keep(self, sound_key: str, engine_key: str, stored: StoredEncoding) -> None:
        """Put a copy into the folder and make room; a first failure is logged and that is all."""
        path = self._path(sound_key, engine_key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_file(path) as file:
                stored.copy_to(file)
        except (OSError, EmoTalkError) as error:
            if self.folder not in _told:
                _told.add(self.folder)
                _log.warning("Encoding not cached, nor others perhaps: %s", error)
            return
        self._make_room(path)

    def clear(self) -> Cleared:
        """Remove every Encoding that can be removed."""
        found = self._files()
        gone = [n_bytes for _, n_bytes, path in found if _remove_unless_used(path)]
        return Cleared(len(gone), sum(gone), len(found) - len(gone))

    def _make_room(self, newest: Path) -> None:
        found = self._files()
        size = sum(n_bytes for _, n_bytes, _ in found)
        for _, n_bytes, path in found:
            if size <= self._max_bytes:
                break
            if path != newest and _remove_unless_used(path):
                size -= n_bytes

    def _files(self) -> list[tuple[int, int, Path]]:
        """Last use, bytes and path of each Encoding; what was not used for longest comes first."""
        found = []
        for path in self.folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):  # another process may have been faster
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        return sorted(found)

    def _path(self, sound_key: str, engine_key: str) -> Path:
        name = hashlib.blake2b(f"{sound_key} {engine_key}".encode(), digest_size=16).hexdigest()
        return self.folder / f"{name}{_SUFFIX}"


def _remove_unless_used(path: Path) -> bool:
    """Whether the file is gone now: on Windows one that somebody uses stays."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
