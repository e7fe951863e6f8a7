"""The words of many sounds by one recogniser. Which language a short sound is in is hard to hear,
so those that are not sure wait for what the others are spoken in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..audio import SoundSource
from ..errors import EmoTalkError, RecogniserError
from ..progress import Progress, part_of, silent
from .heard_words import HeardWords, Hearing, Recogniser, hearing

__all__ = ["Spoken", "words_of_sounds"]

_SURE: Final = 0.9
"""How likely a language has to be to count at once."""
_OPENED: Final = 0.1  # of the time


@dataclass(frozen=True)
class Spoken:
    """A sound whose words are wanted."""

    open: Callable[[Progress], SoundSource]
    language: str = ""  # as `pronounced` takes it; empty: as it is heard
    progress: Progress = silent


def words_of_sounds(
    sounds: Sequence[Spoken], recogniser: Recogniser
) -> Iterator[tuple[int, HeardWords | EmoTalkError]]:
    """The place of each sound among them, and its words or why it has none, as they come.

    Raises
    ------
    RecogniserError
        What every sound would meet: no recogniser, model, language or device.
    Cancelled
        From their progress; the recogniser is gone then.
    """
    languages = Counter[str]()
    unsure = dict[int, HeardWords]()
    with hearing(recogniser) as recognised:
        for i, sound in enumerate(sounds):
            heard = _attempted(recognised, sound, sound.language)
            if isinstance(heard, HeardWords):
                if len(sounds) > 1 and _is_unsure(heard):
                    unsure[i] = heard
                    continue
                languages[heard.language] += 1
            yield i, heard
        for i, heard in unsure.items():
            language = _likeliest(heard, languages, unsure.values())
            if language == heard.language:
                yield i, heard
            else:
                yield i, _attempted(recognised, sounds[i], language)


def _attempted(recognised: Hearing, sound: Spoken, language: str) -> HeardWords | EmoTalkError:
    try:
        opened = sound.open(part_of(sound.progress, 0.0, _OPENED))
        return recognised.words(opened, language, part_of(sound.progress, _OPENED, 1.0))
    except RecogniserError:
        raise
    except EmoTalkError as error:
        return error


def _is_unsure(heard: HeardWords) -> bool:
    return bool(heard.likely) and max(heard.likely.values()) < _SURE


def _likeliest(heard: HeardWords, sure: Mapping[str, int], unsure: Iterable[HeardWords]) -> str:
    """By Bayes' rule: how likely by the sound, times how many of the sounds are in it."""
    spoken: dict[str, float] = defaultdict(float, sure)
    for other in unsure:
        for language, share in other.likely.items():
            spoken[language] += share
    return max(heard.likely, key=lambda language: heard.likely[language] * spoken[language])
