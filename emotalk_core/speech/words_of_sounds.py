"""The words of many sounds by one recogniser. Which language a short sound is in is hard to hear,
so names go before, and sounds that are not sure wait for what the others are spoken in.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..audio import SoundSource
from ..errors import Cancelled, EmoTalkError, RecogniserError, unexpected
from ..progress import Progress, part_of, silent
from .heard_words import HeardWords, Hearing, Recogniser, hearing
from .languages import from_whisper, to_whisper

__all__ = ["Languages", "Spoken", "by_name", "words_of_sounds"]

_log = logging.getLogger(__name__)

_SURE: Final = 0.9
"""How likely a language has to be."""
_NAMED: Final = 1000.0
"""How many times a name is right for each time that it only looks like a language's, as that of
`left.lt.wav` and `take.tk.wav` does.
"""
_OPENED: Final = 0.1  # of the time


@dataclass(frozen=True)
class Spoken:
    """A sound whose words are wanted."""

    open: Callable[[Progress], SoundSource]
    language: str = ""  # as `pronounced` takes it; empty: as it is heard
    progress: Progress = silent
    named: str = ""  # the language that its name tells
    group: Hashable = None  # of sounds that are likely to be in one language


class Languages:
    """Which languages sounds are spoken in, those of a group and all."""

    def __init__(self) -> None:
        self._of_group = defaultdict[Hashable, defaultdict[str, float]](_none)
        self._of_all, self._n = _none(), 0

    def add(self, heard: HeardWords, group: Hashable = None) -> None:
        """Let a sound count, for each language as far as it is likely; one without words, or in
        nobody knows which language, does not.
        """
        if not heard.language:
            return
        self._n += 1
        for language, share in (heard.likely or {heard.language: 1.0}).items():
            self._of_group[group][language] += share
            self._of_all[language] += share

    def likeliest(self, heard: HeardWords, group: Hashable = None) -> str:
        """The language of a sound that was added: by Bayes' rule how likely it is by the sound,
        times how many of its group are in it. The group has one sound more that stands for all.
        """
        likely, own = heard.likely, self._of_group[group]
        if not likely:
            return heard.language
        if max(likely.values()) >= _SURE:
            return max(likely, key=likely.__getitem__)
        return max(likely, key=lambda one: likely[one] * (own[one] + self._of_all[one] / self._n))


def by_name(heard: HeardWords, named: str) -> HeardWords:
    """The same, sure to be in the language that its name tells, unless the sound speaks against it
    by far.
    """
    likely, told = heard.likely, from_whisper(to_whisper(named))
    if likely.get(told, 0.0) * _NAMED > max(likely.values(), default=0.0):
        return replace(heard, likely={told: 1.0})
    return heard


def _none() -> defaultdict[str, float]:
    return defaultdict(float)


def _may_differ(heard: HeardWords) -> bool:
    """Whether a sound may be in another language than its words were heard in."""
    return bool(heard.likely) and heard.likely.get(heard.language, 0.0) < _SURE


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
                heard = by_name(heard, sound.named)
                languages.add(heard, sound.group)
                if _may_differ(heard):
                    waiting[i] = heard
                    continue
            yield i, heard
        for i, heard in waiting.items():
            language = languages.likeliest(heard, sounds[i].group)
            again: HeardWords | EmoTalkError = heard
            if language != heard.language:
                again = _attempted(recognised, sounds[i], language)
            yield i, again if isinstance(again, HeardWords) and again.text else heard


def _attempted(recognised: Hearing, sound: Spoken, language: str) -> HeardWords | EmoTalkError:
    try:
        opened = sound.open(part_of(sound.progress, 0.0, _OPENED))
        return recognised.words(opened, language, part_of(sound.progress, _OPENED, 1.0))
    except (Cancelled, RecogniserError):
        raise
    except EmoTalkError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one of many: the others have their turn
        _log.exception("This is a bug in EmoTalk, not in your file")
        return unexpected(error)
