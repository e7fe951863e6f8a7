"""Where in a script a sound is said: one text for many recordings, each of which speaks some of it.

What is heard is cut into phones, runs of one likeliest phone without the pauses, and these are laid
along the phones of the script: each gains by the share of the phone that it is laid on, one too
many and one too few cost. All of the sound has to be in it, and any stretch of whole words may be
what is said (Sellers, "The theory and computation of evolutionary distances", 1980), or several:
who speaks one part of a dialogue leaves out what others say, and who slips begins again. Where the
best way to each place began is carried along, so memory grows with script and sound, not with both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

__all__ = ["Followed", "Passage", "Script", "find_passages", "followed", "script_of", "summary"]

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
_LEAP: Final = np.float32(16.0)
"""Of going on elsewhere in the script: behind lines that others say, or back to say it again."""
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
        parts = find_passages(heard, words, part_of(progress, 0.0, _FINDING))
        if not parts:
            return None
        passage = self._passage(parts)
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

    def _passage(self, parts: Sequence[slice]) -> Passage:
        all_words, spelled_words = self.words(), self._spelled
        sounds = tuple(word for part in parts for word in all_words[part])
        if spelled_words is None:
            shown, text = ["".join(letters_of_word(word)) for word in sounds], self.text
        else:
            shown = [word for part in parts for word in spelled_words[part]]
            text = " ".join(shown)
        return Passage(sounds, text, summary(self.name, shown, n_places=len(parts)))


def summary(
    name: str, words: Sequence[str], *, n_places: int = 1, n_words: int | None = None
) -> str:
    """One line on words that were taken, and where from; `n_words` where they are not counted as
    they are shown.
    """
    ends = words if len(words) <= 2 * _SHOWN else [*words[:_SHOWN], "...", *words[-_SHOWN:]]
    n = len(words) if n_words is None else n_words
    count = f"{n} word{'s' if n != 1 else ''}"
    count += f" in {n_places} places" if n_places > 1 else ""
    return f"{name}: {' '.join(ends)} ({count})"


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


def find_passages(
    heard: np.ndarray, script: Words, progress: Progress = silent
) -> tuple[slice, ...]:
    """Which words of a script are said in a whole sound of which these shares of phones were
    `heard`, float (T, 46), in the order in which they are; empty: none of them. Of passages that
    sound alike one is taken.
    """
    gains = _gains(heard)
    if not len(gains):
        return ()
    rows = [(PHONES.index(x), i) for i, word in enumerate(script) for x in letters_of_word(word)]
    columns, word_of = np.array(rows).T
    stretches, gained = _laid(gains, columns, word_of, progress)
    if gained < _LEAST_GAINED - _LOST * len(gains):
        return ()
    return tuple(
        slice(int(word_of[first]), int(word_of[end - 1]) + 1)
        for first, end in stretches
        if first < end
    )


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
) -> tuple[list[tuple[int, int]], float]:
    """The stretches of a script's phones (N,) that are said, in the order in which they are: the
    first phone of each and the one after its last; and what is gained in all.
    """
    edges = np.append(np.flatnonzero(np.diff(word_of, prepend=-1)), len(columns))  # of words
    ways = _Ways(edges, len(columns))
    for i, gain in enumerate(gains):
        if i % _LOOK == 0:
            progress(i / len(gains), "Looking for the words")
        ways.hear(gain.take(columns))
        ways.pass_over()
        ways.leap()
    return ways.best()


class _Ways:
    """The best way to the place before each phone of a script, and to that behind the last."""

    def __init__(self, edges: np.ndarray, n: int) -> None:
        self._edges = edges
        self._most = np.full(n + 1, _NEVER, np.float32)  # gained
        self._most[edges] = 0.0
        self._n = n + 1
        # Where the stretch began that a way is in, and `_n` times the number of its leap to there,
        # from 1.
        self._from = np.arange(n + 1, dtype=np.int64)
        self._leaps: list[tuple[int, int]] = []  # end of the stretch before each, and its `_from`
        self.pass_over()

    def hear(self, gained: np.ndarray) -> None:
        """One more phone: the script's next one, or one that is not in it."""
        on = self._most[:-1] + gained
        self._most -= _COST
        self._take(on)

    def pass_over(self) -> None:
        """Let phones of the script be missing."""
        for _ in range(_MISSED):
            self._take(self._most[:-1] - _COST)

    def leap(self) -> None:
        """Let the best way that is at the end of a word go on at the start of any other."""
        end = int(self._edges[self._most[self._edges].argmax()])
        gained = self._most[end] - _LEAP
        starts = self._edges[self._most[self._edges] < gained]
        if self._from[end] % self._n == end or not len(starts):
            return
        self._leaps.append((end, int(self._from[end])))
        self._most[starts] = gained
        self._from[starts] = starts + self._n * len(self._leaps)

    def best(self) -> tuple[list[tuple[int, int]], float]:
        """The stretches of the best of them all, and what it gains."""
        end = int(self._edges[self._most[self._edges].argmax()])
        gained, came, found = float(self._most[end]), int(self._from[end]), list[tuple[int, int]]()
        while True:
            n_leaps, first = divmod(came, self._n)
            found.append((first, end))
            if not n_leaps:
                return found[::-1], gained
            end, came = self._leaps[n_leaps - 1]

    def _take(self, on: np.ndarray) -> None:
        """Take the way from the place before each, where more is gained `on` it."""
        better = on > self._most[1:]
        np.copyto(self._most[1:], on, where=better)
        np.copyto(self._from[1:], self._from[:-1].copy(), where=better)
