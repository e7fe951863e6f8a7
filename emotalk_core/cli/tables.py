"""Files of one sound's own, that say what is felt and what is said in it: flags name them, and
batches find them beside the sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

__all__ = ["TABLES", "TEXTS", "tables_beside", "text_beside"]

TABLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"feelings": (".feelings.csv",), "phones": (".phones.csv", ".phones.TextGrid")}
)
"""Flags that name such a file, and how its name ends beside NAME.wav."""

TEXTS: Final = (".lab", ".txt", ".srt", ".vtt", ".fountain")
"""How files of words end: those of corpora for Montreal Forced Aligner, subtitles, scripts."""


def tables_beside(sound: Path) -> dict[str, str]:
    """The files that lie beside a sound, by their flags."""
    found = {}
    for flag, endings in TABLES.items():
        table = _beside(sound, endings)
        if table is not None:
            found[flag] = str(table)
    return found


def text_beside(sound: Path) -> Path | None:
    """The file beside a sound that may hold its words: anything may, so batches have to be told."""
    return _beside(sound, TEXTS)


def _beside(sound: Path, endings: Iterable[str]) -> Path | None:
    files = (sound.with_name(f"{sound.stem}{ending}") for ending in endings)
    return next(filter(_is_file, files), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a longer name than there may be
        return False
