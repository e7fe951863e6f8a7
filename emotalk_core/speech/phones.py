"""Phones that people name: their symbols and times, and how they take the place of what was heard.

A starter's Encoding has the share of each phone beside the content; where somebody says what is
spoken, that phone has all of it. Where the voice says something else, or nothing, the content is
that of the phone, too, and as loud as speech: lips then meet, tuck, round, open and rest by what is
told, under every feeling, and everything between stays as it was heard.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Final

import numpy as np

from ..best_path import best_path
from ..errors import InputError
from ..model.config import PHONES, ModelConfig
from ..progress import Progress, silent
from ..timing import NETWORK_FPS

if TYPE_CHECKING:  # engines read phones themselves
    from ..engine import Encoding

__all__ = [
    "MOST_PARTS",
    "SILENCE",
    "Phone",
    "ensure_names_phones",
    "heard_phones",
    "is_arpabet",
    "is_silent",
    "is_sound",
    "late_phones",
    "letters_of",
    "misplaced_phones",
    "phones_of",
    "with_phones",
]

SILENCE: Final = "_"

_ARPABET: Final = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AX": "ə", "AXR": "ɜ", "AY": "aɪ",
    "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "DX": "d", "EH": "ɛ", "ER": "ɜ", "EY": "eɪ",
    "F": "f", "G": "k", "HH": "h", "HV": "h", "IH": "ɪ", "IX": "ɨ", "IY": "i", "JH": "dʒ", "K": "k",
    "L": "l", "EL": "əl", "M": "m", "EM": "m", "N": "n", "EN": "n", "NG": "k", "OW": "oʊ",
    "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ", "UW": "u",
    "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
    # Of TIMIT: closures, and others of its own.
    "BCL": "b", "PCL": "p", "DCL": "d", "TCL": "t", "GCL": "k", "KCL": "k", "Q": "h", "NX": "n",
    "ENG": "k", "UX": "u", "AX-H": "ə",
}  # fmt: skip

# IPA letters that share the mouth of a letter in PHONES: the lips cannot tell them apart.
_ALIKE: Final = {
    **dict.fromkeys("ɡgŋqɢɴɣχʁʀħʕcɟɲʎ", "k"),
    "x": "x", "ʝ": "j", "χ": "x", "ʁ": "x", "ɣ": "x", "ʀ": "x",
    **dict.fromkeys("ɾɽr", "r"), **dict.fromkeys("ʈ", "t"), **dict.fromkeys("ɖɗ", "d"),
    **dict.fromkeys("ɳ", "n"), **dict.fromkeys("ɫɭɬɮʟ", "l"), **dict.fromkeys("ɻɚɝ", "ɹ"),
    "ɚ": "ɜ", "ɝ": "ɜ", "ɘ": "ə", "ɞ": "ɜ", "ᵻ": "ɨ", "ɪ": "ɪ", "ʏ": "y", "ɵ": "ʊ", "ʉ": "u",
    "ɤ": "ə", "ɒ": "ɔ", "ɶ": "œ", "ᵿ": "ʊ", "ʋ": "v", "ⱱ": "v", "ɱ": "v", "ɓ": "b", "ʙ": "b",
    "ɸ": "f", "ʂ": "ʃ", "ʐ": "ʒ", "ʑ": "ɕ", "ɧ": "ʃ", "ɦ": "h", "ʔ": "h", "ʍ": "w", "ɰ": "k",
    "A": "a", "I": "ɪ", "U": "ʊ", "E": "ɛ", "O": "ɔ", "J": "j", "N": "n", "L": "l", "R": "r",
}  # fmt: skip

# Letters of narrow transcriptions that are a release or a colour and no mouth of their own.
_IGNORED: Final = set("ːˑˈˌ.ʰʱʲʷˠˤⁿˡ~'\"-+!=|:͡‿˞^;`")

_SILENT_NAMES: Final = {"", "_", "sil", "pau", "sp", "spn", "h#", "brth"}

_STRESS: Final = "012"  # digits behind vowels of ARPABET

MOST_PARTS: Final = 3
"""Mouths of one phone: triphthongs."""

_LEAD_S: Final = 0.011
"""That faces are told of a phone before it sounds: between 0 and 22 ms contacts, jaws and lower
lips of the dev sets follow true phone times best.
"""

_ROUNDED_S: Final = 0.5  # that aligners may go on after the end

_FARTHEST: Final = 45  # frames that phones may be late or early and are still known again
_LOOKED_AT: Final = 1800  # frames
_ENOUGH: Final = 30.0  # frames of phones: what is set by hand says nothing of the others' times
_NOTED: Final = 3  # frames
_BETTER: Final = 1.5
"""Mean log share: phones of docs/recordings gain 2.5 to 4.8 when moved back by .2 to .7 s, and
nothing when they are at their place.
"""
_LEAST_HEARD: Final = -6.0

_SPOKEN_DB: Final = -12.0  # of quiet vowels: where a pause is told to be none

_BLOCK: Final = 1800  # frames that are named between two looks at Esc

_CHANGE: Final = 1.5  # log share that another phone must gain: what is shorter flickers


@dataclass(frozen=True)
class Phone:
    """One speech sound of a recording, in seconds on the sound's own clock."""

    start_s: float
    end_s: float
    symbol: str  # IPA, or ARPABET (capitals, with or without a stress digit)


