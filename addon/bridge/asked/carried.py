"""Keys of sliders, carried along with their take's sound. They stand at frames of the scene and
speak of the sound. Each take has curves of its own, so one that is moved past another, or over it,
takes its own keys along and no others.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np

from .. import compat
from ..keying import own_actions
from ..keying.curves import Keys, checksum, read_keys
from ..sounds.sound import Heard, Pause
from . import controls, phones

__all__ = ["Clock", "Shift", "carry", "clock", "find_shift"]

Clock = tuple[float, float, Fraction, float]
"""First and last scene frame of what is heard, frames a second, and a frame at which sliders are
read between their keys: one of the sound's own, so that it may move and nothing else changes."""

_NEARLY: Final = 0.01  # frames; properties have 24 bits
_SIDES: Final = ("co", "handle_left", "handle_right")


@dataclass(frozen=True)
class Shift:
    """How a sound has moved since its take was written: scene frames then and now."""

    was: float  # where the clock of the sound began
    now: float
    stretch: Fraction = Fraction(1)  # frames now for each frame then

    def after(self, frames: np.ndarray) -> np.ndarray:
        """Where these frames of then are now, float (K,)."""
        return frames.astype(np.float64) * float(self.stretch) + self._later

    def before(self, frame: float) -> float:
        """Which frame of then is now at `frame`."""
        return (frame - self._later) / float(self.stretch)

    @property
    def _later(self) -> float:
        """So that keys on whole frames stay on whole ones, where they can."""
        later = self.now - self.was * float(self.stretch)
        is_whole = self.stretch == 1 and abs(later - round(later)) < _NEARLY
        return float(round(later)) if is_whole else later


def find_shift(take: Any, heard: Heard) -> tuple[Shift | None, str]:
    """How the keys of a take's sliders are to be carried along with what is heard by now, and else
    why they cannot be. None and nothing where there is nothing to carry: the sound is where it
    was, nothing is keyed, or somebody has moved the keys along already.
    """
    shift, curves = _moved(take, heard), controls.playing(take.controls)
    if shift is None or not curves:
        return None, ""
    n_then, n_now = _standing(curves, take.baked, shift)
    if n_now and not n_then:
        return None, ""
    told = "" if n_then and not n_now else "they were changed since the take was written"
    why = _why_fixed(take.controls) or _why_unlike(take, heard) or told
    return (None, why) if why else (shift, "")


def clock(heard: Heard, end_frame: float, shift: Shift | None) -> Clock:
    """By which keys of sliders that stand where they did then speak of what is heard now."""
    if shift is None:
        return heard.start_frame, end_frame, heard.rate, heard.file_start
    ends = shift.before(heard.start_frame), shift.before(end_frame)
    return *ends, heard.rate / shift.stretch, shift.before(heard.file_start)


def carry(group: Any, shift: Shift) -> None:
    """Let all keys of a take's sliders go along, with their handles; what else they are stays."""
    for curve in controls.keyed(group).values():
        points = curve.keyframe_points
        pairs = np.empty(2 * len(points), np.float32)
        for side in _SIDES:
            points.foreach_get(side, pairs)
            pairs[::2] = shift.after(pairs[::2])
            points.foreach_set(side, pairs)
        curve.update()


def _moved(take: Any, heard: Heard) -> Shift | None:
    """None where it is not known either, in a take of an older version."""
    if take.file_start == phones.UNKNOWN_FRAME or not take.made_at:
        return None
    rate_was = Fraction(take.made_at.partition(" ")[0])
    shift = Shift(take.file_start, heard.file_start, heard.rate / rate_was)
    is_moved = abs(shift.now - shift.was) > _NEARLY or shift.stretch != 1
    return shift if is_moved else None


def _standing(curves: dict[str, Any], baked: str, shift: Shift) -> tuple[int, int]:
    """How many curves have the keys with which the take was written where they were then, and how
    many have them where they would be now.
    """
    try:
        _still, was, *_told = json.loads(baked)
    except (ValueError, TypeError):  # of a version that knew none
        return 0, 0
    sums = {name: of_curve[0] for name, of_curve in was.items()}
    pairs = [(read_keys(curve), sums.get(name)) for name, curve in curves.items()]
    n_then = sum(checksum(keys) == old for keys, old in pairs)
    return n_then, sum(checksum(_taken_back(keys, shift)) == old for keys, old in pairs)


def _taken_back(keys: Keys, shift: Shift) -> Keys:
    back = Shift(shift.now, shift.was, 1 / shift.stretch)
    bends = keys.bends
    if bends is not None:
        handles = bends.handles.copy()
        handles[:, ::2] = back.after(handles[:, ::2])
        bends = replace(bends, handles=handles)
    return Keys(back.after(keys.frames).astype(np.float32), keys.values, bends)


def _why_fixed(group: Any) -> str:
    """Why keys of sliders must not be moved at all."""
    data, curves = group.id_data.animation_data, controls.keyed(group).values()
    action, slot = data.action, compat.slot_of(data)
    n_users = len(slot.users()) if slot is not None else own_actions.n_users(action)
    if not action.is_editable or action.override_library is not None:
        return "their Action belongs to another file"
    if n_users > 1:
        return "another scene has them too"
    if any(curve.lock or (curve.group is not None and curve.group.lock) for curve in curves):
        return "they are locked"
    modifiers = [modifier for curve in curves for modifier in curve.modifiers]
    if any(m.type != "CYCLES" or m.use_restricted_range for m in modifiers):
        return "a modifier of theirs keeps to the scene's frames"
    return ""


def _why_unlike(take: Any, heard: Heard) -> str:
    """Why what is heard says nothing of where they should be."""
    if isinstance(heard, Pause):
        then = take.pause_end - take.start_frame
        now = (heard.duration_s or 0.0) * float(heard.rate)
        return "" if math.isclose(then, now, abs_tol=_NEARLY) else "the pause is another one now"
    return "another sound is heard now" if phones.plays_another(take, heard) else ""
