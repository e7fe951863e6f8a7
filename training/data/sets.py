"""Sets of takes by name: `KIND=FOLDER` as on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from emotalk_core.errors import InputError

from ..datasets import SPLITS
from .captures import CAPTURES, read_capture
from .clips_folder import load_clips_folder
from .etf import load_etf
from .parallel import load_parallel
from .takes import Take, numbered_persons

__all__ = ["KINDS", "load_sets"]

KINDS: Final = ("parallel", "3d-etf", "clips", *CAPTURES)
"""Synthesised shards; RAVDESS and HDTF; sounds with curves beside them; real captures."""


def load_sets(
    specs: Sequence[str], persons: int, *, skip: bool = False, faces: int = 12
) -> list[Take]:
    """Takes of all sets, their persons numbered through.

    Raises
    ------
    InputError
        No set, a kind that there is not, a set twice, or takes that cannot be used.
    """
    takes: list[Take] = []
    given: set[tuple[str, Path]] = set()
    for spec in specs:
        kind, equals, folder = spec.partition("=")
        if not equals or kind not in KINDS:
            raise InputError(
                "Not a set of takes", value=spec, remedy=f"Write KIND=FOLDER, {', '.join(KINDS)}."
            )
        one = (kind, Path(folder).resolve())
        if one in given:
            raise InputError(
                "A set is given twice",
                value=spec,
                remedy="Give it once: its takes would count double.",
            )
        given.add(one)
        takes += _load(kind, Path(folder), faces, skip=skip)
    if not any(t.split == "train" for t in takes):
        raise InputError(
            "Nothing to train on", value=", ".join(specs), remedy="Give --takes KIND=FOLDER."
        )
    if all(spec.startswith("parallel=") for spec in specs):
        return takes  # their persons are faces that unseen voices share
    return numbered_persons(takes, persons)


def _load(kind: str, folder: Path, faces: int, *, skip: bool) -> list[Take]:
    if kind == "parallel":
        parts = [split for split in SPLITS if (folder / split).is_dir()]
        return [t for part in parts for t in load_parallel(folder / part, part, faces)]
    if kind == "3d-etf":
        return load_etf(folder, skip=skip)
    if kind == "clips":
        return load_clips_folder(folder, skip=skip)
    return read_capture(folder, kind)
