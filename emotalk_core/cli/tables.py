"""Files of one sound's own, that say what is felt and what is said in it: flags name them, and
batches find them beside the sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..audio.decoders import AUDIBLE_SUFFIXES
from ..speech.languages import of_file_name

__all__ = ["FILES", "TABLES", "TEXTS", "tables_beside", "texts_beside"]

TABLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"feelings": (".feelings.csv",), "phones": (".phones.csv", ".phones.TextGrid")}
)
"""Flags that name such a file, and how its name ends beside NAME.wav."""

FILES: Final = (*TABLES, "script", "usual")
"""Flags that name a file to read, always."""

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


def texts_beside(sounds: Sequence[Path], language: str) -> dict[Path, Path]:
    """The files beside sounds that may hold their words: anything may, so batches have to be told.

    NAME.txt goes before NAME.de.txt, and of such names the one of `language` before others; where
    there is a sound NAME.de.wav, NAME.de.txt is its own.
    """
    folders = {folder: _texts_in(folder) for folder in {sound.parent for sound in sounds}}
    found = {}
    for sound in sounds:
        names = folders[sound.parent].get(sound.stem)
        if names:
            found[sound] = sound.with_name(min(names, key=lambda name: _rank(name, language)))
    return found


def _texts_in(folder: Path) -> dict[str, list[str]]:
    """The names of texts in a folder, by the names of sounds that they may belong to."""
    found: dict[str, list[str]] = {}
    with suppress(OSError):  # a longer name than there may be
        paths = [*folder.iterdir()]
        sounds = {path.stem for path in paths if path.suffix.lower() in AUDIBLE_SUFFIXES}
        for path in paths:
            if path.suffix.lower() in TEXTS and path.is_file():
                found.setdefault(path.stem, []).append(path.name)
                if of_file_name(path.name) and path.stem not in sounds:
                    found.setdefault(Path(path.stem).stem, []).append(path.name)
    return found


def _rank(name: str, language: str) -> tuple[object, ...]:
    told = of_file_name(name)
    return told != "", told != language, TEXTS.index(Path(name).suffix.lower()), name


def _beside(sound: Path, endings: Iterable[str]) -> Path | None:
    files = (sound.with_name(f"{sound.stem}{ending}") for ending in endings)
    return next(filter(_is_file, files), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a longer name than there may be
        return False
