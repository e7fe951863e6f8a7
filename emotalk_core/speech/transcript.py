"""A text that is spoken: its phones, and a sound's Encoding in the light of it.

Which phones a text has we say for English, espeak-ng for any language that it reads. When each is
spoken is told by all paths through them together, so that what is not sure stays soft. A pause may
stand between words.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import InputError, ReaderError, SetupError, TextError
from ..model.config import PHONES, ModelConfig
from ..progress import Progress, silent
from ..timing import NETWORK_FPS
from .all_paths import NoPathError, Places, all_paths
from .english import read_english, spelled_english
from .languages import to_whisper
from .phones import MOST_PARTS, SILENCE, ensure_names_phones, is_sound, letters_of
from .readers import can_read, languages_read, read_letters, spelled_letters
from .script import said
from .text_fit import Fit, Stretches

if TYPE_CHECKING:  # engines read phones themselves
    from ..engine import Encoding

__all__ = [
    "ENGLISH",
    "Told",
    "Words",
    "ensure_read",
    "find_espeak",
    "letters_of_word",
    "pronounced",
    "reader_of",
    "spelled",
    "told_shares",
    "unlike_text",
    "with_shares",
    "with_text",
    "words_of",
]

ENGLISH: Final = "en"
"""The language that is read here; others, with en-us and en-gb, have espeak-ng's names."""

_NOT_BY_ESPEAK: Final = ("ja", "zh")  # by Whisper's names

Words = tuple[tuple[str, ...], ...]  # the phones of each word


@dataclass(frozen=True, eq=False)
class Told:
    """What a text tells of a sound that was heard."""

    shares: np.ndarray  # of phones, in the light of it, float32 (T, 46)
    unlike: Stretches  # in which another text than this is said, though most of it fits


_FINER: Final = 2  # steps in a frame: a short phone lasts less than one
_LEAST: Final = -6.0  # log share of a phone that was not heard at all
_LOOK_S: Final = 0.1  # between two looks at Esc
_PATIENCE_S, _BYTES_A_SECOND, _TRIES = 20.0, 2000, 3  # with espeak-ng, which reads ten times faster
_SHOWN_WORDS: Final = 3  # of a text that is refused, as they sound
_LANGUAGE: Final = r"\([a-z-]+\)"
_WINDOWS: Final = Path("C:/Program Files/eSpeak NG/espeak-ng.exe")

_fitted: WeakKeyDictionary[Encoding, tuple[Words, Encoding, Stretches]] = WeakKeyDictionary()
"""What came of an Encoding last: a slider asks for the same again and again."""


def find_espeak() -> Path | None:
    """The program, on the path or where Windows' installer puts it."""
    found = shutil.which("espeak-ng")
    return Path(found) if found else _WINDOWS if _WINDOWS.is_file() else None


def pronounced(text: str, language: str, progress: Progress = silent) -> Words:
    """Each phone of each word of `text`: ARPABET where `language` is `ENGLISH`; else IPA, and
    `language` is a voice of espeak-ng's, by which it is read where that is installed, else by
    rules of our own. Of subtitles, dialogues and screenplays it takes what is `said`. `progress`
    only takes a Cancelled: how far it is nobody knows.

    Raises
    ------
    ReaderError
        espeak-ng is not installed, and we do not read the language.
    InputError
        It has no such language; a TextError: the text has no sounds.
    """
    words = _reader(language)(said(text), progress=progress)
    if not words:
        raise TextError(
            "Nothing to say in the text",
            value=text[:40],
            remedy=f"Write words of the language {language}, or say which one they are of.",
        )
    return words


def ensure_read(language: str) -> None:
    """Nothing, where texts in a language are read here; errors as `pronounced`."""
    if not _is_english(language) and not _is_ours(language):
        _by_espeak("a", language, silent)


def reader_of(language: str) -> str:
    """Who reads texts in a language here: `emotalk`, `espeak-ng`, or, empty, nobody."""
    if _is_english(language) or _is_ours(language):
        return "emotalk"
    return "espeak-ng" if find_espeak() is not None else ""


def spelled(text: str, language: str) -> tuple[str, ...] | None:
    """Each word of `text` that `pronounced` has the phones of, as it is spoken, in letters; None
    where espeak-ng reads it, which says no words.
    """
    if _is_english(language):
        return spelled_english(said(text))
    return spelled_letters(said(text), language) if _is_ours(language) else None


def _reader(language: str) -> Callable[..., Words]:
    if _is_english(language):
        return read_english
    return partial(read_letters if _is_ours(language) else _by_espeak, language=language)


def _is_english(language: str) -> bool:
    """As we read it; a region's by espeak-ng where that is installed."""
    base, _, region = language.lower().partition("-")
    return base == ENGLISH and (not region or find_espeak() is None)


def _is_ours(language: str) -> bool:
    """Builds of espeak-ng spell Chinese letters, in Japanese too, in English."""
    is_first = to_whisper(language) in _NOT_BY_ESPEAK or find_espeak() is None
    return is_first and can_read(language)


def _by_espeak(text: str, language: str, progress: Progress) -> Words:
    program = find_espeak()
    if program is None:
        raise ReaderError(
            "A text in this language is read by espeak-ng, which is not there",
            value=language,
            remedy="Install it (github.com/espeak-ng/espeak-ng), or give a file of phones; without "
            f"it these are read: {', '.join((ENGLISH, *languages_read()))}.",
        )
    code, answer = _read(program, text, language, progress)
    if code != 0:
        raise InputError(
            "espeak-ng does not read this language",
            value=language,
            remedy="Use en, de, fr-fr, es ... (espeak-ng --voices).",
        )
    return words_of(answer.decode("utf-8", "replace"))


