"""The usual voice of a speaker, from a sound that a flag names."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..audio import open_sound
from ..cache import EncodingCache
from ..controls import ControlTrack
from ..engine import Engine
from ..pipeline import hear_usual
from ..progress import Progress, part_of
from ..usual_voice import UsualVoice
from .progress import progress_for
from .streams import tell

__all__ = ["UsualVoices", "add_usual_flag", "tell_doubt", "usual_progress"]


def add_usual_flag(group: Any) -> None:
    """Beside what feelings are heard."""
    group.add_argument(
        "--usual", metavar="SOUND",
        help="a sound in which the same speaker feels nothing in particular, some sentences long: "
        "feelings are heard beside it, so that a voice that is rough or sad by nature wears none; "
        "starter models",
    )  # fmt: skip


def usual_progress(arguments: argparse.Namespace) -> Progress:
    """What `--progress` asks for, for what comes before all sounds."""
    return progress_for(arguments.progress, label="usual voice")


def tell_doubt(found: UsualVoice, sound: str) -> UsualVoice:
    """The same, told where it counts for less than half."""
    if found.doubt:
        tell(f"emotalk: {sound}: {found.doubt}")
    return found


@dataclass(frozen=True)
class UsualVoices:
    """Of many sounds' speakers: each is heard once."""

    engine: Engine
    cache: EncodingCache | None
    _known: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def told(self, track: ControlTrack, usual: str | None, progress: Progress) -> ControlTrack:
        """The track with the voice that is usual in the sound `usual`, if one is named.

        Raises
        ------
        InputError
            The sound cannot be read, or as of `hear_usual`.
        """
        if usual is None:
            return track
        if usual not in self._known:
            sound = open_sound(Path(usual), progress=part_of(progress, 0.0, 0.1))
            hearing = part_of(progress, 0.1, 1.0)
            found = hear_usual(sound, self.engine, cache=self.cache, progress=hearing)
            self._known[usual] = tell_doubt(found, usual).more
        return replace(track, usual=self._known[usual])
