"""Subtitles: the words of SubRip's and WebVTT's files."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from .lines import ScriptLine

__all__ = ["subtitle_lines"]

_TIME: Final = r"(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}"
_TIMING: Final = re.compile(rf"\s*(?:\d+\s+)?{_TIME}\s*-->\s*{_TIME}")
_NUMBER: Final = re.compile(r"\s*\d+\s*")
_WEBVTT: Final = re.compile(r"WEBVTT(?:[ \t].*)?")
_STYLE: Final = re.compile(r"\{(?:\\[^{}]*|/?[biu])\}")  # {\an8}, {i}
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]+)>")
_WORD_TIME: Final = re.compile(r"<\d[\d:.]*>")
_READING: Final = re.compile(r"<rt>[^<>]*</rt>")  # how the word before it is read
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>")


def subtitle_lines(text: str) -> list[ScriptLine] | None:
    """The lines of subtitles, with the speakers whom they name by a tag; None where a text has no
    times of subtitles.
    """
    rows = text.splitlines()
    cues = list(_cues(rows))
    if not cues:
        return None
    if _WORD_TIME.search(text):
        cues = list(_once(cues))
    lines = (line for cue in cues for row in cue for line in _by_voices(row))
    return [line for line in lines if line.text]


def _cues(rows: list[str]) -> Iterator[list[str]]:
    """The rows of each subtitle. WebVTT's ends with an empty row, after which notes may stand;
    SubRip's only with the next one, before which its number stands.
    """
    first = next((row for row in rows if row.strip()), "")
    ends_empty = _WEBVTT.fullmatch(first.strip()) is not None
    cue: list[str] | None = None
    is_over = False
    for row in rows:
        if _TIMING.match(row):
            if cue is not None:
                yield cue if is_over else _without_number(cue)
            cue, is_over = [], False
        elif cue is not None and not is_over:
            is_over = ends_empty and not row.strip()
            cue.append(row)
    if cue is not None:
        yield cue


def _without_number(cue: list[str]) -> list[str]:
    """Without that of the next one, which stands right before its times."""
    return cue[:-1] if cue and _NUMBER.fullmatch(cue[-1]) else cue


def _once(cues: list[list[str]]) -> Iterator[list[str]]:
    """Captions that roll show a row twice, when it is new and above the next one; those alone tell
    the time of each word.
    """
    last = ""
    for cue in cues:
        rows = [row for row in cue if _plain(row)]
        fresh = rows[1:] if rows and _plain(rows[0]) == last else rows
        last = _plain(rows[-1]) if rows else last
        yield fresh


def _by_voices(row: str) -> Iterator[ScriptLine]:
    before, *voiced = _VOICE.split(row)
    yield ScriptLine("", _plain(before))
    for speaker, words in zip(voiced[::2], voiced[1::2], strict=True):
        yield ScriptLine(speaker.strip(), _plain(words))


def _plain(row: str) -> str:
    row = _TAG.sub("", _READING.sub("", _STYLE.sub("", row)))
    return html.unescape(row).strip()
