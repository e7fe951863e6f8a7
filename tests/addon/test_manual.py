"""The manual in the browser: all of it, links that lead somewhere, F1 over every button."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import bpy
import pytest


class _Tags(HTMLParser):
    """Which tags a page leaves open, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.words += data if self.open[-1:] not in (["code"], ["pre"]) else ""


@pytest.fixture
def page(addon: Any) -> str:
    """All of it."""
    from emotalk.addon.manual.page import written_page

    return written_page()


def test_every_tag_is_closed_and_no_mark_is_left(page: str) -> None:
    tags = _Tags()
    tags.feed(page)

    assert tags.open == []
    assert not re.search(r"\*\*|\]\(|^#|```|\|", tags.words, re.MULTILINE)


def test_every_link_leads_to_one_heading(page: str) -> None:
    from emotalk.addon.manual.page import PLACES

    there = Counter(re.findall(r' id="([^"]+)"', page))
    asked = [*re.findall(r'href="#([^"]+)"', page), *(anchor for _, anchor in PLACES)]

    assert len(asked) > 60
    assert {anchor: there[anchor] for anchor in asked if there[anchor] != 1} == {}


def test_lists_within_lists_and_code_come_as_they_are() -> None:
    from emotalk.addon.manual.markdown import html_of

    document = "- one\n  - **two** `<b>`\n- three\n\n| a | b |\n|---|---|\n| [x](y) | & |\n"

    assert html_of(document, lambda to: f"#{to}").splitlines() == [
        *("<ul>", "<li>one", "<ul>", "<li><strong>two</strong> <code>&lt;b&gt;</code>"),
        *("</li></ul>", "</li>", "<li>three", "</li></ul>"),
        *("<table>", "<tr><th>a</th><th>b</th></tr>"),
        *('<tr><td><a href="#y">x</a></td><td>&amp;</td></tr>', "</table>"),
    ]


def test_the_button_opens_the_page(addon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)

    bpy.ops.emotalk.manual()

    assert "In five clicks" in Path(unquote(urlparse(opened[0]).path)).read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("emotalk.animate", "in-five-clicks"),
        ("emotalk.find_rig", "your-character"),
        ("emotalk.place_guides", "a-head-without-shape-keys"),
        ("emotalk.make_shape_keys", "a-head-without-shape-keys"),
        ("emotalk.tell_text", "a-text-or-phones-from-a-file"),
        ("EMOTALK_PG_controls.happy", "emotion"),
        ("EMOTALK_PG_controls.articulation", "shaping"),
        ("EMOTALK_PG_scene.key_step", "keys"),
    ],
)
def test_f1_opens_what_is_told_of_it(
    addon: Any, monkeypatch: pytest.MonkeyPatch, name: str, heading: str
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    bpy.ops.wm.doc_view_manual(doc_id=name)

    leads = Path(unquote(urlparse(opened[0]).path))  # systems drop a # behind the name of a file
    assert f'url=index.html#{heading}"' in leads.read_text("utf-8")
    assert "In five clicks" in leads.with_name("index.html").read_text("utf-8")


def test_f1_on_what_is_blenders_stays_blenders(addon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    bpy.ops.wm.doc_view_manual(doc_id="object.delete")

    assert "blender.org" in opened[0]
