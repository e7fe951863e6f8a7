"""Lips that meet: p, b, m are what a viewer checks first, and what every average of curves loses.

A linear measure of the gap between the lips (`aperture`) finds where they nearly meet; there the
channels that part them give way, the jaw rises a little, and `mouthClose` takes up the rest.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from .aperture import CLOSED_MM, MM, REST_MM, aperture_mm
from .filters import dilate

__all__ = ["count_closures", "keep_closed", "lip_channels", "met_lips", "press_lips"]

_REACH_MM: Final = 2.6
"""How far over rest lips may stand and still be drawn together at strength 1; d, n leave 3 to 6."""

_SPAN: Final = 3  # frames on each side of the contact that move with it: 100 ms
_WINDOW: Final = tuple(float(0.5 + 0.5 * np.cos(np.pi * k / (_SPAN + 1))) for k in range(_SPAN + 1))
_FLANK: Final = 5  # frames on each side within which lips that meet must have been open
_PROMINENCE: Final = 1.6  # how many times wider, over rest, than at the minimum
_JAW_GIVES: Final = 0.35  # of the jaw's drop: speakers keep most of it through a closure

_PARTING: Final = arkit.indices("mouthUpperUp", "mouthLowerDown", "mouthFunnel")
_PRESS: Final = arkit.indices("mouthPress")
_JAW_OPEN: Final = arkit.index("jawOpen")
_MOUTH_CLOSE: Final = arkit.index("mouthClose")
_ROLL_LOWER: Final = arkit.index("mouthRollLower")
_SHRUG_LOWER: Final = arkit.index("mouthShrugLower")
_TOUCH_MM: Final = 0.2  # the gap of lips that press on each other
_SHRUG_MAX: Final = 0.25


def lip_channels() -> np.ndarray:
    """Channels that move the lips' gap: what must be kept together when curves are resampled."""
    return np.flatnonzero(MM)


def press_lips(values: np.ndarray, strength: float) -> np.ndarray:
    """Curves (T, 52) whose nearly closed lips meet, with `strength` 0 (nothing changes) .. 1.

    Continuous in the curves and in `strength`: the nearer the lips, the firmer they are drawn
    together.
    """
    if strength <= 0.0 or len(values) < 2:
        return values
    gap = aperture_mm(values) - REST_MM
    reach = max(_REACH_MM * strength, 1e-6)
    # Full from the lower half of the reach on, fading out towards its end.
    nearness = np.clip(2.0 * (1.0 - gap / reach), 0.0, 1.0)
    firmness = min(1.0, 2.0 * strength) * nearness * _is_minimum(gap)
    return _draw_together(values, _spread(firmness))


def keep_closed(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Curves (T, 52) whose lips meet wherever they met in `before` (T, 52): gains and smoothing may
    not part them.
    """
    return _draw_together(
        values, met_lips(before).astype(np.float32) * (aperture_mm(values) > CLOSED_MM)
    )


def met_lips(values: np.ndarray) -> np.ndarray:
    """Bool (T,): frames of closed lips that come between open ones: contacts, not rests."""
    gap = aperture_mm(values)
    return (gap <= CLOSED_MM) & (dilate(gap, _FLANK) > CLOSED_MM + 0.5)


def count_closures(values: np.ndarray, *, was_closed: bool = False) -> int:
    """How often lips that were open meet in (T, 52 or more); `was_closed` tells of the frame
    before.
    """
    closed = aperture_mm(values) <= CLOSED_MM
    before = np.concatenate([[was_closed], closed[:-1]])
    return int(np.count_nonzero(closed & ~before))


def _is_minimum(gap: np.ndarray) -> np.ndarray:
    """float32 (T,): 1 at local minima of the gap over rest with clearly wider lips on both sides,
    soft in between.
    """
    lower = np.ones(len(gap), bool)
    lower[1:] &= gap[1:] <= gap[:-1]
    lower[:-1] &= gap[:-1] <= gap[1:]
    left, right = _widest_beside(gap)
    wider = np.minimum(left, right) - np.maximum(gap, 0.0)
    # 0.6 mm of rise on both sides for lips at rest height, more for wider ones.
    need = 0.6 + (_PROMINENCE - 1.0) * np.maximum(gap, 0.0)
    return (lower * np.clip(wider / need, 0.0, 1.0)).astype(np.float32)


def _widest_beside(gap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Widest gap within the `_FLANK` frames before and after each frame."""
    left, right = gap.copy(), gap.copy()
    for shift in range(1, min(_FLANK, len(gap) - 1) + 1):
        np.maximum(left[shift:], gap[:-shift], out=left[shift:])
        np.maximum(right[:-shift], gap[shift:], out=right[:-shift])
    return left, right


def _spread(firmness: np.ndarray) -> np.ndarray:
    """A smooth hill of `_SPAN` frames on each side of every contact."""
    out = firmness.copy()
    for shift in range(1, min(_SPAN, len(firmness) - 1) + 1):
        np.maximum(out[shift:], firmness[:-shift] * _WINDOW[shift], out=out[shift:])
        np.maximum(out[:-shift], firmness[shift:] * _WINDOW[shift], out=out[:-shift])
    return out


def _draw_together(values: np.ndarray, firmness: np.ndarray) -> np.ndarray:
    """Curves whose gap shrinks by the share `firmness` (T,), through the channels that do it in a
    face.
    """
    rows = np.flatnonzero(firmness > 0.0)
    out = values.copy()
    if not len(rows):
        return out
    part, share = out[rows], firmness[rows, None]
    gap = aperture_mm(part)
    target = np.minimum(gap, gap * (1.0 - firmness[rows]) + _TOUCH_MM * firmness[rows])
    part[:, _PARTING] *= 1.0 - share
    part[:, _JAW_OPEN] *= 1.0 - _JAW_GIVES * firmness[rows]
    for channel, most in (
        (_MOUTH_CLOSE, None),
        (_SHRUG_LOWER, _SHRUG_MAX),
        (_ROLL_LOWER, _SHRUG_MAX),
    ):
        excess = np.maximum(aperture_mm(part) - target, 0.0)
        room = np.clip((part[:, _JAW_OPEN] if most is None else most) - part[:, channel], 0.0, None)
        part[:, channel] += np.minimum(excess / -MM[channel], room)
    excess = np.maximum(aperture_mm(part) - target, 0.0)  # an open jaw that is left: it shuts
    floor = np.minimum(part[:, _JAW_OPEN], part[:, _MOUTH_CLOSE])
    part[:, _JAW_OPEN] = np.maximum(part[:, _JAW_OPEN] - excess / MM[_JAW_OPEN], floor)
    part[:, _PRESS] = np.maximum(part[:, _PRESS], 0.15 * share)
    out[rows] = part
    return out
