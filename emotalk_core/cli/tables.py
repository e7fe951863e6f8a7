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
from ..errors import InputError
from ..rows import read_text
from ..speech.languages import of_file_name

__all__ = ["FILES", "TABLES", "TEXTS", "is_empty", "is_file", "tables_beside", "texts_beside"]

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
    there is a sound NAME.de.wav, NAME.de.txt is its own. An empty one, which says that there are no
    words, goes behind all others.
    """
    folders = {folder: _texts_in(folder) for folder in {sound.parent for sound in sounds}}
    found = {}
    for sound in sounds:
        names = folders[sound.parent].get(sound.stem)
        if names:
            texts = map(sound.with_name, names)
            found[sound] = min(texts, key=lambda text: _rank(text, language))
    return found


def is_empty(text: Path) -> bool:
    """Whether nothing stands in a text: nobody speaks in its sound."""
    try:
        return not read_text(text, "text").strip()
    except InputError:  # told by whoever reads it
        return False


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


def _rank(text: Path, language: str) -> tuple[object, ...]:
    told, ending = of_file_name(text.name), TEXTS.index(text.suffix.lower())
    return is_empty(text), told != "", told != language, ending, text.name


def _beside(sound: Path, endings: Iterable[str]) -> Path | None:
    files = (sound.with_name(f"{sound.stem}{ending}") for ending in endings)
    return next(filter(is_file, files), None)


def is_file(path: Path) -> bool:
    """Whether there is one, whatever its name."""
    try:
        return path.is_file()
    except OSError:  # a longer name than there may be
        return False
