"""Every word of the interface that can be translated."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import emotalk
from emotalk import addon
from emotalk.addon.languages.steps import STEPS
from emotalk.emotalk_core.heads.guides import GUIDES

_SHOWN = ("text", "heading", "title", "message", "confirm_text")  # keywords of what is drawn
_DRAWS = {"draw_text": 1, "refuse": 0, "translated": 0}  # functions, which of their arguments
_TELL_WHY = {"reason_against", "why_none", "why_silent"}  # functions whose answers are shown
_FOLDER = Path(emotalk.__file__).parent / "addon"


def ui_words() -> set[str]:
    """Labels, tooltips, and what panels and dialogs say without a number or a name in it."""
    words = {word for cls in addon._classes() for word in _of_class(cls)}
    for path in (
        *_FOLDER.glob("ui/*.py"),
        *_FOLDER.glob("operators/*.py"),
        _FOLDER / "bridge" / "jobs" / "errand.py",
        _FOLDER / "languages" / "__init__.py",
        _FOLDER / "preferences.py",
    ):
        words |= set(
            _of_source(
                ast.parse(path.read_text("utf-8")),
                of_panel=path.parent.name == "ui" or path.name == "preferences.py",
            )
        )
    words |= {guide.hint for guide in GUIDES} | {*STEPS}
    return {word for word in words if any(letter.islower() for letter in word)}


def _of_class(cls: Any) -> Iterator[str]:
    rna = cls.bl_rna
    if issubclass(cls, bpy.types.Operator):
        group, name = cls.bl_idname.split(".")
        rna = getattr(getattr(bpy.ops, group), name).get_rna_type()
        yield rna.description
    yield getattr(cls, "bl_label", "")
    for name in _annotations(cls):
        prop = rna.properties.get(name)
        if prop is None or prop.is_hidden or name.startswith("bl_"):
            continue
        if prop.name != name:
            yield from (prop.name, prop.description)
        if prop.type == "ENUM":
            for item in prop.enum_items_static:
                yield from (item.name, item.description)


def _annotations(cls: Any) -> list[str]:
    return [name for base in cls.__mro__ for name in inspect.get_annotations(base)]


def _of_source(tree: ast.Module, *, of_panel: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        if isinstance(node, ast.FunctionDef) and node.name in _TELL_WHY:
            answers = (inner for inner in ast.walk(node) if isinstance(inner, ast.Return))
            yield from (text for answer in answers if answer.value for text in _texts(answer.value))
    for node in tree.body:
        if of_panel and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from (text for text in _texts(node.value) if text[:1].isupper())


def _of_call(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg in _SHOWN:
            yield from _texts(keyword.value)
    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if called in _DRAWS:
        yield from _texts(node.args[_DRAWS[called]])


def _texts(node: ast.expr) -> Iterator[str]:
    """Strings that stand there as they are."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.Tuple):
        yield from (text for part in node.elts for text in _texts(part))
    elif isinstance(node, ast.Dict):
        yield from (text for part in (*node.keys, *node.values) if part for text in _texts(part))