@cache
def letters_of(symbol: str) -> str:
    """The letters of `PHONES` that `symbol` is spoken with, in order; none for a mark or a pause.
    Two for most diphthongs and affricates.
    """
    if is_arpabet(symbol):
        return _ARPABET[symbol.rstrip(_STRESS)]
    plain = (c for c in unicodedata.normalize("NFD", symbol) if not unicodedata.combining(c))
    # Decomposing turns ç into c: both have the same neutral mouth.
    letters = (_ALIKE.get(c, c) for c in plain if c not in _IGNORED and not c.isdigit())
    return "".join(c for c in letters if c in PHONES and c != SILENCE)


def is_arpabet(symbol: str) -> bool:
    """Whether `symbol` is a phone of ARPABET, in capitals."""
    return symbol.rstrip(_STRESS) in _ARPABET


def is_silent(symbol: str) -> bool:
    """Whether `symbol` stands for a pause."""
    return symbol.lower() in _SILENT_NAMES


def is_sound(symbol: str) -> bool:
    """Whether `symbol` names a sound with a mouth of its own, not a mark or a pause."""
    return not is_silent(symbol) and bool(letters_of(symbol))


def ensure_names_phones(config: ModelConfig, remedy: str = "Use a starter model.") -> None:
    """Raise InputError for a model that does not go by phones."""
    if config.kind != "starter":
        raise InputError("This kind of model knows no phones", value=config.kind, remedy=remedy)


def with_phones(
    piece: Encoding,
    first: int,
    phones: Sequence[Phone],
    config: ModelConfig,
    typical: np.ndarray | None = None,
) -> Encoding:
    """A starter's Encoding that begins at frame `first`, with what `phones` tell in place of what
    was heard; a frame that a phone has only a part of keeps the rest. `typical` (46, C) is the
    content of each phone; without it the content stays.

    Raises
    ------
    InputError
        The model does not go by phones.
    """
    if not phones:
        return piece
    ensure_names_phones(config)
    told = _told(phones, first, piece.n_frames)
    heard = 1.0 - told.sum(axis=1, keepdims=True)
    width = config.content.width
    content, level = np.array(piece.content), np.array(piece.level)
    if typical is not None:
        # What was heard anyway keeps how it was said.
        unheard = np.maximum(told - content[:, width:], 0.0)
        kept = 1.0 - unheard.sum(axis=1, keepdims=True)
        content[:, :width] = kept * content[:, :width] + unheard @ typical
        spoken = unheard[:, 1:].sum(axis=1)
        level += spoken * np.maximum(_SPOKEN_DB - level, 0.0)
    content[:, width:] = heard * content[:, width:] + told
    return replace(piece, content=content, level=level)


def _told(phones: Sequence[Phone], first: int, n_frames: int) -> np.ndarray:
    """How much of each frame from `first` on is told to be each phone, float32 (T, 46)."""
    told = np.zeros((n_frames, len(PHONES)), np.float32)
    fps = float(NETWORK_FPS)
    begin_s, stop_s = _seconds(first), _seconds(first + n_frames)
    for phone in phones:
        if phone.end_s <= begin_s or phone.start_s >= stop_s:  # most of a long sound's
            continue
        columns = _columns_of(phone.symbol)
        # In frames, each of which reaches half a frame to both sides of its time.
        edges = (np.linspace(phone.start_s, phone.end_s, len(columns) + 1) - _LEAD_S) * fps + 0.5
        for column, span in zip(columns, pairwise(edges - first), strict=True):
            _cover(told[:, column], *span)
    told /= np.maximum(told.sum(axis=1, keepdims=True), 1.0)  # phones that overlap share
    return told