def _read(program: Path, text: str, language: str, progress: Progress) -> tuple[int, bytes]:
    """Its exit code and answer. It has been seen to hang: once in thousands of texts, on a busy
    machine, so it is asked again.
    """
    command = [program, "-q", "--ipa", "--sep=_", "-v", language, "--stdin"]
    given = text.encode(errors="replace")  # a shell's odd bytes
    patience_s = _PATIENCE_S + len(given) / _BYTES_A_SECOND
    for _ in range(_TRIES):
        answer = _answer(command, given, patience_s, progress)
        if answer is not None:
            return answer
    raise SetupError(
        "espeak-ng does not answer",
        value=f"{_TRIES} times {patience_s:.0f} s",
        remedy="Try again, or install another version of it.",
    )


def _answer(
    command: Sequence[str | Path], given: bytes, patience_s: float, progress: Progress
) -> tuple[int, bytes] | None:
    """None: it did not come in time. The program ends when `progress` raises."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ) as child:  # fmt: skip
        asked: bytes | None = given
        end = time.monotonic() + patience_s
        try:
            while time.monotonic() < end:
                progress(0.0, "Reading the text")
                with suppress(subprocess.TimeoutExpired):
                    answer, _ = child.communicate(asked, timeout=_LOOK_S)
                    return child.returncode, answer
                asked = None  # it has that already
        finally:
            child.kill()  # nothing where it has ended
    return None


def words_of(read: str) -> Words:
    """Words and phones of what espeak-ng writes with `--ipa --sep=_`."""
    # espeak-ng 1.51 has no name for German "ur" and writes two question marks; a foreign word
    # stands between the names of languages.
    plain = re.sub(_LANGUAGE, "", read.replace("??", "ʊɾ"))
    words = (tuple(p for p in word.split("_") if is_sound(p)) for word in plain.split())
    return tuple(word for word in words if word)


def with_text(
    encoding: Encoding, words: Words, config: ModelConfig, progress: Progress = silent
) -> Encoding:
    """A starter's Encoding of a whole sound whose phones are heard in the light of its text.

    Raises
    ------
    InputError
        The model does not go by phones, or, as a TextError, the text is not what is said.
    """
    return _followed(encoding, words, config, progress)[0] if words else encoding


def unlike_text(encoding: Encoding, words: Words, config: ModelConfig) -> Stretches:
    """Where the text of a whole sound is not what is said, though most of it fits: what `with_text`
    has found, at once after it; errors as there.
    """
    return _followed(encoding, words, config, silent)[1] if words else ()


def _followed(
    encoding: Encoding, words: Words, config: ModelConfig, progress: Progress
) -> tuple[Encoding, Stretches]:
    ensure_names_phones(config)
    was, known, unlike = _fitted.get(encoding, ((), encoding, ()))
    if was != words:
        told = told_shares(encoding.content[:, config.content.width :], words, progress)
        known, unlike = with_shares(encoding, told.shares), told.unlike
        _fitted[encoding] = words, known, unlike
    return known, unlike


def with_shares(encoding: Encoding, shares: np.ndarray) -> Encoding:
    """An Encoding with other shares (T, 46) of phones."""
    content = np.array(encoding.content, np.float32)
    content[:, -len(PHONES) :] = shares
    return replace(encoding, content=content)


def told_shares(heard: np.ndarray, words: Words, progress: Progress = silent) -> Told:
    """The shares of phones in the light of a text, for those of a whole sound that were `heard`,
    float (T, 46). Words that do not fit stay as heard.

    Raises
    ------
    TextError
        The text is not what is said.
    """
    places, n_steps = _passed(words), len(heard) * _FINER
    if len(places.columns) > n_steps:
        raise _not_said(words)
    told, fit = np.zeros(heard.shape, np.float32), Fit(n_steps, _FINER * float(NETWORK_FPS))
    try:
        for start, likely in all_paths(partial(_finer, heard), n_steps, places, progress):
            fit.add(start, likely, _finer(heard, start, start + len(likely)))
            told[start // _FINER : (start + len(likely)) // _FINER] = likely[::_FINER]
    except NoPathError as error:
        raise _not_said(words) from error
    if not fit.is_said:
        raise _not_said(words)
    trust = fit.trust()[::_FINER, None].astype(np.float32)
    return Told(trust * told + (1.0 - trust) * heard, fit.unlike())


def _finer(heard: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Log shares at steps start .. stop, float64 (n, 46)."""
    frames, between = np.divmod(np.arange(start, stop), _FINER)
    after = np.minimum(frames + 1, len(heard) - 1)
    weight = between[:, None] / _FINER
    shares = (1.0 - weight) * heard[frames] + weight * heard[after]
    return np.log(np.maximum(shares, np.exp(_LEAST)))


def _not_said(words: Words) -> TextError:
    first = (letters_of_word(word) for word in words[:_SHOWN_WORDS])
    return TextError(
        "The text is not what is said in the sound",
        value=" ".join(map("".join, first)) + " ...",
        remedy="Give the words of this very sound, all of them, and its language.",
    )


def _passed(words: Words) -> Places:
    """The phones of a text in order; pauses before, between and after words may be missing."""
    pause = (PHONES.index(SILENCE), True)
    rows = [pause]
    for word in words:
        rows += [*((PHONES.index(letter), False) for letter in letters_of_word(word)), pause]
    numbers, may_miss = zip(*rows, strict=True)
    return Places(np.array(numbers), np.array(may_miss))


def letters_of_word(word: Sequence[str]) -> Iterator[str]:
    """The network's names of the phones of a word, in IPA."""
    return (letter for symbol in word for letter in letters_of(symbol)[:MOST_PARTS])
