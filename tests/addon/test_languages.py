"""The interface in other languages: complete, up to date, and told to Blender."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import emotalk
import pytest
from emotalk.addon import _classes as registered
from emotalk.addon import languages
from emotalk.addon.languages import steps
from emotalk.addon.languages.steps import STEPS
from emotalk.addon.ui import base

from tests.addon.layouts import Layout, context_of
from tests.addon.ui_words import ui_words

_FILES = sorted((Path(emotalk.__file__).parent / "addon" / "languages").glob("*.json"))
_NAMES = re.compile(
    r"EmoTalk|FLAME|PyTorch|Python|CUDA|ROCm|NVIDIA|AMD|faster-whisper|espeak-ng|Live Link Face|"
    r"Rhubarb|TextGrid|Rigify|Audacity|csv|npz|json|Esc|\d+(?:\.\d+)?"
)
_VALUES = re.compile(r"\{.*?\}")


def _table(path: Path) -> dict[str, str]:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_a_language_has_every_word_of_the_interface_and_no_other(
    addon: ModuleType, path: Path
) -> None:
    table, words = _table(path), ui_words()

    assert sorted(words - set(table)) == []
    assert sorted(set(table) - words) == []


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_names_and_numbers_stay_as_they_are(path: Path) -> None:
    for word, told in _table(path).items():
        assert told.strip() == told
        assert told
        assert set(_NAMES.findall(word)) <= set(_NAMES.findall(told)), word
        assert sorted(_VALUES.findall(word)) == sorted(_VALUES.findall(told)), word


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_tooltips_end_as_blender_wants_them(path: Path) -> None:
    for word, told in _table(path).items():
        assert not told.endswith((".", "。", "．")) or word.endswith("."), told


class _Translations:
    """Blender's: its module has no languages to be set to."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, dict[tuple[str, str], str]]] = {}

    def register(self, name: str, tables: dict[str, dict[tuple[str, str], str]]) -> None:
        self.tables[name] = tables

    def unregister(self, name: str) -> None:
        del self.tables[name]


def test_blender_is_told_with_the_extension_and_forgets_with_it(
    addon: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = _Translations()
    fake = SimpleNamespace(app=SimpleNamespace(translations=ours))
    addon.unregister()
    with monkeypatch.context() as patched:
        patched.setattr(languages, "bpy", fake)
        addon.register()
        (tables,) = ours.tables.values()
        addon.unregister()
    addon.register()

    assert sorted(tables) == [path.stem for path in _FILES]
    for path in _FILES:
        told = _table(path)["Animate"]
        assert tables[path.stem]["*", "Animate"] == told  # of a panel's own text
        assert tables[path.stem]["EmoTalk", "Animate"] == told  # of a button
    assert ours.tables == {}


def test_a_sentence_is_translated_whole_before_it_is_cut_into_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentence = "Every channel moves something"
    told = {sentence: "すべてのチャンネルが何かを動かします"}
    monkeypatch.setattr(base, "translated", lambda text: told.get(text, text))
    layout, context = Layout(), context_of(181)
    layout.scale_y = 1.0

    base.draw_text(layout, sentence, "INFO", context)

    assert "".join(layout.labels) == told[sentence]
    assert max(map(len, layout.labels)) <= (181 - 60) / (2 * base._PIXELS_OF_A_LETTER)


def test_every_step_of_the_work_is_among_the_words() -> None:
    root = Path(emotalk.__file__).parent
    left_out = {root / "addon" / "demo", root / "emotalk_core" / "cli"}  # of the command line
    files = [
        file
        for top in ("addon", "emotalk_core")
        for file in (root / top).rglob("*.py")
        if left_out.isdisjoint(file.parents)
    ]
    told = {step for file in files for step in _steps_in(ast.parse(file.read_text("utf-8")))}

    assert sorted(told - {*STEPS}) == []
    assert sorted({*STEPS} - told - {"Starting", "Stopping"}) == []


def _steps_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 2:
            what, called = node.args[1], getattr(node.func, "id", "")
            if called.endswith("progress") and called != "draw_progress":
                yield from (n.value for n in [what] if isinstance(n, ast.Constant))


def test_the_number_of_a_work_goes_before_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "translated", str.upper)

    assert steps.step_told("2/5: Listening") == "2/5: LISTENING"
    assert steps.step_told("Listening") == "LISTENING"


def test_descriptions_that_buttons_put_together_are_translated(
    addon: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _Asked(forget=False, every=True, mouth="m", anew=False, symmetric=True)
    dynamic = [cls for cls in registered() if "description" in vars(cls)]
    english = [cls.description(None, asked) for cls in dynamic]
    assert len(english) == 4

    for path in _FILES:
        table = _table(path)
        known = SimpleNamespace(pgettext_iface=lambda text, _, table=table: table[text])
        app = SimpleNamespace(translations=known)
        monkeypatch.setattr(languages, "bpy", SimpleNamespace(app=app))
        told = [cls.description(None, asked) for cls in dynamic]
        assert not {*told} & {*english}


class _Asked(SimpleNamespace):
    """A button's properties."""

    def is_property_set(self, name: str) -> bool:
        return hasattr(self, name)
