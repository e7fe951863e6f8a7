"""Names of speakers before what they say, as in `ANNA: Hello.` and 太郎「はい」."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from .lines import ScriptLine

__all__ = ["is_capital_name", "named_lines"]

_TURN: Final = re.compile(r"\s*[-‐–—•>]+(?!\d)\s*")
_LABEL: Final = re.compile(
    r"(?P<name>[^\W\d_][^:：()\[\]]{0,39}?)"
    r"\s*(?:[(\[][^()\[\]]*[)\]]\s*)?"  # (quietly)
    r"(?::(?=\s|$)|：|(?<![はがもにをでと])(?=「[^「」]*」?\s*$))\s*"
)
"""Also without a colon in Japanese: 太郎「はい」, but not 彼は「はい」."""
_NAME: Final = re.compile(r"[^\W\d_][\w.'’&/#-]*(?: [\w.'’&/#-]+){0,3}")
_BETWEEN: Final = frozenset(
    ["and", "da", "de", "der", "di", "du", "e", "et", "la", "le", "of", "the", "und", "van",
     "von", "y"]
)  # fmt: skip
_SAID: Final = frozenset(
    ["act", "again", "and", "attention", "book", "but", "caution", "chapter", "danger", "day",
     "example", "figure", "finally", "first", "here", "hint", "important", "lesson", "listen",
     "look", "nb", "next", "no", "note", "now", "number", "part", "ps", "remember", "rule",
     "scene", "second", "section", "so", "step", "still", "then", "third", "tip", "today",
     "tomorrow", "verse", "volume", "wait", "warning", "yes", "yesterday"]
)  # fmt: skip
"""What stands before a colon and is said."""
_FEWEST: Final = 0.05  # share of lines with names that makes a dialogue of a text


def is_capital_name(name: str) -> bool:
    """Whether it may be a name that is written in capitals."""
    return name.isupper() and _may_be_name(name) and sum(map(str.isalpha, name)) > 1


def named_lines(lines: Sequence[ScriptLine], *, are_subtitles: bool = False) -> list[ScriptLine]:
    """Each line without the name at its start, by its speaker: as it says, or the last one who was
    named. A name is in capitals, in a text that is not; or one that comes again. A long text has to
    have more than a few, but subtitles name only who is not seen.
    """
    turns = [_TURN.match(line.text) for line in lines]
    bare = [
        line.text[turn.end() if turn else 0 :].lstrip()
        for line, turn in zip(lines, turns, strict=True)
    ]
    labels = [_LABEL.match(text) for text in bare]
    names = _names([label["name"] for label in labels if label], bare, are_subtitles=are_subtitles)
    speaker, found = "", []
    for line, turn, text, label in zip(lines, turns, bare, labels, strict=True):
        is_named = label is not None and label["name"] in names
        last = "" if turn else speaker
        speaker = label["name"] if label and is_named else line.speaker or last
        words = text[label.end() :] if label and is_named else text
        found.append(ScriptLine(speaker, words))
    return found


def _names(labels: Sequence[str], lines: Sequence[str], *, are_subtitles: bool) -> set[str]:
    """Which of the labels are names."""
    counts = Counter(filter(_may_be_name, labels))
    is_dialogue = counts.total() >= _FEWEST * sum(map(bool, lines))
    if is_dialogue and any(n > 1 for n in counts.values()):
        return set(counts)
    tells = (is_dialogue or are_subtitles) and any(map(_has_small, lines))
    return {name for name in counts if tells and is_capital_name(name)}


def _has_small(text: str) -> bool:
    return any(map(str.islower, text))


def _may_be_name(name: str) -> bool:
    if not _NAME.fullmatch(name):
        return False
    words = name.split()
    is_said = words[0].lower().replace(".", "") in _SAID
    return not is_said and all(not word[0].islower() or word in _BETWEEN for word in words)
