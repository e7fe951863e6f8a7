"""Speech from the espeak-ng library with its own phone events: many languages, exact and fast.

The program is GPL-3, its output is free; it is used when training data are made and is no part of
what ships.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import multiprocessing
from dataclasses import dataclass, field
from functools import cache
from math import gcd
from typing import Any, Final

import numpy as np
from scipy.signal import resample_poly

from emotalk_core.errors import InputError, SetupError
from emotalk_core.timing import SAMPLE_RATE
from training.faces import Phone, is_sound, kind_of

from .sentences import languages, sentence
from .spoken import SpokenClip

__all__ = ["VARIANTS", "say", "speak"]

VARIANTS: Final = (
    "", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+m8", "+f1", "+f2", "+f3", "+f4", "+f5",
    "+klatt", "+klatt2", "+klatt4", "+croak", "+Annie", "+Alicia", "+Andy", "+Denis", "+Gene",
    "+Jacky", "+Lee", "+Linda", "+Mario", "+Michael", "+Zac", "+anika", "+belinda", "+grandma",
    "+steph", "+victor",
)  # fmt: skip

_SYNCHRONOUS, _PHONEME_EVENTS, _IPA_NAMES = 2, 1, 2
_PHONEME_EVENT, _LIST_END = 7, 0
_UTF8 = 1
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7
_STOPS: Final = frozenset("pbtdkgɡqcɟʈɖ")
# espeak-ng books the silence before a stop on the phone before it: labels of stops sit this late
# (measured on the energy minimum of 200 bilabial and 136 other stops).
_STOP_START_S, _STOP_END_S = 0.030, 0.015


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Name),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass
class _Recording:
    """What one sentence gives, collected by the library's callback."""

    blocks: list[np.ndarray] = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)  # sample, symbol

    def receive(self, wave: object, n_samples: int, events: Any) -> int:
        """`wave` and `events` are C pointers (c_short, _Event); 0 asks for more."""
        if n_samples:
            self.blocks.append(np.ctypeslib.as_array(wave, (n_samples,)).copy())
        i = 0
        while events[i].type != _LIST_END:
            if events[i].type == _PHONEME_EVENT:
                name = bytes(events[i].id.string).split(b"\0")[0].decode("utf-8", "ignore")
                self.events.append((events[i].sample, name))
            i += 1
        return 0


@cache
def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        raise SetupError(
            "Library not found", value="espeak-ng", remedy="Install it: apt-get install espeak-ng."
        )
    return ctypes.CDLL(name)


def _synthesise(
    text: str, voice: str, settings: dict[int, int]
) -> tuple[np.ndarray, list[tuple[int, str]], int]:
    library, recording = _library(), _Recording()
    rate = library.espeak_Initialize(_SYNCHRONOUS, 500, None, _PHONEME_EVENTS | _IPA_NAMES)
    callback = _Callback(recording.receive)  # must outlive the call: ctypes keeps no reference
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise InputError(
            "espeak-ng has no such voice", value=voice, remedy="See espeak-ng --voices."
        )
    for parameter, value in settings.items():
        library.espeak_SetParameter(parameter, int(value), 0)
    data = text.encode() + b"\0"
    library.espeak_Synth(data, len(data), 0, 0, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    blocks = [*recording.blocks, np.zeros(1, np.int16)]
    return np.concatenate(blocks).astype(np.float64) / 32768.0, recording.events, rate


def _synthesise_apart(
    text: str, voice: str, settings: dict[int, int]
) -> tuple[np.ndarray, list[tuple[int, str]], int]:
    """The same in a process of its own, so that a clip is independent of those before it.

    The library carries phase and flutter from one sentence to the next; neither initialising again
    nor terminating (which hangs in 1.51) stops that.
    """
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_synthesise, (text, voice, settings))


def _is_mark(symbol: str) -> bool:
    """Switches of language, and signs that only colour the phone before them."""
    return symbol.startswith("(") or (bool(symbol) and not is_sound(symbol))


def _to_phones(events: list[tuple[int, str]], n_samples: int, rate: int) -> list[Phone]:
    marks = [(0.0, ""), *((at / rate, name) for at, name in events if not _is_mark(name))]
    ends = [at for at, _ in marks[1:]] + [n_samples / rate]
    phones = [
        Phone(start, end, name or "_", kind_of(name))
        for (start, name), end in zip(marks, ends, strict=True)
        if end > start
    ]
    return _earlier_stops(phones)


def _earlier_stops(phones: list[Phone]) -> list[Phone]:
    """The same phones with stops moved onto their closure; neighbours keep at least half."""
    starts = [p.start_s for p in phones] + [phones[-1].end_s if phones else 0.0]
    moved = list(starts)
    for i, phone in enumerate(phones):
        if phone.symbol[:1] not in _STOPS:
            continue
        if i:
            moved[i] = max(starts[i] - _STOP_START_S, (starts[i - 1] + starts[i]) / 2)
        if i + 1 < len(phones):
            moved[i + 1] = min(
                moved[i + 1], max(starts[i + 1] - _STOP_END_S, (starts[i] + starts[i + 1]) / 2)
            )
    return [
        Phone(a, b, p.symbol, p.kind) for p, a, b in zip(phones, moved[:-1], moved[1:], strict=True)
    ]


def say(rng: np.random.Generator) -> SpokenClip:
    """A sentence in a random language, voice, rate and melody."""
    language = str(rng.choice(languages()))
    if rng.random() < 0.15:
        language = "en-us"
    variant = str(rng.choice(VARIANTS))
    text = sentence(language, rng, n_words=int(rng.integers(3, 10)))
    rate, pitch = int(rng.integers(105, 230)), int(rng.integers(15, 90))
    melody, gap = int(rng.integers(10, 100)), int(rng.choice([0, 0, 0, 1, 4]))
    settings = {_RATE: rate, _PITCH: pitch, _RANGE: melody, _WORD_GAP: gap}
    return _spoken(text, language, variant, settings)


def speak(text: str, language: str, variant: str, *, rate: int, pitch: int) -> SpokenClip:
    """`text` by one voice: words a minute, pitch 0..99."""
    return _spoken(text, language, variant, {_RATE: rate, _PITCH: pitch, _RANGE: 50, _WORD_GAP: 0})


def _spoken(text: str, language: str, variant: str, settings: dict[int, int]) -> SpokenClip:
    wave, events, rate = _synthesise_apart(text, language + variant, settings)
    shared = gcd(SAMPLE_RATE, rate)
    samples = resample_poly(wave, SAMPLE_RATE // shared, rate // shared).astype(np.float32)
    phones = _to_phones(events, len(wave), rate)
    return SpokenClip(samples, tuple(phones), "espeak-ng", language, language + variant)
