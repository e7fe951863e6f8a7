"""Real faces as a second target: what a capture saw replaces what rules guess, contacts excepted.

A video or an animator knows the jaw, the opening and the rounding of one speaker, and their timing;
phones know where lips must meet, which captures blur. So a captured clip takes its free mouth from
the capture, carried through contacts as through vowels of the rules, and its contacts from phones
(or, without phones, from moments in which the captured lips touch).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from emotalk_core import arkit
from emotalk_core.shaping.aperture import REST_MM, aperture_mm

from .speech import SpeechCurves

__all__ = ["Captured", "learnable", "seen_by_animators", "seen_on_video"]

_JAW: Final = arkit.index("jawOpen")
_PUCKER, _FUNNEL = arkit.index("mouthPucker"), arkit.index("mouthFunnel")
_PARTING: Final = list(arkit.indices("mouthUpperUp", "mouthLowerDown"))
_SPREADING: Final = list(arkit.indices("mouthSmile", "mouthStretch", "mouthDimple"))
_LOWER_FACE: Final = list(arkit.indices("mouth", "jaw", "cheekPuff", "tongueOut"))

_TOUCH_MM: Final = 0.7  # over rest: lips nearer than this touch
_LONGEST_CONTACT: Final = 9  # frames; longer is a pause
_SMALLEST_MM: Final = 1.5  # a free gap under this is no measure of how far lips part


@dataclass(frozen=True, eq=False)
class Captured:
    """Curves of a real face on the clip's own clock."""

    values: np.ndarray  # float32 (T, 52), 30 fps: row k is at k / 30 s of the clip
    known: np.ndarray  # float32 (52,), 1 for channels that the capture can see

    def starting(self, before_s: float, n: int) -> np.ndarray:
        """float64 (n, 52): the rows as they lie in a track, `before_s` of silence first."""
        at = np.arange(n) / 30.0 - before_s
        own = np.arange(len(self.values)) / 30.0
        columns = [np.interp(at, own, self.values[:, k]) for k in range(arkit.N_CHANNELS)]
        return np.stack(columns, axis=1)


def _across(curve: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """The curve (T,) with what lies outside `open_` bridged linearly."""
    if not open_.any():
        return curve
    at = np.arange(len(curve))
    return np.interp(at, at[open_], curve[open_])


def _soft(curve: np.ndarray) -> np.ndarray:
    return np.convolve(np.pad(curve, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")


def seen_on_video(speech: SpeechCurves, values: np.ndarray) -> SpeechCurves:
    """Speech by rules with the jaw, opening and rounding of a face tracked on video.

    MediaPipe's jawOpen follows the gap of the lips; it hardly sees funnel and the lips' own
    parting, so these keep the shape that the phones ask for, at the size of the captured gap and
    pucker.

    Parameters
    ----------
    speech : SpeechCurves
        Of the clip's phones.
    values : float (T, 52)
        Captured, as long as the curves of `speech`.
    """
    free, open_ = speech.free.astype(np.float64), speech.closed < 0.05
    rules_mm = np.maximum(aperture_mm(free) - REST_MM, 0.0)
    gap_mm = _across(np.maximum(aperture_mm(values) - REST_MM, 0.0), open_)
    size = _soft(np.clip(1.1 * gap_mm / np.maximum(rules_mm, _SMALLEST_MM), 0.0, 1.6))
    pucker = _across(values[:, _PUCKER], open_)
    round_ = free[:, _PUCKER] + free[:, _FUNNEL]
    rounder = _soft(np.clip(1.3 * pucker / np.maximum(round_, 0.15), 0.0, 1.6))
    free[:, _PARTING] *= size[:, None]
    free[:, _SPREADING] *= 0.5
    free[:, _FUNNEL] *= rounder
    free[:, _PUCKER] = 0.9 * pucker
    free[:, _JAW] = _across(np.maximum(values[:, _JAW] - 0.02, 0.0), open_)
    return replace(speech, free=np.clip(free, 0.0, 1.0).astype(np.float32))


def seen_by_animators(values: np.ndarray, loudness: np.ndarray, known: np.ndarray) -> SpeechCurves:
    """Speech from an animated mouth alone, without phones.

    Parameters
    ----------
    values : float (T, 52)
        Captured; in them lips meet by the jaw.
    loudness : float (T,)
        Level in dB at 30 fps: says where somebody speaks.
    known : float (52,)
        1 for channels that the rig has.
    """
    gap_mm = aperture_mm(values) - REST_MM
    spoken = loudness > np.percentile(loudness, 95) - 28.0
    activity = np.clip(np.convolve(spoken, np.hanning(13)[1:-1] / 2.0, mode="same"), 0.0, 1.0)
    closed = _short_contacts(gap_mm < _TOUCH_MM, activity > 0.5)
    open_ = closed < 0.05
    free = np.stack([_across(values[:, k], open_) for k in range(arkit.N_CHANNELS)], axis=1)
    free = np.clip(0.8 * free * known, 0.0, 1.0).astype(np.float32)
    nothing = np.zeros(len(free), np.float32)
    return SpeechCurves(free, free, closed, nothing, activity.astype(np.float32))


def _short_contacts(touching: np.ndarray, speaking: np.ndarray) -> np.ndarray:
    """float32 (T,): 1 where lips touch for a short while in speech, with soft edges."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], touching.astype(int), [0]])))
    closed = np.zeros(len(touching))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first <= _LONGEST_CONTACT and speaking[first:last].all():
            closed[first:last] = 1.0
    near = np.convolve(np.pad(closed, 1), (0.5, 0.0, 0.5), mode="valid")
    return np.maximum(closed, 0.5 * np.minimum(near * 2.0, 1.0)).astype(np.float32)


def learnable(known: np.ndarray) -> np.ndarray:
    """float32 (52,): 0 for what speech moves and the capture does not know, 1 for the rest."""
    row = np.ones(arkit.N_CHANNELS, np.float32)
    row[_LOWER_FACE] = known[_LOWER_FACE]
    return row
