"""A text that is spoken: its phones, and a sound's Encoding in the light of it.

espeak-ng says which phones a text has, in any language that it reads. When each is spoken is told
by all paths through them together (forward and backward, Baum et al., "A maximization technique
...", 1970), so that what is not sure stays soft. A pause may stand between words.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from .errors import InputError, SetupError, TextError
from .model.config import PHONES, ModelConfig
from .phones import MOST_PARTS, SILENCE, ensure_names_phones, is_sound, letters_of
from .timing import NETWORK_FPS

if TYPE_CHECKING:  # engines read phones themselves
    from .engine import Encoding

__all__ = ["Words", "ensure_short", "find_espeak", "pronounced", "with_text", "words_of"]

Words = tuple[tuple[str, ...], ...]  # the phones of each word

_FINER: Final = 2  # steps in a frame: a short phone lasts less than one
_LEAST: Final = -6.0  # log share of a phone that was not heard at all
_LEAST_LIKE: Final = -1.15
"""Mean log share of a text's phones, beside the likeliest one's, below which it is not what is
said: of the dev sets 98 of 100 texts lie above it, and 98 of 100 wrong ones below.
"""
_LONGEST_S: Final = 180.0  # the paths take memory by the square of it
_LANGUAGE: Final = r"\([a-z-]+\)"
_NEVER: Final = -1e9
_WINDOWS: Final = Path("C:/Program Files/eSpeak NG/espeak-ng.exe")

_fitted: WeakKeyDictionary[Encoding, tuple[Words, Encoding]] = WeakKeyDictionary()
"""What came of an Encoding last: a slider asks for the same again and again."""


def find_espeak() -> Path | None:
    """The program, on the path or where Windows' installer puts it."""
    found = shutil.which("espeak-ng")
    return Path(found) if found else _WINDOWS if _WINDOWS.is_file() else None


