"""What can be counted of a take when somebody asks whether it looks right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ....emotalk_core import arkit
from ....emotalk_core.shaping.activity import speech_activity
from ....emotalk_core.shaping.aperture import CLOSED_MM, REST_MM, aperture_mm
from ....emotalk_core.shaping.closure import count_closures
from .recordings import Phone

__all__ = ["SHUT", "SILENT", "Score", "score", "sound_of", "spelled"]

SHUT: Final = frozenset({"p", "b", "m"})
_BITTEN: Final = frozenset({"f", "v"})
SILENT: Final = frozenset({"", "sil", "sp", "spn", "pau", "(", "_"})
_WIDE: Final = frozenset({"aa", "ae", "ay", "aw", "a", "aɪ", "aʊ", "ɑ", "ɑː", "æ", "aː"})
_NEAR_S: Final = 0.04  # a closure may come this much before or after its phone
_QUIET: Final = 0.1  # speech activity under which nobody speaks
_SPIKE_MM: Final = 0.8
_UPPER_FACE: Final = arkit.indices("brow", "eyeSquint", "cheekSquint")


_SPELLING: Final = {
    "ʃ": "sh", "ʒ": "zh", "ŋ": "ng", "θ": "th", "ð": "dh", "ç": "ch", "χ": "x", "ʔ": "'",
    "ɪ": "i", "ʏ": "y", "ʊ": "u", "ə": "uh", "ɜ": "er", "ɐ": "a", "ɑ": "a", "ʌ": "ah", "æ": "ae",
    "ɛ": "e", "ɔ": "o", "œ": "oe", "ø": "oe", "ʁ": "r", "ɹ": "r", "ɾ": "r", "ʋ": "v", "β": "b",
    "ɚ": "er", "ᵻ": "i", "ɡ": "g", "ɲ": "ny", "ɕ": "sh", "ʑ": "zh", "ɯ": "u", "ɸ": "f",
}  # fmt: skip


@dataclass(frozen=True)
class Score:
    """One number with its name, and what it says."""

    name: str
    value: float
    unit: str
    says: str

    @property
    def text(self) -> str:
        """The number as it is shown."""
        return f"{self.value:.0%}" if self.unit == "%" else f"{self.value:.2f} {self.unit}".strip()


def sound_of(phone: str) -> str:
    """A phone without stress and case: ARPABET and IPA alike."""
    return phone.lower().rstrip("012").strip("ˈˌ")


def spelled(phone: str) -> str:
    """A phone in letters that every font has: a few IPA signs as their nearest spelling."""
    plain = sound_of(phone)
    for sign, letters in _SPELLING.items():
        plain = plain.replace(sign, letters)
    return plain.encode("ascii", "ignore").decode()


def score(
    values: np.ndarray, level: np.ndarray, phones: Sequence[Phone], fps: float = 30.0
) -> list[Score]:
    """Scores of curves (T, 52 or more); `level` (T,) in dB as the Encoding has it."""
    gap = np.maximum(aperture_mm(values) - REST_MM, 0.0)
    speech = speech_activity(level)
    return [
        *_by_phones(gap, phones, fps),
        *_by_sound(values, gap, level, speech, fps),
    ]


def _by_phones(gap: np.ndarray, phones: Sequence[Phone], fps: float) -> list[Score]:
    if not phones:
        return []
    shut = [_frames(p, fps, len(gap), _NEAR_S) for p in phones if sound_of(p[2]) in SHUT]
    bitten = [_frames(p, fps, len(gap)) for p in phones if sound_of(p[2]) in _BITTEN]
    wide = [_frames(p, fps, len(gap)) for p in phones if sound_of(p[2]) in _WIDE]
    found = []
    if shut:
        met = [bool(gap[rows].min() <= CLOSED_MM - REST_MM) for rows in shut]
        found.append(Score("p b m that shut", float(np.mean(met)), "%", "lips meet in each"))
    if bitten:
        low = float(np.mean([gap[rows].min() for rows in bitten]))
        found.append(Score("lip gap in f v", low, "mm", "small: the lip is at the teeth"))
    if wide:
        high = float(np.mean([gap[rows].max() for rows in wide]))
        found.append(Score("lip gap in a", high, "mm", "under 5: mumbled"))
    return found


def _by_sound(
    values: np.ndarray, gap: np.ndarray, level: np.ndarray, speech: np.ndarray, fps: float
) -> list[Score]:
    talking, quiet = speech > 0.5, speech < _QUIET
    seconds = max(talking.sum() / fps, 1.0 / fps)
    found = [
        Score("lips meet", count_closures(values) / seconds, "/s", "2 to 4 in most speech"),
        Score("jaw follows loudness", _correlation(values, level, talking), "r",
              "near 1: the jaw only flaps"),
        Score("upper face moves", _spread(values), "", "under 0.03: frozen"),
        Score("twitches", _spikes(gap) / seconds, "/s", "lips that go to and fro by the frame"),
    ]  # fmt: skip
    if quiet.any():
        found.append(Score("lip gap in silence", float(gap[quiet].mean()), "mm", "over 1: agape"))
    return found


def _frames(phone: Phone, fps: float, count: int, near_s: float = 0.0) -> slice:
    first = round((phone[0] - near_s) * fps)
    last = max(round((phone[1] + near_s) * fps), first + 1)
    first = min(max(first, 0), count - 1)
    return slice(first, max(last, first + 1))


def _correlation(values: np.ndarray, level: np.ndarray, talking: np.ndarray) -> float:
    jaw, loud = values[talking, arkit.index("jawOpen")], level[talking]
    if len(jaw) < 3 or jaw.std() < 1e-6 or loud.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(jaw, loud)[0, 1])


def _spread(values: np.ndarray) -> float:
    """Range of the upper face's most active channel, without its extremes and without blinks."""
    low, high = np.percentile(values[:, _UPPER_FACE], (5, 95), axis=0)
    return float((high - low).max())


def _spikes(gap: np.ndarray) -> int:
    """Frames at which the lips turn, having turned one frame before and after: no speech does."""
    step = np.diff(gap)
    large = np.abs(step) > _SPIKE_MM
    turns = (step[:-1] * step[1:] < 0.0) & large[:-1] & large[1:]
    return int(np.count_nonzero(turns[:-1] & turns[1:]))
