"""What stands among the words and is not said: [directions], (directions), *actions*, notes of
music, marks of emphasis.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain_signs", "without_directions"]

_SIGNS: Final = str.maketrans(
    {
        "（": "(", "）": ")", "［": "[", "］": "]", "【": "[", "】": "]",
        "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
        **dict.fromkeys("♩♪♫♬🎵🎶🎼", " "),
    }
)  # fmt: skip
_STRONG: Final = re.compile(r"\*\*|__")
_ON: Final = r"-(?!->)|\n(?![^\S\n]*\n)"  # no time of subtitles, no empty line
_BROKEN: Final = re.compile(rf"\((?:[^()\n-]|{_ON})*\)|\[(?:[^\[\]\n-]|{_ON})*\]")
_SQUARE: Final = re.compile(r"\[[^\[\]]*\]")
_ROUND: Final = re.compile(r"\([^()]*\)")
_ASIDE: Final = re.compile(r"\([^()]*\)|\*(?!\s)[^*\n]+(?<!\s)\*")
_MARKS: Final = re.compile(r"(?<=\S)[*~]|[*~](?=\S)")
_LEFT: Final = re.compile(r" (?=[.,!?](?:\s|$))")  # before a sign whose words went
_DEEPEST: Final = 3  # brackets in brackets
_NEAR: Final = 8  # letters around an aside that say where it stands
_ENDS: Final = (".", "!", "?", "…", "。", "！", "？")
_OPENS: Final = "'\"“‘«(["


def plain_signs(text: str) -> str:
    """`text` with one sign for each bracket and space, each direction in one line, no music and
    nothing in bold.
    """
    text = _STRONG.sub("", text.translate(_SIGNS))
    return _BROKEN.sub(lambda found: found[0].replace("\n", " "), text)


def without_directions(text: str, *, all_brackets: bool) -> str:
    """The words of one speaker. Square brackets are never said; round ones and what stands
    *between asterisks* are said but between sentences, or all round ones are not.
    """
    for _ in range(_DEEPEST):
        text = _SQUARE.sub(" ", text)
        text = _ROUND.sub(_if_figures, text) if all_brackets else text
    text = _ASIDE.sub(lambda found: " " if _is_direction(found) else found[0], text)
    return _LEFT.sub("", " ".join(_MARKS.sub("", text).replace("_", " ").split()))


def _if_figures(found: re.Match[str]) -> str:
    """As in (555) 0100."""
    return " " if any(map(str.isalpha, found[0])) else found[0]


def _is_direction(found: re.Match[str]) -> bool:
    """Whether it stands between sentences, and is none."""
    text, inside = found.string, found[0][1:-1].strip()
    before = text[max(0, found.start() - _NEAR) : found.start()].rstrip()
    after = text[found.end() : found.end() + _NEAR]
    follows = not before or not (before[-1].isalnum() or before[-1] in _OPENS)
    first = after.lstrip()[:1]
    is_apart = after[:1].isspace() or first.isalnum()
    precedes = not first or (is_apart and not first.islower())
    is_sentence = inside.endswith(_ENDS) or not any(map(str.isalpha, inside))
    return follows and precedes and not is_sentence
