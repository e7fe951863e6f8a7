"""What is said in a take, where people know better: kept on the clock of the sound file, so that
trims and moves of its strip leave it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Any, Final

from ....emotalk_core.model.config import read_config
from ....emotalk_core.phones import Phone, ensure_names_phones
from .. import compat
from ..jobs.settings import engine_settings
from ..sounds.sound import Heard

__all__ = [
    "UNKNOWN_FRAME",
    "ensure_obeyed",
    "forget",
    "frames_of",
    "on_file",
    "on_sound",
    "put",
    "remember",
    "seconds_at",
    "tell",
    "told",
    "told_at",
]

UNKNOWN_FRAME: Final = -1e9
"""Where the sound file of a take begins that was written by a version that did not say so."""

_NEARLY: Final = 0.01  # frames; properties have 24 bits
_SHORTEST_S: Final = 0.005  # what a new phone leaves of an old one


def told(group: Any, heard: Heard) -> tuple[Phone, ...]:
    """Phones of a take's sliders on the clock of what is heard."""
    return on_sound(_all(group), heard)


def on_sound(phones: Sequence[Phone], heard: Heard) -> tuple[Phone, ...]:
    """Phones in seconds of the file, on the clock of what is heard of it."""
    return tuple(phone for phone in _later(phones, -heard.start_s) if phone.end_s > 0.0)


def on_file(phones: Sequence[Phone], heard: Heard) -> tuple[Phone, ...]:
    """Phones on the clock of what is heard, in seconds of the file."""
    return _later(phones, heard.start_s)


def ensure_obeyed() -> None:
    """Raise an EmoTalkError where the model that is chosen goes by no phones."""
    ensure_names_phones(read_config(engine_settings().model / "config.json"))


def put(group: Any, phones: Sequence[Phone]) -> None:
    """These, in seconds of the file, in place of all that was told."""
    group.phones.clear()
    for phone in sorted(phones, key=lambda one: one.start_s):
        row = group.phones.add()
        row.start, row.end, row.symbol = phone.start_s, phone.end_s, phone.symbol


def tell(group: Any, phone: Phone) -> None:
    """One more, in seconds of the file; others give it room."""
    put(group, [*_without(group, phone.start_s, phone.end_s), phone])


def forget(group: Any, start_s: float, end_s: float) -> int:
    """Let some seconds of the file be heard again; how many phones reached into them."""
    n = sum(1 for one in _all(group) if one.start_s < end_s and one.end_s > start_s)
    put(group, _without(group, start_s, end_s))
    return n


def _without(group: Any, start_s: float, end_s: float) -> list[Phone]:
    """What is told before and after."""
    left = []
    for one in _all(group):
        before = Phone(one.start_s, min(one.end_s, start_s), one.symbol)
        after = Phone(max(one.start_s, end_s), one.end_s, one.symbol)
        left += [part for part in (before, after) if part.end_s - part.start_s > _SHORTEST_S]
    return left


def _all(group: Any) -> list[Phone]:
    return [Phone(phone.start, phone.end, phone.symbol) for phone in group.phones]


def _later(phones: Sequence[Phone], by_s: float) -> tuple[Phone, ...]:
    return tuple(Phone(one.start_s + by_s, one.end_s + by_s, one.symbol) for one in phones)


def remember(take: Any, heard: Heard) -> None:
    """Where the sound file begins, for the frames of keys as they stand."""
    take.file_start = heard.start_frame - heard.start_s * float(heard.rate)


def seconds_at(take: Any, frame: float) -> float:
    """Which second of the sound file a scene frame shows."""
    rate = float(compat.scene_rate(take.id_data))
    return (frame - take.file_start) / rate - take.controls.sync_offset_ms / 1000.0


def told_at(take: Any, frame: float) -> Phone | None:
    """What a take is told at a scene frame."""
    second = seconds_at(take, frame)
    return next((one for one in _all(take.controls) if one.start_s <= second < one.end_s), None)


def frames_of(take: Any, phone: Phone) -> tuple[int, int]:
    """The first and last scene frame that show a phone; the last is before the first where it lies
    between two frames.
    """
    start, end = (_frame_at(take, second) for second in (phone.start_s, phone.end_s))
    return ceil(start - _NEARLY), floor(end + _NEARLY)


def _frame_at(take: Any, second: float) -> float:
    rate = float(compat.scene_rate(take.id_data))
    return (second + take.controls.sync_offset_ms / 1000.0) * rate + take.file_start
