"""Words before lips: what is said in a sound is heard before it is animated, where that is asked
for; on plain data alone, for the background thread.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from ....emotalk_core.audio import SoundSource
from ....emotalk_core.errors import EmoTalkError
from ....emotalk_core.progress import Progress
from ....emotalk_core.speech.heard_words import HeardWords, Hearing, Recogniser, hearing
from ....emotalk_core.speech.words_of_sounds import Languages, by_name

__all__ = ["WordsFirst", "WordsRoom"]


@dataclass(frozen=True)
class WordsFirst:
    """That words are to be heard, by what, and in which language; empty: as it is heard."""

    recogniser: Recogniser | EmoTalkError  # or why there is none
    language: str = ""
    named: str = ""  # the language that the sound's name tells


class WordsRoom:
    """Keeps the recogniser for as long as a job lasts: its model takes seconds to open."""

    def __init__(self) -> None:
        self._programs = ExitStack()
        self._open: tuple[Recogniser, Hearing, Languages] | None = None

    def words(self, sound: SoundSource, asked: WordsFirst, progress: Progress) -> HeardWords:
        """The words of a sound, which may have none. One whose language is not sure goes by its
        name, or by those before it.

        Raises
        ------
        EmoTalkError
            There is no recogniser, or none that works.
        Cancelled
            From `progress`.
        """
        if isinstance(asked.recogniser, EmoTalkError):
            raise asked.recogniser
        if self._open is None or self._open[0] != asked.recogniser:
            self.close()
            opened = self._programs.enter_context(hearing(asked.recogniser))
            self._open = asked.recogniser, opened, Languages()
        _, opened, languages = self._open
        heard = by_name(opened.words(sound, asked.language, progress), asked.named)
        languages.add(heard)
        language = languages.likeliest(heard)
        if language == heard.language:
            return heard
        try:
            again = opened.words(sound, language, progress)
        except EmoTalkError:  # what was heard first is better than nothing
            return heard
        return again if again.text else heard

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._open = None
        self._programs.close()
