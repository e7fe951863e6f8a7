"""Mouth, jaw and tongue from phones alone: gestures that overlap, then lips that really meet.

Each phone asks for a mouth (`mouths.csv`) and holds on to jaw, rounding and lips with its own
dominance. Targets weighted by dominance are spread over time by kernels that reach further back
than forward (anticipation), so a vowel shines through the consonants around it. Closures (p b m)
and f/v stay out of that: they are pressed in afterwards with short edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from emotalk_core import arkit

from .lips import press_closures, spread, tuck_lower_lip
from .phones import SHAPE_NAMES, Mouth, Phone, mouth_parts
from .styles import SpeakerStyle, style_of

__all__ = ["FPS", "LEAD_S", "SpeechCurves", "finish", "n_frames", "speech_curves", "with_silence"]

FPS: Final = 30
LEAD_S: Final = 0.022
"""The face moves this much before the sound: GRID's talker, measured (20-25 ms)."""

_OVERSAMPLING: Final = 4
_RATE: Final = FPS * _OVERSAMPLING
_GROUPS: Final = {  # kernel: standard deviation in s towards later and towards earlier phones
    "jaw": (0.031, 0.029),
    "round": (0.055, 0.040),
    "lips": (0.034, 0.028),
}
_GROUP_OF: Final = {
    "jawOpen": "jaw",
    "jawForward": "jaw",
    "mouthFunnel": "round",
    "mouthPucker": "round",
    "mouthSmile": "round",
    "mouthStretch": "round",
    "mouthDimple": "round",
}
_CONTACT_S: Final = (
    0.060  # shortest contact; 10 ms on each side come on top, so two frames at 30 fps are inside
)
_CONTACT_MARGIN_S: Final = 0.010
_EDGE_S: Final = 0.040
_PREPARE_S, _RELAX_S = 0.16, 0.18
_SHORT_PAUSE_S: Final = 0.25


@dataclass(frozen=True, eq=False)
class SpeechCurves:
    """Speech before and after the lips were pressed; emotion joins before, so lips still meet."""

    values: np.ndarray  # float32 (T, 52), 30 fps, finished
    free: np.ndarray  # float32 (T, 52), without closures and tucks
    closed: np.ndarray  # float32 (T,), 1 where the lips meet
    tucked: np.ndarray  # float32 (T,), 1 where the lower lip is under the teeth
    activity: np.ndarray  # float32 (T,), 0 pause .. 1 speech, slow


def n_frames(seconds: float) -> int:
    """Frames at 30 fps that cover `seconds`; frame k is at k / 30 s."""
    return math.ceil(round(seconds * FPS, 6))


def speech_curves(
    phones: Sequence[Phone],
    seconds: float,
    *,
    style: int = 0,
    loudness: np.ndarray | None = None,
) -> SpeechCurves:
    """Mouth, jaw and tongue of a neutral speaker.

    Parameters
    ----------
    phones : sequence of Phone
        In order of time; gaps are silence.
    seconds : float
        Length of the sound.
    style : int
        Speaker's habits (size of jaw, rounding, spreading, asymmetry); 0: plain and symmetrical.
    loudness : float (T,), optional
        Level in dB at 30 fps; only differences within the clip count.
    """
    habits = style_of(style)
    frames = n_frames(seconds)
    spans = _spans(phones, seconds, loudness)
    grid = np.arange(max(frames, 1) * _OVERSAMPLING) / _RATE + LEAD_S
    free = spread(_overlap(spans, grid, habits))[::_OVERSAMPLING][:frames]
    times = grid[::_OVERSAMPLING][:frames]
    closed = _gate(_contacts(phones, "closure"), times)
    tucked = _gate(_contacts(phones, "labiodental"), times) * (1.0 - closed)
    free = free * habits.sides
    values = finish(free, closed, tucked, habits)
    return SpeechCurves(
        values.astype(np.float32),
        free.astype(np.float32),
        closed.astype(np.float32),
        tucked.astype(np.float32),
        _activity(phones, times).astype(np.float32),
    )


