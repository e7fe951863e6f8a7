"""Which ARKit channel a shape key's name spells, whatever its case, prefix, separators and side
marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from .. import arkit

__all__ = ["Spelling", "folded", "shared_ending", "spelled_channel", "without_namespace"]

_SEPARATORS: Final = re.compile(r"[\s_.\-]+")
_ENDING: Final = re.compile(r"[\s_.\-]+(?:bs|arkit|shape|key|morph)$", re.IGNORECASE)
_SIDE: Final = {
    "l": "Left",
    "r": "Right",
    "left": "Left",
    "right": "Right",
    "lf": "Left",
    "rt": "Right",
}
# A prefix may be anything that ends where a word ends, unless it talks about a different shape.
_PREFIX_STOPS: Final = re.compile(r"corr|combo|inbetween|_to_|!|half|fix|delta", re.IGNORECASE)


@dataclass(frozen=True)
class Spelling:
    """One reading of a key's name."""

    channel: str
    rank: int  # 0 exact, 1 other case, 2 other separators or side marks, 3 with a prefix
    half: bool = (
        False  # one side of a channel that has no sides: both halves follow the one channel
    )
    prefix: str = ""


def folded(name: str) -> str:
    """`name` for comparison: no case, no separators, full-width letters as plain ones.

    >>> folded("A25_Jaw_Open")
    'a25jawopen'
    """
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold())


def without_namespace(name: str) -> str:
    """The part behind the last ":" or "|": Maya's namespaces and paths."""
    return re.split(r"[:|]", name)[-1]


def shared_ending(names: Sequence[str]) -> str:
    """What three names or more all end in behind a separator; "" where it is a side, a channel or
    the mark of a corrective.

    >>> shared_ending(["jawOpen_head", "mouthClose_head", "browInnerUp_head"])
    '_head'
    """
    if len(names) < 3:
        return ""
    same = names[0]
    while not all(name.endswith(same) for name in names):
        same = same[1:]
    found = re.search(r"[\s_.\-].*", same)
    if not found:
        return ""
    ending = found[0]
    has_side = any(word.casefold() in _SIDE for word in _SEPARATORS.split(ending))
    means_more = has_side or _PREFIX_STOPS.search(ending) or _names_a_channel(ending)
    return "" if means_more else ending


def spelled_channel(name: str) -> Spelling | None:
    """How `name` spells an ARKit channel; None where it does not.

    >>> spelled_channel("blendShape1.EyeBlink_L").channel
    'eyeBlinkLeft'
    >>> spelled_channel("mouth-open") is None
    True
    """
    if name in arkit.CHANNELS:
        return Spelling(name, 0)
    tail = without_namespace(name)
    spelling = _read(tail) or _read(_ENDING.sub("", tail))
    if spelling:
        rank = 1 if name.casefold() == spelling.channel.casefold() else 2
        return Spelling(
            spelling.channel,
            rank if tail == name else 3,
            spelling.half,
            name[: len(name) - len(tail)],
        )
    return _behind_prefix(_ENDING.sub("", tail), name)


def _behind_prefix(tail: str, name: str) -> Spelling | None:
    """The longest part from a word's start to the end that spells a channel, if what precedes is a
    mere prefix.
    """
    for start in _word_starts(tail):
        spelling, prefix = _read(tail[start:]), tail[:start]
        if spelling is None:
            continue
        if _PREFIX_STOPS.search(prefix) or _names_a_channel(prefix):
            return None
        return Spelling(spelling.channel, 3, spelling.half, name[: name.find(tail)] + prefix)
    return None


def _word_starts(name: str) -> list[int]:
    """Where a new word starts behind a separator or a digit; "BSjawOpen" also behind a run of
    capitals.
    """
    starts = [
        m.end()
        for m in re.finditer(r"[\s_.\-]+|\d+(?=[A-Za-z])|^[A-Z]{2,}(?=[a-z])|[a-z](?=[A-Z])", name)
    ]
    return [start for start in starts if 0 < start < len(name)]


def _names_a_channel(prefix: str) -> bool:
    text = folded(prefix)
    return any(stem in text for stem in _stems())


@cache
def _stems() -> frozenset[str]:
    return frozenset(
        re.sub(r"(left|right)$", "", channel.casefold()) for channel in arkit.CHANNELS
    ) - {"jaw", "mouth"}


def _read(text: str) -> Spelling | None:
    """`text` as a whole, case and separators apart, with the side in any usual form and place."""
    table = _spellings()
    plain = folded(text)
    if plain in table:
        return table[plain]
    words = [word for word in _SEPARATORS.split(text) if word]
    for place in (-1, 0):
        side = _SIDE.get(words[place].casefold()) if len(words) > 1 else None
        if side:
            rest = folded("".join(words[:-1] if place else words[1:]))
            return table.get(rest + side.casefold())
    glued = re.fullmatch(r"(.*[a-z])(L|R)", text)  # eyeBlinkL
    return table.get(folded(glued[1]) + _SIDE[glued[2].casefold()].casefold()) if glued else None


@cache
def _spellings() -> dict[str, Spelling]:
    table = {channel.casefold(): Spelling(channel, 2) for channel in arkit.CHANNELS}
    for channel in arkit.CHANNELS:
        if not channel.endswith(("Left", "Right")):
            for side in ("left", "right"):
                table.setdefault(channel.casefold() + side, Spelling(channel, 2, half=True))
    return table
