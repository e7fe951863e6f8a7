"""What the interface says in other languages: one json file for each of Blender's locales, from
what stands in the code to what is shown. What is in none of them stays in English.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import bpy

from ..identity import ROOT_PACKAGE

__all__ = ["CONTEXT", "register", "sentences", "translated", "unregister"]

CONTEXT: Final = "EmoTalk"
"""Blender's context of our own words: some it knows in another sense (the keys of a keyboard)."""

_CONTEXTS: Final = (CONTEXT, "*")  # the other is that of tooltips and of texts in a panel's code


def register() -> None:
    """Tell Blender what our words are in its languages."""
    bpy.app.translations.register(ROOT_PACKAGE, _tables())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(ROOT_PACKAGE)


def translated(text: str, **values: object) -> str:
    """In Blender's language, if its interface is translated and we have it; with the values in
    their places.
    """
    translations: Any = bpy.app.translations
    told = translations.pgettext_iface(text, CONTEXT)
    return told.format(**values) if values else told


def sentences(first: str, second: str) -> str:
    """Two sentences, the first in English still, as one text."""
    return translated("{first}. {second}", first=translated(first), second=second)


def _tables() -> dict[str, dict[tuple[str, str], str]]:
    tables = {}
    for path in Path(__file__).parent.glob("*.json"):
        words = json.loads(path.read_text("utf-8"))
        tables[path.stem] = {(ctxt, word): words[word] for word in words for ctxt in _CONTEXTS}
    return tables