def pronounced(text: str, language: str) -> Words:
    """IPA of each phone of each word, as espeak-ng reads `text`; `language` is one of its voices.

    Raises
    ------
    SetupError
        espeak-ng is not installed.
    InputError
        It has no such language; a TextError: the text has no sounds.
    """
    program = find_espeak()
    if program is None:
        raise SetupError(
            "A text is read by espeak-ng, which is not there",
            value="espeak-ng",
            remedy="Install it (github.com/espeak-ng/espeak-ng), or give a file of phones.",
        )
    answer = subprocess.run(
        [program, "-q", "--ipa", "--sep=_", "-v", language, "--stdin"],
        input=text.encode(), capture_output=True, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if answer.returncode != 0:
        raise InputError(
            "espeak-ng does not read this language",
            value=language,
            remedy="Use en-us, de, fr-fr, es ... (espeak-ng --voices).",
        )
    words = words_of(answer.stdout.decode("utf-8", "replace"))
    if not words:
        raise TextError("Nothing to say in the text", value=text[:40], remedy="Write words.")
    return words


def words_of(read: str) -> Words:
    """Words and phones of what espeak-ng writes with `--ipa --sep=_`."""
    # espeak-ng 1.51 has no name for German "ur" and writes two question marks; a foreign word
    # stands between the names of languages.
    plain = re.sub(_LANGUAGE, "", read.replace("??", "ʊɾ"))
    words = (tuple(p for p in word.split("_") if is_sound(p)) for word in plain.split())
    return tuple(word for word in words if word)


def with_text(encoding: Encoding, words: Words, config: ModelConfig) -> Encoding:
    """A starter's Encoding of a whole sound whose phones are heard in the light of its text.

    Raises
    ------
    InputError
        The model does not go by phones, the sound is longer than three minutes, or, as a
        TextError, the text is not what is said.
    """
    if not words:
        return encoding
    ensure_names_phones(config)
    was, known = _fitted.get(encoding, ((), encoding))
    if was != words:
        known = _fit(encoding, words, config.content.width)
        _fitted[encoding] = words, known
    return known


def ensure_short(n_frames: int) -> None:
    """Raise InputError for a sound that is too long to be fitted to a text."""
    seconds = n_frames / float(NETWORK_FPS)
    if seconds > _LONGEST_S:
        raise InputError(
            "A text is for sounds of up to three minutes",
            value=f"{seconds:.0f} s",
            remedy="Cut the sound, or give a file of phones.",
        )


def _fit(encoding: Encoding, words: Words, width: int) -> Encoding:
    n_frames = encoding.n_frames
    ensure_short(n_frames)
    numbers, may_miss = _passed(words)
    frames = np.arange(n_frames)
    steps = np.arange(n_frames * _FINER) / _FINER
    heard = np.asarray(encoding.content[:, width:], np.float64).T
    shares = np.stack([np.interp(steps, frames, share) for share in heard], axis=1)
    logs = np.log(np.maximum(shares, np.exp(_LEAST)))
    if len(numbers) > len(steps):
        raise _not_said(words)
    likely = _likelihood(logs[:, numbers], may_miss)
    spoken = likely * (numbers != PHONES.index(SILENCE))
    beside = logs[:, numbers] - logs.max(axis=1, keepdims=True)
    if (spoken * beside).sum() < _LEAST_LIKE * spoken.sum():
        raise _not_said(words)
    told = np.zeros_like(shares)
    np.add.at(told.T, numbers, likely.T)
    content = np.array(encoding.content, np.float32)
    content[:, width:] = np.stack([np.interp(frames, steps, share) for share in told.T], axis=1)
    return replace(encoding, content=content)


def _not_said(words: Sequence[Sequence[str]]) -> TextError:
    return TextError(
        "The text is not what is said in the sound",
        value="".join(words[0]) + " ...",
        remedy="Give the words of this very sound, all of them, and its language.",
    )


def _passed(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """What is passed through in order, int (N,) numbers of phones, and whether it may be missing:
    the pauses before, between and after words.
    """
    pause = (PHONES.index(SILENCE), True)
    rows = [pause]
    for word in words:
        letters = (letter for symbol in word for letter in letters_of(symbol)[:MOST_PARTS])
        rows += [*((PHONES.index(letter), False) for letter in letters), pause]
    numbers, may_miss = zip(*rows, strict=True)
    return np.array(numbers), np.array(may_miss)


def _likelihood(logs: np.ndarray, may_miss: np.ndarray) -> np.ndarray:
    """How likely each place is at each step, float (S, N), rows sum to 1: over all ways from one of
    the first two places to one of the last two, by steps of one place or over one that may be
    missing. `logs` (S, N): log share of each place's phone.
    """
    n_steps, n = logs.shape
    over = np.zeros(n, bool)
    over[2:] = may_miss[1:-1]
    ahead = np.full((n_steps, n), _NEVER, np.float32)
    ahead[0, :2] = logs[0, :2]
    for step in range(1, n_steps):
        reached = _reached(ahead[step - 1], over) + logs[step]
        ahead[step] = reached - reached.max()  # rows need no common scale
    behind = np.full(n, _NEVER)
    behind[-2:] = 0.0
    for step in range(n_steps - 1, -1, -1):
        both = ahead[step] + behind
        row = np.exp(both - both.max())
        ahead[step] = row / row.sum()
        back = _reached((behind + logs[step])[::-1], _backwards(over))[::-1]
        behind = back - back.max()
    return ahead


def _backwards(over: np.ndarray) -> np.ndarray:
    """The same leaps, backwards."""
    back = np.zeros_like(over)
    back[:-2] = over[2:]
    return back[::-1]


def _reached(before: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Log sum of the ways to each place in one step."""
    n = len(before)
    ways = np.full((3, n), _NEVER)
    ways[0] = before
    ways[1, 1:] = before[:-1]
    ways[2, 2:] = np.where(over[2:], before[:-2], _NEVER)
    most = ways.max(axis=0)
    return most + np.log(np.exp(ways - most).sum(axis=0))