def finish(
    free: np.ndarray, closed: np.ndarray, tucked: np.ndarray, habits: SpeakerStyle
) -> np.ndarray:
    """float64 (T, 52) in 0..1: the free mouth with f/v tucks and closures pressed in."""
    (labiodental,) = mouth_parts("f", "labiodental")
    (bilabial,) = mouth_parts("b", "closure")
    values = tuck_lower_lip(np.asarray(free, np.float64), tucked, labiodental)
    press = np.broadcast_to(_press_shape(bilabial) * habits.sides, values.shape)
    return np.clip(press_closures(values, closed, press), 0.0, 1.0)


def _press_shape(mouth: Mouth) -> np.ndarray:
    shape = spread(mouth.shape)
    shape[arkit.index("jawOpen")] = 0.0
    return shape


# ---------------------------------------------------------------- targets
@dataclass(frozen=True, eq=False)
class _Span:
    start_s: float
    end_s: float
    shape: np.ndarray  # (len(SHAPE_NAMES),)
    hold: np.ndarray  # (len(SHAPE_NAMES),)


_OPENING: Final = [SHAPE_NAMES.index(n) for n in ("jawOpen", "mouthLowerDown", "mouthUpperUp")]
_VOWELS: Final = {"open", "other_vowel", "rounded"}


def _hold(mouth: Mouth) -> np.ndarray:
    by_group = {"jaw": mouth.hold_jaw, "round": mouth.hold_round, "lips": mouth.hold_lips}
    return np.array([by_group[_GROUP_OF.get(n, "lips")] for n in SHAPE_NAMES])


def _spans(phones: Sequence[Phone], seconds: float, loudness: np.ndarray | None) -> list[_Span]:
    spans: list[_Span] = []
    at = 0.0
    for phone in with_silence(phones, seconds):
        effort = _effort(phone, loudness)
        parts = mouth_parts(phone.symbol, phone.kind)
        edges = np.linspace(max(phone.start_s, at), phone.end_s, len(parts) + 1)
        for part, start, end in zip(parts, edges[:-1], edges[1:], strict=True):
            shape = part.shape.copy()
            shape[_OPENING] *= effort
            spans.append(_Span(float(start), float(end), shape, _hold(part)))
        at = phone.end_s
    return _with_anticipation(spans)


def with_silence(phones: Sequence[Phone], seconds: float) -> list[Phone]:
    """The phones with every gap filled, from 0 to the end of the sound."""
    filled: list[Phone] = []
    at = 0.0
    for phone in phones:
        if phone.end_s <= at + 1e-4:
            continue
        if phone.start_s > at + 1e-4:
            filled.append(Phone(at, phone.start_s, "_", "silence"))
        filled.append(phone)
        at = phone.end_s
    if at < seconds or not filled:
        filled.append(Phone(at, max(seconds, at), "_", "silence"))
    return filled


def _effort(phone: Phone, loudness: np.ndarray | None) -> float:
    """How wide a vowel is spoken for its length, stress mark and level; 1 for consonants. Little
    differences: GRID's jaw follows larger ones no better, and short open vowels would drown among
    the others.
    """
    if phone.kind not in _VOWELS:
        return 1.0
    effort = float(np.clip(((phone.end_s - phone.start_s) / 0.10) ** 0.05, 0.95, 1.04))
    if phone.symbol.endswith("0") and phone.symbol[:1].isupper():
        effort *= 0.95
    return effort * _louder(phone, loudness)


def _louder(phone: Phone, loudness: np.ndarray | None) -> float:
    if loudness is None or len(loudness) == 0:
        return 1.0
    level = np.asarray(loudness, np.float64)
    usual = np.percentile(level, 80)
    first = min(int(phone.start_s * FPS), len(level) - 1)
    here = level[first : max(first + 1, math.ceil(phone.end_s * FPS))].max()
    return float(np.clip(10.0 ** ((here - usual) / 150.0), 0.90, 1.12))


def _with_anticipation(spans: list[_Span]) -> list[_Span]:
    """Long pauses prepare the first mouth after them and let go of the last one slowly."""
    shaped: list[_Span] = []
    for i, span in enumerate(spans):
        length = span.end_s - span.start_s
        if span.shape[_OPENING].any() or length <= 0:
            shaped.append(span)
        elif length < _SHORT_PAUSE_S:
            # The mouth does not go home for a breath between two words.
            shaped.append(
                _Span(span.start_s, span.end_s, span.shape, span.hold * (0.3 + 2.0 * length))
            )
        else:
            shaped += _pause(
                span, spans[i - 1] if i else None, spans[i + 1] if i + 1 < len(spans) else None
            )
    return shaped


