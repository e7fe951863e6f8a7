"""One BLAS thread for as long as our own threads are at work.

The engine gives every processor a window of its own. An OpenBLAS that starts threads beside them
makes each product wait for the slowest: on a busy machine that is ten times slower than one thread.
What `threadpoolctl` does for all libraries is done here for the one that numpy's wheels carry, so
that numpy stays the only need.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

__all__ = ["one_blas_thread"]

_PREFIXES: Final = ("scipy_openblas", "openblas")
_SUFFIXES: Final = ("64_", "_64", "")
_MAPS: Final = Path("/proc/self/maps")


class _Switch(NamedTuple):
    get: Callable[[], int]
    set: Callable[[int], object]


class _Users:
    """How many stretches of work are inside, and what to put back after the last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.before = 1


_USERS: Final = _Users()


@contextmanager
def one_blas_thread() -> Generator[None]:
    """Within it numpy's OpenBLAS runs in the calling thread alone; another BLAS stays as it is."""
    switch = _find_switch()
    if switch is None:
        yield
        return
    with _USERS.lock:
        if _USERS.count == 0:
            _USERS.before = switch.get()
            switch.set(1)
        _USERS.count += 1
    try:
        yield
    finally:
        with _USERS.lock:
            _USERS.count -= 1
            if _USERS.count == 0:
                switch.set(_USERS.before)


@functools.cache
def _find_switch() -> _Switch | None:
    for path in _libraries():
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                get = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                put = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                if get is not None and put is not None:
                    return _Switch(get, put)
    return None


def _libraries() -> list[Path]:
    """OpenBLAS files that this process has loaded, or that lie in numpy's wheel."""
    numpy_folder = Path(np.__file__).parent
    folders = (numpy_folder.parent / "numpy.libs", numpy_folder / ".libs", numpy_folder / ".dylibs")
    found = [path for folder in folders for path in sorted(folder.glob("*openblas*"))]
    if not found and _MAPS.exists():
        lines = _MAPS.read_text(errors="replace").splitlines()
        found = sorted({Path(line.split()[-1]) for line in lines if "openblas" in line})
    return found
