"""What is said in a text as people have it: a transcript, subtitles, a dialogue with the names of
its speakers, a screenplay. The form of a text is told by the text alone.
"""

from __future__ import annotations

from typing import Final

from .directions import plain_signs, without_directions
from .lines import ScriptLine
from .screenplay import is_heading, screenplay_lines
from .speakers import named_lines
from .subtitles import subtitle_lines

__all__ = ["ScriptLine", "said", "script_lines", "speakers"]

_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"  # before the text of some files


def said(text: str) -> str:
    """The words of `text` that are said, line by line: without speakers, directions and the rest
    of its form; empty where nothing is.

    >>> said("ANNA (quietly): Hello [sighs] there.")
    'Hello there.'
    """
    # Empty lines stay: espeak-ng ends a sentence there.
    return "\n".join(line.text for line in _all_lines(text)).strip()


def script_lines(text: str) -> tuple[ScriptLine, ...]:
    """What is said in `text`, by whom, in order; lines in which nothing is said are left out."""
    return tuple(line for line in _all_lines(text) if line.text)


def speakers(text: str) -> tuple[str, ...]:
    """Whom `text` names before what they say, each once, in order."""
    return tuple(dict.fromkeys(line.speaker for line in script_lines(text) if line.speaker))


def _all_lines(text: str) -> list[ScriptLine]:
    rows = text.removeprefix(_MARK).splitlines()
    lines, has_form = _by_form(plain_signs("\n".join(rows)))
    return [
        ScriptLine(line.speaker, without_directions(line.text, all_brackets=has_form))
        for line in lines
    ]


def _by_form(text: str) -> tuple[list[ScriptLine], bool]:
    """Its lines, and whether it has another form than that of a plain transcript."""
    subtitles = subtitle_lines(text)
    if subtitles is not None:
        return named_lines(subtitles, are_subtitles=True), True
    screenplay = screenplay_lines(text)
    if screenplay is not None:
        return screenplay, True
    lines = named_lines([ScriptLine("", line) for line in text.splitlines()])
    if not any(line.speaker for line in lines):
        return lines, False
    return [line for line in lines if not is_heading(line.text)], True