def _pause(span: _Span, before: _Span | None, after: _Span | None) -> list[_Span]:
    relax = _RELAX_S if before else 0.0
    prepare = _PREPARE_S if after else 0.0
    scale = min(1.0, (span.end_s - span.start_s) / (relax + prepare + 1e-9) * 0.8)
    a, b = span.start_s + relax * scale, span.end_s - prepare * scale
    parts = [_Span(a, b, span.shape, span.hold)]
    if before:
        parts.insert(0, _Span(span.start_s, a, _faint(before, span, 0.10), span.hold * 0.8))
    if after:
        parts.append(_Span(b, span.end_s, _faint(after, span, 0.14), span.hold * 0.8))
    return parts


def _faint(of: _Span, rest: _Span, share: float) -> np.ndarray:
    return share * of.shape + (1.0 - share) * rest.shape


# ---------------------------------------------------------------- gestures over time
def _overlap(spans: list[_Span], grid: np.ndarray, habits: SpeakerStyle) -> np.ndarray:
    """Targets weighted by dominance, spread over time by each group's kernel.

    Shape (len(grid), len(SHAPE_NAMES)).
    """
    starts = np.array([s.start_s for s in spans])
    at = np.clip(np.searchsorted(starts, grid, side="right") - 1, 0, len(spans) - 1)
    shape = np.stack([s.shape for s in spans])[at] * habits.gains
    hold = np.stack([s.hold for s in spans])[at]
    out = np.empty_like(shape)
    for column, name in enumerate(SHAPE_NAMES):
        kernel = _kernel(*_GROUPS[_GROUP_OF.get(name, "lips")])
        weight = _convolve(hold[:, column], kernel)
        out[:, column] = _convolve(hold[:, column] * shape[:, column], kernel) / weight
    return out


def _kernel(later_s: float, earlier_s: float) -> np.ndarray:
    """Odd-length kernel for np.convolve: a target works `later_s` ahead, `earlier_s` after."""
    reach = math.ceil(3.0 * max(later_s, earlier_s) * _RATE)
    t = (
        np.arange(-reach, reach + 1) / _RATE
    )  # output time minus target time: negative is ahead of the target
    kernel = np.exp(-0.5 * (t / np.where(t < 0, later_s, earlier_s)) ** 2)
    return kernel / kernel.sum()


def _convolve(curve: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    reach = len(kernel) // 2
    return np.convolve(np.pad(curve, reach, mode="edge"), kernel, mode="valid")


# ---------------------------------------------------------------- contacts
def _contacts(phones: Sequence[Phone], kind: str) -> list[tuple[float, float]]:
    """Times in which the lips touch, at least 60 ms and 10 ms more on each side."""
    spans = []
    for phone in phones:
        if phone.kind != kind:
            continue
        middle, half = (
            (phone.start_s + phone.end_s) / 2,
            max(phone.end_s - phone.start_s, _CONTACT_S) / 2,
        )
        spans.append((middle - half - _CONTACT_MARGIN_S, middle + half + _CONTACT_MARGIN_S))
    return spans


def _gate(spans: list[tuple[float, float]], times: np.ndarray) -> np.ndarray:
    """(len(times),): 1 inside the spans, falling to 0 along half a cosine outside."""
    gate = np.zeros(len(times))
    for start, end in spans:
        outside = np.maximum(np.maximum(start - times, times - end), 0.0)
        gate = np.maximum(gate, 0.5 + 0.5 * np.cos(np.pi * np.minimum(outside / _EDGE_S, 1.0)))
    return gate


def _activity(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    spoken = np.zeros(len(times))
    for phone in phones:
        if phone.kind != "silence":
            spoken[(times >= phone.start_s - 0.1) & (times <= phone.end_s + 0.1)] = 1.0
    if not len(times):
        return spoken
    kernel = np.hanning(11)[1:-1] / np.hanning(11)[1:-1].sum()
    return _convolve(spoken, kernel)
