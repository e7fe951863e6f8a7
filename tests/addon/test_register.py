"""Enabling and disabling leave nothing behind, and every button explains itself."""

from __future__ import annotations

from types import ModuleType

import bpy
import pytest


def ours() -> set[str]:
    return {name for name in dir(bpy.types) if name.startswith("EMOTALK_")}


def test_disabling_mirrors_enabling(addon: ModuleType) -> None:
    n_undo = len(bpy.app.handlers.undo_post)
    assert ours()

    addon.unregister()
    try:
        assert not ours()
        assert not hasattr(bpy.types.Scene, "emotalk")
        assert len(bpy.app.handlers.undo_post) == n_undo - 1
    finally:
        addon.register()


def test_registering_prints_nothing(addon: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    addon.unregister()
    capfd.readouterr()

    addon.register()

    assert capfd.readouterr().out == ""


def test_every_operator_has_a_tooltip(addon: ModuleType) -> None:
    names = [name for name in dir(bpy.ops.emotalk) if not name.startswith("_")]
    tips = {name: getattr(bpy.ops.emotalk, name).get_rna_type().description for name in names}

    assert len(names) >= 10
    assert all(len(tip) > 15 and not tip.endswith(".") for tip in tips.values()), tips


def test_no_tooltip_breaks_its_lines(addon: ModuleType) -> None:
    for name in dir(bpy.ops.emotalk):
        text = getattr(bpy.ops.emotalk, name).get_rna_type().description
        assert "\n" not in text, name


def test_every_slider_has_the_limits_of_the_core(addon: ModuleType) -> None:
    from emotalk.emotalk_core.controls import EMOTIONS, LIMITS

    group = bpy.context.scene.emotalk.controls.bl_rna.properties

    for name in EMOTIONS:
        assert (group[name].hard_min, group[name].hard_max) == (0.0, 1.0)
    for name, limits in LIMITS.items():
        assert (group[name].hard_min, group[name].hard_max) == limits


def test_starting_values_are_those_of_the_core(addon: ModuleType) -> None:
    from emotalk.addon.bridge.asked import controls
    from emotalk.emotalk_core.controls import Controls

    assert controls.read(bpy.context.scene.emotalk.controls) == Controls()


def test_blender_translates_none_of_our_labels(addon: ModuleType) -> None:
    kinds = (bpy.types.Panel, bpy.types.Menu)
    shown = [cls for name in ours() if issubclass(cls := getattr(bpy.types, name), kinds)]
    names = [name for name in dir(bpy.ops.emotalk) if not name.startswith("_")]
    types = [getattr(bpy.ops.emotalk, name).get_rna_type() for name in names]
    group = bpy.context.scene.emotalk
    groups = (group, group.controls, group.rig)
    fields = [p for one in groups for p in one.bl_rna.properties if p.is_runtime]
    assert min(len(shown), len(types), len(fields)) > 5

    labelled = (*(cls.bl_rna for cls in shown), *types, *fields)

    assert {thing.translation_context for thing in labelled} == {"EmoTalk"}
