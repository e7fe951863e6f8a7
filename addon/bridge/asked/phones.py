"""What is said in a take, where people know better: kept on the clock of the sound file, so that
trims and moves of its strip leave it alone. A strip at another speed has a clock of its own, which
begins where the whole strip does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor
from typing import Any, Final

from ....emotalk_core.model.config import read_config
from ....emotalk_core.speech.phones import Phone, ensure_names_phones
from ....emotalk_core.speech.transcript import Words, words_of
from .. import compat
from ..jobs.settings import engine_settings
from ..sounds.sound import Heard, looks_of

__all__ = [
    "LANGUAGES",
    "UNKNOWN_FRAME",
    "all_of",
    "begin",
    "ensure_obeyed",
    "forget",
    "frames_of",
    "of_another",
    "on_file",
    "on_sound",
    "plays_another",
    "put",
    "put_text",
    "remember",
    "seconds_at",
    "tell",
    "told",
    "told_at",
    "words",
    "written",
]

LANGUAGES: Final = "en, de, fr-fr, ja, hi ..., as espeak-ng calls them; some need it installed"

UNKNOWN_FRAME: Final = -1e9
"""Where the sound file of a take begins that was written by a version that did not say so."""

_NEARLY: Final = 0.01  # frames; properties have 24 bits
_SHORTEST_S: Final = 0.005  # what a new phone leaves of an old one
_REMEDY: Final = "Use a starter model, or press All As Heard (panel Lips)."
_DIGITS: Final = 6  # of seconds


def all_of(group: Any) -> tuple[Phone, ...]:
    """What is told of a take's sliders, in seconds of the file."""
    return _read(group.phones)


@lru_cache(maxsize=4)
def _read(text: str) -> tuple[Phone, ...]:
    return tuple(Phone(*row) for row in json.loads(text or "[]"))


def told(text: str, heard: Heard) -> tuple[Phone, ...]:
    """Phones as a take's sliders have them, on the clock of what is heard.

    Raises
    ------
    EmoTalkError
        There are some, and the model that is chosen goes by none: told now, not once it has heard.
    """
    phones = on_sound(_read(text), heard)
    if phones:
        ensure_obeyed(_REMEDY)
    return phones


def on_sound(phones: Sequence[Phone], heard: Heard) -> tuple[Phone, ...]:
    """Phones in seconds of the file, on the clock of what is heard of it."""
    return tuple(phone for phone in _later(phones, -heard.from_s) if phone.end_s > 0.0)


def words(group: Any) -> Words:
    """The phones of the text that is said in a take; none where it was not told.

    Raises
    ------
    EmoTalkError
        As for `told`.
    """
    if group.words:
        ensure_obeyed(_REMEDY)
    return words_of(group.words)


def put_text(group: Any, text: str = "", language: str = "", read: Words = ()) -> None:
    """Tell a take the text that is said in it, and how it was `read`; without, that it is not
    known.
    """
    group.text, group.language = text.strip(), language
    group.words, group.from_script = written(read), False


def written(read: Words) -> str:
    """Words as a take's sliders keep them."""
    return " ".join("_".join(word) for word in read)


def on_file(phones: Sequence[Phone], heard: Heard) -> tuple[Phone, ...]:
    """Phones on the clock of what is heard, in seconds of the file."""
    return _later(phones, heard.from_s)


def ensure_obeyed(remedy: str = "Use a starter model.") -> None:
    """Raise an EmoTalkError where the model that is chosen goes by no phones."""
    ensure_names_phones(read_config(engine_settings().model / "config.json"), remedy)


def put(group: Any, phones: Sequence[Phone]) -> None:
    """These, in seconds of the file, in place of all that was told. They are one text: the panel
    compares them at each draw, and a file may bring thousands.
    """
    rows = [
        (round(one.start_s, _DIGITS), round(one.end_s, _DIGITS), one.symbol)
        for one in sorted(phones, key=lambda one: one.start_s)
    ]
    group.phones = json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else ""


def tell(group: Any, phone: Phone) -> None:
    """One more, in seconds of the file; others give it room."""
    put(group, [*_without(group, phone.start_s, phone.end_s), phone])


def forget(group: Any, start_s: float, end_s: float) -> int:
    """Let some seconds of the file be heard again; how many phones reached into them."""
    n = sum(1 for one in all_of(group) if one.start_s < end_s and one.end_s > start_s)
    put(group, _without(group, start_s, end_s))
    return n


def _without(group: Any, start_s: float, end_s: float) -> list[Phone]:
    """What is told before and after."""
    left = []
    for one in all_of(group):
        before = Phone(one.start_s, min(one.end_s, start_s), one.symbol)
        after = Phone(max(one.start_s, end_s), one.end_s, one.symbol)
        left += [part for part in (before, after) if part.end_s - part.start_s > _SHORTEST_S]
    return left


def _later(phones: Sequence[Phone], by_s: float) -> tuple[Phone, ...]:
    return tuple(Phone(one.start_s + by_s, one.end_s + by_s, one.symbol) for one in phones)


def remember(take: Any, heard: Heard) -> None:
    """Where the sound file begins, for the frames of keys as they stand."""
    take.file_start = heard.file_start
    begin(take, heard)


def begin(take: Any, heard: Heard) -> str:
    """Let what is told from now on be of this sound; what was told of another one is forgotten, and
    `of_another` returned.
    """
    left_out = of_another(take, heard)
    if left_out:
        put(take.controls, ())
        put_text(take.controls)
    take.sound_looks = json.dumps(looks_of(heard.file))
    return left_out


def of_another(take: Any, heard: Heard) -> str:
    """What a user should know where lips, phones or a text were told of another sound than is heard
    by now: they are left out, and forgotten once its keys are written. A file of the same name is
    the same sound.
    """
    group = take.controls
    if not (group.phones or group.text) or not plays_another(take, heard):
        return ""
    was, now = json.loads(take.sound_looks)[0], looks_of(heard.file)[0]
    return (
        f"Lips, phones or text that were told of the sound {was} are left out, as {now} is "
        f"another one: undo brings them back, and a file of the name {was} keeps them"
    )


def plays_another(take: Any, heard: Heard) -> bool:
    """Whether another sound is heard than a take was written of, by name and by content."""
    if not take.sound_looks:
        return False
    was, now = json.loads(take.sound_looks), looks_of(heard.file)
    return was[0] != now[0] and was[1] != now[1]


def seconds_at(take: Any, frame: float) -> float:
    """Which second of the sound file a scene frame shows."""
    rate = float(compat.scene_rate(take.id_data))
    return (frame - take.file_start) / rate - take.controls.sync_offset_ms / 1000.0


def told_at(take: Any, frame: float) -> Phone | None:
    """What a take is told at a scene frame."""
    second = seconds_at(take, frame)
    return next((one for one in all_of(take.controls) if one.start_s <= second < one.end_s), None)


def frames_of(take: Any, phone: Phone) -> tuple[int, int]:
    """The first and last scene frame that show a phone; the last is before the first where it lies
    between two frames.
    """
    start, end = (_frame_at(take, second) for second in (phone.start_s, phone.end_s))
    return ceil(start - _NEARLY), floor(end + _NEARLY)


def _frame_at(take: Any, second: float) -> float:
    rate = float(compat.scene_rate(take.id_data))
    return (second + take.controls.sync_offset_ms / 1000.0) * rate + take.file_start
