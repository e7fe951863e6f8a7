"""Where in a script a sound is said: one text for many recordings, each of which speaks some of it.

What is heard is cut into phones, runs of one likeliest phone without the pauses, and these are laid
along the phones of the script: each gains by the share of the phone that it is laid on, one too
many and one too few cost. All of the sound has to be in it, and any stretch of whole words may be
what is said (Sellers, "The theory and computation of evolutionary distances", 1980). Where the best
way to each place began is carried along, so memory grows with the script alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Final, TypeVar

import numpy as np

from ..errors import TextError
from ..model.config import PHONES
from ..progress import Progress, part_of, silent
from .phones import SILENCE
from .text_fit import unlike_line
from .transcript import Told, Words, letters_of_word, pronounced, spelled, told_shares

__all__ = ["Followed", "Passage", "Script", "find_passage", "followed", "script_of"]

_T = TypeVar("_T")

_LEAST: Final = -6.0  # log share of a phone that was not heard at all
_GAIN: Final = 1.5  # of a phone that is the likeliest one
_WORST: Final = -3.0
_COST: Final = np.float32(1.5)
"""Of a phone that is heard and not in the script, and of one in it that is not heard. Not less than
the gain: else a word beside the passage is taken for half of its phones.
"""
_LEAST_GAINED: Final = 3.0
_LOST: Final = 0.1
"""A passage is taken that gains so much in all, but for so much of each phone that is heard: in
clips of open_speech's train set 98 of 100 do, and 97 of 100 of which no sentence is in the script
do not.
"""
_MISSED: Final = 2  # phones of a script in a row that nothing is heard of
_NEVER: Final = -1e6
_LOOK: Final = 256  # phones between two looks at Esc
_SHOWN: Final = 3  # words at each end of a passage
_FINDING: Final = 0.5  # of the time that finding and following take


@dataclass(frozen=True)
class Passage:
    """What of a script is said in a sound."""

    words: Words  # their phones
    text: str  # where these can be read again
    summary: str  # its first and last words, and how many


class Script:
    """A text that many sounds speak parts of: read once, when it is needed first."""

    def __init__(self, text: str, language: str, name: str) -> None:
        """`name` is what reports call it; `language` as for `pronounced`."""
        self.text, self.language, self.name = text, language, name
        self._words: Words = ()

    def words(self, progress: Progress = silent) -> Words:
        """The phones of all of its words; errors as of `pronounced`."""
        if not self._words:
            self._words = pronounced(self.text, self.language, progress)
        return self._words

    def said_in(
        self, heard: np.ndarray, follow: Callable[[Words, Progress], _T],
        progress: Progress = silent,
    ) -> tuple[Passage, _T] | None:  # fmt: skip
        """The passage that is said in a whole sound of which these shares of phones were `heard`,
        float (T, 46), and what `follow` makes of its words; None where nothing in the script is
        what is said, `follow` raises a TextError that is.
        """
        words = self.words(progress)
        part = find_passage(heard, words, part_of(progress, 0.0, _FINDING))
        if part is None:
            return None
        passage = self._passage(part)
        try:
            return passage, follow(passage.words, part_of(progress, _FINDING, 1.0))
        except TextError:
            return None

    @property
    def unsaid(self) -> str:
        """A warning about a sound in which nothing of it is said."""
        return f"Heard without {self.name}: nothing in it is what is said in this sound"

    @cached_property
    def _spelled(self) -> tuple[str, ...] | None:
        return spelled(self.text, self.language)

    def _passage(self, part: slice) -> Passage:
        sounds, words = self.words()[part], self._spelled
        if words is None:
            shown, text = ["".join(letters_of_word(word)) for word in sounds], self.text
        else:
            shown, text = list(words[part]), " ".join(words[part])
        n = len(shown)
        ends = shown if n <= 2 * _SHOWN else [*shown[:_SHOWN], "...", *shown[-_SHOWN:]]
        summary = f"{self.name}: {' '.join(ends)} ({n} word{'s' if n != 1 else ''})"
        return Passage(sounds, text, summary)


@lru_cache(maxsize=4)
def script_of(text: str, language: str, name: str) -> Script:
    """The same one for the same text: of many sounds that ask for it the first one reads it."""
    return Script(text, language, name)


@dataclass(frozen=True, eq=False)
class Followed:
    """What came of following the words of a sound."""

    told: Told | None = None  # None: heard alone
    said: str = ""  # of a script's passage
    warnings: tuple[str, ...] = ()


def followed(
    heard: np.ndarray, words: Words, script: Script | None, progress: Progress = silent
) -> Followed:
    """What `words`, or a passage of `script` where there are none, tell of a whole sound of which
    these shares of phones were `heard`, float (T, 46).

    Raises
    ------
    InputError, SetupError
        As of `pronounced`; a TextError: `words` are not what is said.
    """
    if words:
        told = told_shares(heard, words, progress)
        return Followed(told, warnings=tuple(filter(None, [unlike_line(told.unlike)])))
    if script is None:
        return Followed()
    found = script.said_in(heard, partial(told_shares, heard), progress)
    if found is None:
        return Followed(warnings=(script.unsaid,))
    passage, told = found
    warnings = tuple(filter(None, [unlike_line(told.unlike)]))
    return Followed(told, passage.summary, warnings)


def find_passage(heard: np.ndarray, script: Words, progress: Progress = silent) -> slice | None:
    """Which words of a script are said in a whole sound of which these shares of phones were
    `heard`, float (T, 46); None: none of them. Of passages that sound alike one is taken.
    """
    gains = _gains(heard)
    if not len(gains):
        return None
    rows = [(PHONES.index(x), i) for i, word in enumerate(script) for x in letters_of_word(word)]
    columns, word_of = np.array(rows).T
    start, end, gained = _laid(gains, columns, word_of, progress)
    if gained < _LEAST_GAINED - _LOST * len(gains) or start == end:
        return None
    return slice(int(word_of[start]), int(word_of[end - 1]) + 1)


def _gains(heard: np.ndarray) -> np.ndarray:
    """What each phone that is heard gains where it is laid on each phone, float32 (K, 46)."""
    path = heard.argmax(axis=1)
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    spoken = path[starts] != PHONES.index(SILENCE)
    logs = np.log(np.maximum(heard, np.exp(_LEAST)), dtype=np.float32)
    means = np.add.reduceat(logs, starts) if len(starts) else logs
    means /= np.diff(starts, append=len(path))[:, None]
    means = means[spoken]
    return np.maximum(means - means.max(axis=1, keepdims=True) + _GAIN, _WORST)


def _laid(
    gains: np.ndarray, columns: np.ndarray, word_of: np.ndarray, progress: Progress
) -> tuple[int, int, float]:
    """The first phone of a script (N,) of the best passage, the one after its last, and what is
    gained in all.
    """
    edges = np.append(np.flatnonzero(np.diff(word_of, prepend=-1)), len(columns))  # of words
    # Before each phone, and behind the last: the most that is gained on a way to there, and where
    # it began.
    most = np.full(len(columns) + 1, _NEVER, np.float32)
    most[edges] = 0.0
    begun = np.arange(len(columns) + 1, dtype=np.int32)
    _pass_over(most, begun)
    for i, gain in enumerate(gains):
        if i % _LOOK == 0:
            progress(i / len(gains), "Looking for the words")
        on = most[:-1] + gain.take(columns)
        most -= _COST
        _take(most, begun, on)
        _pass_over(most, begun)
    end = int(edges[most[edges].argmax()])
    return int(begun[end]), end, float(most[end])


def _pass_over(most: np.ndarray, begun: np.ndarray) -> None:
    """Let phones of the script be missing."""
    for _ in range(_MISSED):
        _take(most, begun, most[:-1] - _COST)


def _take(most: np.ndarray, begun: np.ndarray, on: np.ndarray) -> None:
    """Take the way from the place before each, where more is gained `on` it."""
    better = on > most[1:]
    np.copyto(most[1:], on, where=better)
    np.copyto(begun[1:], begun[:-1].copy(), where=better)