def misplaced_phones(
    phones: Sequence[Phone],
    read: Callable[[int, int], Encoding],
    n_frames: int,
    config: ModelConfig,
) -> str:
    """A warning about phones that fit what is heard much better somewhat earlier or later; empty
    where they do not, or are too few to tell. `read` gives the frames start .. stop as heard: it
    is asked for the first minute of what is told.
    """
    said = [phone for phone in phones if is_sound(phone.symbol)]
    if not said:
        return ""
    first = max(0, min(floor(said[0].start_s * float(NETWORK_FPS)) - _FARTHEST, n_frames))
    heard = read(first, min(first + _LOOKED_AT, n_frames)).content[:, config.content.width :]
    told = _told(said, first, len(heard))
    if told.sum() < _ENOUGH:
        return ""
    logs = np.log(np.maximum(np.asarray(heard, np.float32), np.exp(_LEAST_HEARD)))
    fits = {lag: _fit(told, logs, lag) for lag in range(-_FARTHEST, _FARTHEST + 1)}
    lag = max(fits, key=lambda one: fits[one])
    if abs(lag) < _NOTED or fits[lag] - fits[0] < _BETTER:
        return ""
    way = "late" if lag > 0 else "early"
    return (
        f"Phones are told about {abs(lag) / float(NETWORK_FPS):.1f} s {way}, by what is heard: "
        "check that they are this sound's own."
    )


def _fit(told: np.ndarray, logs: np.ndarray, lag: int) -> float:
    """Mean log share of what is told where it is heard `lag` frames earlier."""
    a, b = max(lag, 0), min(len(logs), len(logs) + lag)
    if a >= b:
        return _LEAST_HEARD
    part = told[a:b]
    # What is told where nothing is heard fits as little as may be.
    lost = told.sum() - part.sum()
    return float((np.vdot(part, logs[a - lag : b - lag]) + lost * _LEAST_HEARD) / told.sum())


def late_phones(phones: Sequence[Phone], seconds: float) -> str:
    """A warning about phones that go on after a sound of so many seconds; empty where none does."""
    end_s = max((phone.end_s for phone in phones), default=0.0)
    if end_s <= seconds + _ROUNDED_S:
        return ""
    return (
        f"Phones are told until {end_s:g} s, and the sound ends at {seconds:.1f} s: "
        "check that they are its own, in seconds."
    )


def _columns_of(symbol: str) -> list[int]:
    """Numbers in `PHONES` of the mouths that a phone passes through."""
    letters = SILENCE if is_silent(symbol) else letters_of(symbol)[:MOST_PARTS] or SILENCE
    return [PHONES.index(letter) for letter in letters]


def _cover(shares: np.ndarray, start: float, end: float) -> None:
    """Add to `shares` (T,) how much of each frame lies between two frames."""
    a, b = max(floor(start), 0), min(ceil(end), len(shares))
    if a < b:
        frames = np.arange(a, b)
        shares[a:b] += np.minimum(frames + 1, end) - np.maximum(frames, start)


def heard_phones(
    encoding: Encoding, config: ModelConfig, progress: Progress = silent
) -> tuple[Phone, ...]:
    """What a starter hears, phone by phone, without gaps: what `with_phones` takes.

    Raises
    ------
    InputError
        The model does not go by phones.
    """
    ensure_names_phones(config)
    return phones_of(encoding.content[:, config.content.width :], progress)


def phones_of(shares: np.ndarray, progress: Progress = silent) -> tuple[Phone, ...]:
    """The same of the shares of phones, float (T, 46), T > 0; of hours, too."""
    path = best_path(_scores(shares, progress), _CHANGE)
    found: list[Phone] = []
    start = 0
    for number, frames in groupby(path):
        end = start + sum(1 for _ in frames)
        found.append(Phone(_seconds(start), _seconds(end), PHONES[number]))
        start = end
    return tuple(found)


def _scores(shares: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    """Log shares, frame by frame."""
    for start in range(0, len(shares), _BLOCK):
        progress(start / len(shares), "Naming the phones")
        block = np.asarray(shares[start : start + _BLOCK], np.float64)
        yield from np.log(np.maximum(block, 1e-6))


def _seconds(frame: int) -> float:
    """When the frame before `frame` ends and it begins."""
    return max(0.0, (frame - 0.5) / float(NETWORK_FPS) + _LEAD_S)
