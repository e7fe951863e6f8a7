"""Screenplays and plays: a name in capitals alone on its line, and below it what is said, as in
Fountain (fountain.io/syntax).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from .lines import ScriptLine
from .speakers import is_capital_name

__all__ = ["is_heading", "screenplay_lines"]

_HEADING: Final = re.compile(r"(?:INT|EXT|EST|I/E|INNEN|AUSSEN)(?:\.|/|\s).*\S")
_EXTENSION: Final = re.compile(r"\s*(?:\([^()]*\)\s*)*\^?")  # (V.O.), and ^ for two at once
_FORCED: Final = "@"  # before a name that is not in capitals


def screenplay_lines(text: str) -> list[ScriptLine] | None:
    """What is said in a screenplay; None where a text is clearly none: it has a heading of a scene
    (INT., EXT.), or most of its paragraphs begin with names, two or more, of which one comes again.
    """
    paragraphs = list(_paragraphs(_without_boneyard(text)))
    names = [_name(rows) for rows in paragraphs]
    if not _is_clear(paragraphs, names):
        return None
    spoken = zip(names, paragraphs, strict=True)
    return [ScriptLine(name, row) for name, rows in spoken if name for row in rows[1:]]


def is_heading(row: str) -> bool:
    """Whether a row is the heading of a scene."""
    return _HEADING.fullmatch(row.strip()) is not None


def _without_boneyard(text: str) -> str:
    """Without /* what the writer has struck out */."""
    *struck, last = text.split("*/")
    return "".join(part.partition("/*")[0] for part in struck) + last


def _paragraphs(text: str) -> Iterator[list[str]]:
    rows: list[str] = []
    for row in map(str.strip, text.splitlines()):
        if row:
            rows.append(row)
        elif rows:
            yield rows
            rows = []
    if rows:
        yield rows


def _name(rows: list[str]) -> str:
    """Who speaks in a paragraph; empty where it is action, or the heading of a scene."""
    first = rows[0]
    if len(rows) < 2 or any(map(is_heading, rows)):
        return ""
    name, bracket, rest = first.partition("(")
    if not _EXTENSION.fullmatch(bracket + rest):
        return ""
    plain = name.strip(" ^")
    if plain.startswith(_FORCED):
        return plain[1:].strip()
    plain = plain.removesuffix(".")
    return plain if is_capital_name(plain) else ""


def _is_clear(paragraphs: list[list[str]], names: list[str]) -> bool:
    speakers = Counter(filter(None, names))
    if not speakers:
        return False
    if any(is_heading(rows[0]) for rows in paragraphs):
        return True
    has_small = any(any(map(str.islower, row)) for rows in paragraphs for row in rows)
    comes_again = len(speakers) > 1 and speakers.most_common(1)[0][1] > 1
    return has_small and comes_again and 2 * speakers.total() > len(paragraphs)
