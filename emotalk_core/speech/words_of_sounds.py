"""The words of many sounds by one recogniser. Which language a short sound is in is hard to hear,
so those that are not sure wait for what the others are spoken in, or go by their names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..audio import SoundSource
from ..errors import EmoTalkError, RecogniserError
from ..progress import Progress, part_of, silent
from .heard_words import HeardWords, Hearing, Recogniser, hearing

__all__ = ["Languages", "Spoken", "words_of_sounds"]

_SURE: Final = 0.9
"""How likely a language has to be."""
_NAMED: Final = 1000.0
"""How many times a name is right for each time that it only looks like a language's."""
_OPENED: Final = 0.1  # of the time


@dataclass(frozen=True)
class Spoken:
    """A sound whose words are wanted."""

    open: Callable[[Progress], SoundSource]
    language: str = ""  # as `pronounced` takes it; empty: as it is heard
    progress: Progress = silent
    named: str = ""  # the language that its name tells, for one that is not sure
    group: Hashable = None  # of sounds that are likely to be in one language


class Languages:
    """Which languages sounds are spoken in, those of a group and all."""

    def __init__(self) -> None:
        self._of_group = defaultdict[Hashable, defaultdict[str, float]](_none)
        self._of_all, self._n = _none(), 0

    def add(self, heard: HeardWords, group: Hashable = None) -> None:
        """Let a sound count, for each language as far as it is likely."""
        self._n += 1
        for language, share in (heard.likely or {heard.language: 1.0}).items():
            self._of_group[group][language] += share
            self._of_all[language] += share

    def likeliest(self, heard: HeardWords, named: str = "", group: Hashable = None) -> str:
        """The language of a sound that was added: that which its name tells, else by Bayes' rule
        how likely it is by the sound, times how many of its group are in it. The group has one
        sound more that stands for all.
        """
        likely, own = heard.likely, self._of_group[group]
        if not _is_unsure(heard):
            return heard.language
        if likely.get(named, 0.0) * _NAMED > max(likely.values()):
            return named
        return max(likely, key=lambda one: likely[one] * (own[one] + self._of_all[one] / self._n))


def _none() -> defaultdict[str, float]:
    return defaultdict(float)


def _is_unsure(heard: HeardWords) -> bool:
    """Whether a sound may be in another language than its words were heard in."""
    return bool(heard.likely) and max(heard.likely.values()) < _SURE


def words_of_sounds(
    sounds: Sequence[Spoken], recogniser: Recogniser, languages: Languages | None = None
) -> Iterator[tuple[int, HeardWords | EmoTalkError]]:
    """The place of each sound among them, and its words or why it has none, as they come.
    `languages` has what is known of sounds beside these.

    Raises
    ------
    RecogniserError
        What every sound would meet: no recogniser, model or device.
    Cancelled
        From their progress; the recogniser is gone then.
    """
    languages, waiting = languages or Languages(), dict[int, HeardWords]()
    with hearing(recogniser) as recognised:
        for i, sound in enumerate(sounds):
            heard = _attempted(recognised, sound, sound.language)
            if isinstance(heard, HeardWords):
                languages.add(heard, sound.group)
                if _is_unsure(heard):
                    waiting[i] = heard
                    continue
            yield i, heard
        for i, heard in waiting.items():
            language = languages.likeliest(heard, sounds[i].named, sounds[i].group)
            again = heard
            if language != heard.language:
                again = _attempted(recognised, sounds[i], language)
            yield i, again if isinstance(again, HeardWords) else heard


def _attempted(recognised: Hearing, sound: Spoken, language: str) -> HeardWords | EmoTalkError:
    try:
        opened = sound.open(part_of(sound.progress, 0.0, _OPENED))
        return recognised.words(opened, language, part_of(sound.progress, _OPENED, 1.0))
    except RecogniserError:
        raise
    except EmoTalkError as error:
        return error
