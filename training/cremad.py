"""CREMA-D: acted English of 91 people, sound and feeling alone (Cao et al., "CREMA-D: Crowd-sourced
Emotional Multimodal Actors Dataset", 2014; Open Database License).

Many of its clips are hardly acted: of its own listeners, who heard the sound alone, most name the
feeling that was meant in two clips of five. Only those are taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.controls import emotion_weights
from emotalk_core.errors import InputError

from .datasets import Recording, read_rows, split_of

__all__ = ["load_cremad"]

_FEELINGS: Final = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
_POINTER: Final = 1024  # bytes; more than any pointer has, less than any sound
_VOTES: Final = Path("processedResults") / "summaryTable.csv"


def load_cremad(data: Path) -> list[Recording]:
    """The clips in which the feeling that was meant is heard, of `cremad` as its authors publish it
    (with the sounds, which Git LFS holds); some of its actors are dev, by a hash of the name. Empty
    where it was not brought along.

    Raises
    ------
    InputError
        The listeners' votes or the sounds are not there.
    """
    folder = data / "cremad"
    if not folder.is_dir():
        return []
    if not (folder / _VOTES).is_file():
        raise InputError(
            "CREMA-D's votes are missing", value=folder / _VOTES, remedy="Clone the set whole."
        )
    recordings = []
    for row in read_rows(folder / _VOTES):
        actor, _, feeling, _ = row["FileName"].split("_")
        if row["VoiceVote"] != feeling[0]:  # a letter for each feeling; ties name several
            continue
        recordings.append(
            Recording(
                name=f"cremad/{row['FileName']}",
                source=folder / "AudioWAV" / f"{row['FileName']}.wav",
                speaker=f"cremad_{actor}",
                split=split_of(f"cremad_{actor}"),
                emotion=emotion_weights({_FEELINGS[feeling]: 1.0}),
            )
        )
    for sound in [r.source for r in recordings if not _is_sound(r.source)]:
        raise InputError(
            "CREMA-D's sounds are missing", value=sound, remedy="Run `git lfs pull` in the clone."
        )
    return recordings


def _is_sound(source: Path | np.ndarray) -> bool:
    """Not a pointer of Git LFS, which is a few lines of text."""
    return isinstance(source, np.ndarray) or (source.is_file() and source.stat().st_size > _POINTER)
