"""The sets of recordings, in one place: what the starter learns from, and what it is judged by.

A new set is one row here and a reader in a file of its own; that it is drawn (`config.SetShares`,
`HeardShares`) and how many copies it has (`FeatureSettings`) are settings of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .cremad import load_cremad
from .datasets import (
    Recording,
    load_emodb,
    load_german,
    load_open_speech,
    load_ravdess,
    load_synth,
    load_voices,
    make_quiet,
)
from .filmed import load_facegood, load_grid, load_llf
from .retold import acted_by_rule, at_other_speeds, in_other_voices

if TYPE_CHECKING:
    from .work import Work

__all__ = ["JUDGED", "SETS", "JudgedSet", "LearntSet"]


@dataclass(frozen=True)
class LearntSet:
    """A set that a run learns from."""

    read: Callable[[Work], list[Recording]]
    """All of it: test splits are left out by whoever asks."""
    is_wanted: Callable[[Work], bool] = lambda _: True
    """Whether it was brought along, or the config asks for it."""
    clean_copies: int = 1
    """Speech that a program made or spoke again is cleaner than any recording, and has its original
    beside it: 0, all of its copies are altered.
    """
    has_features: bool = True
    """Else only its sound is listened to, in the lesson in noise."""


def _quiet(work: Work) -> list[Recording]:
    return make_quiet(work.config.features.quiet_clips, work.config.seed)


def _timed(work: Work) -> list[Recording]:
    """Open speech whose phones came with it."""
    given = {r.name for r in load_open_speech(work.data) if r.phones}
    return [r for r in load_open_speech(work.data, work.aligned) if r.name in given]


def _aligned(work: Work) -> list[Recording]:
    """Open speech whose phones were found."""
    given = {r.name for r in load_open_speech(work.data) if r.phones}
    found = load_open_speech(work.data, work.aligned)
    return [r for r in found if r.phones and r.name not in given]


def _plain(work: Work) -> list[Recording]:
    """Open speech of which no phones are known."""
    found = [r for r in load_open_speech(work.data, work.aligned) if not r.phones]
    return found[: work.config.features.plain_clips]


def _german(work: Work) -> list[Recording]:
    return [r for r in load_german(work.data, work.told) if r.phones]


@cache
def _german_voiced(work: Work) -> list[Recording]:
    """Kept, because a core speaks a minute again in ten seconds."""
    return in_other_voices(_german(work), copies=1)


def _acted(work: Work) -> list[Recording]:
    readers = [r for r in work.recordings("open_speech") if r.split == "train"]
    return acted_by_rule(readers, work.config.features.acting_readers)


def _is_told(work: Work) -> bool:
    return work.told.is_file()


SETS: Final[dict[str, LearntSet]] = {
    "open_speech": LearntSet(_timed),
    "read": LearntSet(_aligned),
    "grid": LearntSet(lambda work: load_grid(work.data)),
    "facegood": LearntSet(lambda work: load_facegood(work.data)),
    "synth": LearntSet(lambda work: load_synth(work.synth, "synth"), clean_copies=0),
    "kokoro": LearntSet(
        lambda work: load_synth(work.kokoro, "kokoro"),
        lambda work: work.config.synthesis.kokoro_minutes > 0,
        clean_copies=0,
    ),
    "quiet": LearntSet(_quiet),
    "emodb": LearntSet(lambda work: load_emodb(work.data)),
    "german": LearntSet(_german, _is_told),
    "german_voiced": LearntSet(_german_voiced, _is_told, clean_copies=0),
    "sped": LearntSet(lambda work: at_other_speeds(work.recordings("emodb"))),
    "voiced": LearntSet(lambda work: in_other_voices(work.recordings("emodb"))),
    "acted": LearntSet(_acted),
    "cremad": LearntSet(
        lambda work: load_cremad(work.data), lambda work: (work.data / "cremad").is_dir()
    ),
    "plain": LearntSet(_plain, has_features=False),
    "voices": LearntSet(lambda work: load_voices(work.data), has_features=False),
}
"""By name. The seed of a set's features is its place: new ones come last."""


@dataclass(frozen=True)
class JudgedSet:
    """A set that figures are told of."""

    read: Callable[[Path], list[Recording]]
    dev: str
    """What the score tool calls the split that dev is a part of."""


JUDGED: Final[dict[str, JudgedSet]] = {
    "ravdess": JudgedSet(load_ravdess, "dev"),
    "emodb": JudgedSet(load_emodb, "dev"),
    "open_speech": JudgedSet(load_open_speech, "train"),
    "grid_mp": JudgedSet(load_grid, "val"),
    "facegood_zh": JudgedSet(load_facegood, "val"),
    "llf": JudgedSet(load_llf, "test"),
}
"""By the names that the score tool has for them."""
