"""Presets of one's own, and the menu that has them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import bpy
import pytest

from emotalk_core.controls import PRESETS


@pytest.fixture
def folder(ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where presets go; it is not there yet."""
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path))
    return tmp_path / "presets" / "emotalk"


class Layout:
    """One that keeps what would be written on its buttons."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.menus: list[str] = []

    def operator(self, _name: str, *, text: str, **_: Any) -> SimpleNamespace:
        self.texts.append(text)
        return SimpleNamespace()

    def menu(self, name: str, **_: Any) -> None:
        self.menus.append(name)

    def separator(self) -> None: ...


def shown(name: str = "EMOTALK_MT_presets") -> Layout:
    from emotalk.addon.ui import presets

    menu: Any = SimpleNamespace(layout=Layout())
    getattr(presets, name).draw(menu, bpy.context)
    return menu.layout


def test_the_sliders_come_back_in_another_file_but_sync_ease_and_seed(
    folder: Path, ready: Any
) -> None:
    ready.controls.sad, ready.controls.head, ready.controls.seed = 0.3, 0.5, 4
    assert bpy.ops.emotalk.save_preset(name="Tired / Ada") == {"FINISHED"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    other = bpy.context.scene.emotalk.controls
    other.seed, other.sync_offset_ms, other.ease_s = 9, 80.0, 1.5

    bpy.ops.emotalk.preset(name="Tired / Ada")

    assert (other.sad, other.head) == pytest.approx((0.3, 0.5))
    assert (other.seed, other.sync_offset_ms, other.ease_s) == (9, 80.0, 1.5)


def test_the_menu_has_ones_own_after_those_that_ship(folder: Path) -> None:
    assert shown().texts == [*PRESETS, "Save Preset..."]
    for name in ("tired", "Angry, but kind"):
        bpy.ops.emotalk.save_preset(name=name)

    assert shown().texts == [*PRESETS, "Angry, but kind", "tired", "Save Preset..."]
    assert shown().menus == ["EMOTALK_MT_remove_preset"]
    assert shown("EMOTALK_MT_remove_preset").texts == ["Angry, but kind", "tired"]


def test_a_preset_of_the_same_name_is_replaced_and_said_to_be(
    folder: Path, ready: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.emotalk.save_preset(name="tired")
    assert "Saved preset tired" in capfd.readouterr().out
    ready.controls.jaw = 0.5

    bpy.ops.emotalk.save_preset(name="tired ")

    assert "Replaced preset tired" in capfd.readouterr().out
    ready.controls.jaw = 1.0
    bpy.ops.emotalk.preset(name="tired")
    assert ready.controls.jaw == 0.5


def test_names_that_differ_in_case_alone_are_one(
    folder: Path, ready: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.emotalk.save_preset(name="Tired")
    ready.controls.jaw = 0.5

    bpy.ops.emotalk.save_preset(name="tired")

    assert "Replaced preset Tired" in capfd.readouterr().out
    assert [file.name for file in folder.iterdir()] == ["Tired.json"]
    ready.controls.jaw = 1.0
    bpy.ops.emotalk.preset(name="Tired")
    assert ready.controls.jaw == 0.5


def test_a_file_that_somebody_has_put_there_is_replaced_by_its_name(folder: Path) -> None:
    bpy.ops.emotalk.save_preset(name="tired")
    (folder / "tired.json").rename(folder / "take 1.2.json")

    bpy.ops.emotalk.save_preset(name="take 1.2")

    assert [file.name for file in folder.iterdir()] == ["take 1.2.json"]


@pytest.mark.parametrize(("typed", "told"), [("tired", "Replaces Tired"), ("tire", ""), ("", "")])
def test_the_name_can_be_typed_at_once_and_what_it_replaces_is_said(
    folder: Path, typed: str, told: str
) -> None:
    from emotalk.addon.operators.presets import EMOTALK_OT_save_preset

    bpy.ops.emotalk.save_preset(name="Tired")
    shown, layout = list[str](), Mock()
    layout.label = lambda *, text, **_: shown.append(text)
    dialog: Any = SimpleNamespace(layout=layout, name=typed)

    EMOTALK_OT_save_preset.draw(dialog, bpy.context)

    assert layout.activate_init is True
    assert shown == [told]


def test_what_is_to_be_removed_is_asked_by_its_name(folder: Path) -> None:
    from emotalk.addon.operators.presets import EMOTALK_OT_remove_preset

    context = Mock()
    dialog: Any = SimpleNamespace(name="tired")

    EMOTALK_OT_remove_preset.invoke(dialog, context, None)

    asked = context.window_manager.invoke_confirm.call_args.kwargs
    assert (asked["title"], asked["confirm_text"]) == ("Remove preset tired?", "Remove")


def test_a_removed_preset_is_gone(folder: Path) -> None:
    bpy.ops.emotalk.save_preset(name="tired")

    assert bpy.ops.emotalk.remove_preset(name="tired") == {"FINISHED"}

    assert not list(folder.iterdir())
    with pytest.raises(RuntimeError, match=r"'tired'\. Yours: none yet"):
        bpy.ops.emotalk.remove_preset(name="tired")


@pytest.mark.parametrize("content", ["", '{"emotalk_preset": 1, "controls": {"sad": 7}}'])
def test_a_damaged_file_is_told_when_it_is_chosen_and_sets_nothing(
    folder: Path, ready: Any, content: str
) -> None:
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text(content)
    ready.controls.sad = 0.5

    assert "broken" in shown().texts
    with pytest.raises(RuntimeError, match=r"broken\.json"):
        bpy.ops.emotalk.preset(name="broken")

    assert ready.controls.sad == 0.5


def test_the_names_that_ship_are_not_to_be_had(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="EmoTalk has a preset of this name: 'happy'"):
        bpy.ops.emotalk.save_preset(name="happy")

    assert not folder.exists()
