"""The words of many sounds by one recogniser. Which language a short sound is in is hard to hear,
so those that are not sure wait for what the others are spoken in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..audio import SoundSource
from ..errors import EmoTalkError, RecogniserError
from ..progress import Progress, part_of, silent
from .heard_words import HeardWords, Hearing, Recogniser, hearing

__all__ = ["Languages", "Spoken", "words_of_sounds"]

_SURE: Final = 0.9
"""How likely a language has to be."""
_OPENED: Final = 0.1  # of the time


@dataclass(frozen=True)
class Spoken:
    """A sound whose words are wanted."""

    open: Callable[[Progress], SoundSource]
    language: str = ""  # as `pronounced` takes it; empty: as it is heard
    progress: Progress = silent


class Languages:
    """Which languages sounds are spoken in."""

    def __init__(self) -> None:
        self._spoken = defaultdict[str, float](float)

    def add(self, heard: HeardWords) -> None:
        """Let a sound count, for each language as far as it is likely."""
        for language, share in (heard.likely or {heard.language: 1.0}).items():
            self._spoken[language] += share

    def likeliest(self, heard: HeardWords) -> str:
        """The language of a sound that was added: by Bayes' rule how likely it is by the sound,
        times how many of the sounds are in it.
        """
        likely = heard.likely
        if not _is_unsure(heard):
            return heard.language
        return max(likely, key=lambda language: likely[language] * self._spoken[language])


def _is_unsure(heard: HeardWords) -> bool:
    """Whether a sound may be in another language than its words were heard in."""
    return bool(heard.likely) and max(heard.likely.values()) < _SURE


def words_of_sounds(
    sounds: Sequence[Spoken], recogniser: Recogniser
) -> Iterator[tuple[int, HeardWords | EmoTalkError]]:
    """The place of each sound among them, and its words or why it has none, as they come.

    Raises
    ------
    RecogniserError
        What every sound would meet: no recogniser, model or device.
    Cancelled
        From their progress; the recogniser is gone then.
    """
    languages, waiting = Languages(), dict[int, HeardWords]()
    with hearing(recogniser) as recognised:
        for i, sound in enumerate(sounds):
            heard = _attempted(recognised, sound, sound.language)
            if isinstance(heard, HeardWords):
                languages.add(heard)
                if _is_unsure(heard):
                    waiting[i] = heard
                    continue
            yield i, heard
        for i, heard in waiting.items():
            language = languages.likeliest(heard)
            is_other = language != heard.language
            yield i, _attempted(recognised, sounds[i], language) if is_other else heard


def _attempted(recognised: Hearing, sound: Spoken, language: str) -> HeardWords | EmoTalkError:
    try:
        opened = sound.open(part_of(sound.progress, 0.0, _OPENED))
        return recognised.words(opened, language, part_of(sound.progress, _OPENED, 1.0))
    except RecogniserError:
        raise
    except EmoTalkError as error:
        return error
