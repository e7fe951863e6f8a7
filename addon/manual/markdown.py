"""Our own documents as HTML: headings, paragraphs, lists, tables and code, as they use them.

Blender has no reader of Markdown, and a library in the zip would be larger than the documents.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

__all__ = ["anchor_of", "html_of"]

_ITEM: Final = re.compile(r"( *)(-|\d+\.) +(.*)")
_HEADING: Final = re.compile(r"(#+) (.*)")
_FENCE: Final = re.compile(r" *```")
_RULE: Final = re.compile(r"\|[-:| ]+\|")
_SPAN: Final = re.compile(
    r"`(?P<code>[^`]+)`|!\[[^\]]*\]\([^)]*\)|\[(?P<text>(?:[^\]`]|`[^`]*`)+)\]\((?P<to>[^)]*)\)"
    r"|\*\*(?P<strong>.+?)\*\*(?!\*)|\*(?P<weak>[^*]+)\*"
)

Link = Callable[[str], str]
"""Where a link leads to on the page; empty: nowhere, so its text alone stays."""


def anchor_of(heading: str) -> str:
    """A heading as links name it.

    >>> anchor_of("Ease: rest before and after")
    'ease-rest-before-and-after'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def html_of(document: str, link: Link) -> str:
    """The body of a page; pictures are left out."""
    return "\n".join(_blocks(document.splitlines(), link))


def _blocks(lines: Sequence[str], link: Link) -> Iterator[str]:
    at, open_lists = 0, _Lists()
    while at < len(lines):
        line = lines[at]
        item = _ITEM.fullmatch(line)
        if not line.strip():
            at += 1
            continue
        if _FENCE.match(line):
            end = next(i for i in range(at + 1, len(lines)) if _FENCE.match(lines[i]))
            yield f"<pre>{html.escape(_dedented(lines[at + 1 : end]))}</pre>"
            at = end + 1
            continue
        if item:
            yield from open_lists.opened(len(item[1]), "ul" if item[2] == "-" else "ol")
            yield f"<li>{_inline(item[3], link)}"
        elif line.startswith("|"):
            end = next((i for i in range(at, len(lines)) if lines[i][:1] != "|"), len(lines))
            yield from open_lists.closed()
            yield from _table(lines[at:end], link)
            at = end
            continue
        else:
            yield from open_lists.closed() if not line.startswith(" ") else ()
            yield _paragraph(line, link)
        at += 1
    yield from open_lists.closed()


class _Lists:
    """The lists that are open, by how far they are indented."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def opened(self, indent: int, tag: str) -> Iterator[str]:
        """What comes before an item."""
        while self._open and self._open[-1][0] > indent:
            yield f"</li></{self._open.pop()[1]}>"
        if self._open and self._open[-1] == (indent, tag):
            yield "</li>"
            return
        if self._open and self._open[-1][0] == indent:
            yield f"</li></{self._open.pop()[1]}>"
        self._open.append((indent, tag))
        yield f"<{tag}>"

    def closed(self) -> Iterator[str]:
        """What comes after the last item of all."""
        while self._open:
            yield f"</li></{self._open.pop()[1]}>"


def _paragraph(line: str, link: Link) -> str:
    heading = _HEADING.fullmatch(line)
    text = _inline(heading[2] if heading else line.strip(), link)
    if not heading:
        return f"<p>{text}</p>" if text else ""
    return f'<h{len(heading[1])} id="{anchor_of(heading[2])}">{text}</h{len(heading[1])}>'


def _dedented(lines: Sequence[str]) -> str:
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)


def _table(lines: Sequence[str], link: Link) -> Iterator[str]:
    yield "<table>"
    for number, line in enumerate(lines):
        if not _RULE.fullmatch(line):
            tag = "td" if number else "th"
            cells = line.strip().strip("|").split("|")
            yield f"<tr>{''.join(f'<{tag}>{_inline(c.strip(), link)}</{tag}>' for c in cells)}</tr>"
    yield "</table>"


def _inline(text: str, link: Link) -> str:
    parts, end = [], 0
    for found in _SPAN.finditer(text):
        parts += [html.escape(text[end : found.start()]), _span(found, link)]
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def _span(found: re.Match[str], link: Link) -> str:
    if found["code"]:
        return f"<code>{html.escape(found['code'])}</code>"
    if found["text"]:
        to, text = link(found["to"]), _inline(found["text"], link)
        return f'<a href="{html.escape(to)}">{text}</a>' if to else text
    if found["strong"]:
        return f"<strong>{_inline(found['strong'], link)}</strong>"
    return f"<em>{_inline(found['weak'], link)}</em>" if found["weak"] else ""
