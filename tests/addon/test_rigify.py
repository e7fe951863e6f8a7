"""Characters on a Rigify face: one click moves its controls, and what it does with them fits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np
import pytest

from tests.addon.scenes import fcurves

_IS_THERE = "rigify" in {module.__name__ for module in addon_utils.modules()}
pytestmark = pytest.mark.skipif(not _IS_THERE, reason="this wheel comes without Rigify")

_BODY = (
    *("thigh", "shin", "foot", "toe", "heel", "pelvis", "breast", "shoulder"),
    *("upper_arm", "forearm", "hand", "palm", "thumb", "f_"),
)
"""Beginnings of bones that take time and have no face."""


def generate(*, is_modular: bool) -> Any:
    """A Rigify rig of a head on a spine, as Blender's own buttons make it."""
    bpy.ops.object.armature_human_metarig_add()
    plan = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in list(plan.data.edit_bones):
        if bone.name.startswith(_BODY):
            plan.data.edit_bones.remove(bone)
    bpy.ops.object.mode_set(mode="POSE")
    if is_modular:
        bpy.ops.pose.rigify_upgrade_face()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.pose.rigify_generate()
    return next(o for o in bpy.data.objects if o.type == "ARMATURE" and o != plan)


@pytest.fixture(scope="module", params=[False, True], ids=["super_face", "modular"])
def blend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a rig of each face system."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="rigify")
    try:
        generate(is_modular=request.param).name = "rig"
        path = tmp_path_factory.mktemp("rigify") / "rig.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    finally:
        bpy.ops.preferences.addon_disable(module="rigify")
    return path


@pytest.fixture
def rig(blend: Path, ready: Any) -> Any:
    """That rig in the scene, chosen in the panel."""
    with bpy.data.libraries.load(str(blend)) as (_there, wanted):
        wanted.objects = ["rig"]
    (rig,) = wanted.objects
    bpy.context.scene.collection.objects.link(rig)
    ready.rig.character = rig
    return rig


def places(rig: Any, **channels: float) -> dict[str, np.ndarray]:
    """Where all bones begin, as evaluated, while these channels are so."""
    from emotalk.addon.bridge.keying.skeletons import skeleton_of
    from emotalk.emotalk_core import arkit
    from emotalk.emotalk_core.clip import Clip
    from emotalk.emotalk_core.retarget import binding_of, retarget

    face = np.zeros((2, arkit.N_CHANNELS), np.float32)
    for name, value in channels.items():
        face[:, arkit.index(name)] = value
    clip = Clip(face, arkit.CHANNELS, Fraction(30))
    binding = binding_of({}, skeleton_of(rig, use_poses=True))
    for table in retarget(clip, binding, rate=Fraction(30), start_frame=1.0):
        rig.path_resolve(table.data_path)[table.array_index] = table.values[0]
    bpy.context.view_layer.update()
    posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    return {bone.name: np.array(bone.head) for bone in posed}


def set_by_hand(rig: Any) -> dict[str, tuple[float, ...]]:
    """How the bones are posed, but for those that Rigify's own drivers pose."""
    return {
        bone.name: (*bone.location, *bone.rotation_quaternion, *bone.rotation_euler, *bone.scale)
        for bone in rig.pose.bones
        if not bone.name.startswith("MCH-")
    }


def gap(at: dict[str, np.ndarray], upper: str, lower: str) -> float:
    """How far one bone is above another."""
    return float((at[upper] - at[lower])[2])


def test_one_click_animates_it(ready: Any, rig: Any) -> None:
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    names = {path.split('"')[1] for path, _index in fcurves(rig)}
    assert ready.rig.notes.startswith("Rigify: ")
    assert ready.rig.missing == ""
    assert {"jaw_master", "lip.T", "lip.B", "lid.T.L.002", "brow.T.R.003", "head"} <= names
    assert not any(name.startswith(("DEF-", "MCH-", "ORG-")) for name in names)
    assert rig.animation_data.action.name.startswith("rig.emotalk")


def test_a_mesh_that_hangs_on_it_stands_for_it(ready: Any, rig: Any, head: Any) -> None:
    head.shape_key_clear()
    head.modifiers.new("Armature", "ARMATURE").object = rig
    ready.rig.character = head

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert fcurves(rig)


def test_remove_gives_it_back(ready: Any, rig: Any) -> None:
    rig.pose.bones["lip.T"].location = (0.0, 0.01, 0.0)
    before = set_by_hand(rig)
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(20)

    bpy.ops.emotalk.clear()

    assert set_by_hand(rig) == before
    assert rig.animation_data is None or rig.animation_data.action is None


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_lips_meet_where_the_jaw_is_open(rig: Any, share: float) -> None:
    rest = places(rig)
    opened = places(rig, jawOpen=share)
    shut = places(rig, jawOpen=share, mouthClose=share)

    for upper, lower in (("lip.T", "lip.B"), ("lip.T.L.001", "lip.B.L.001")):
        start = gap(rest, upper, lower)
        assert gap(opened, upper, lower) > start + 0.005
        # A little more than shut: other channels part lips while these close them.
        assert -0.002 < gap(shut, upper, lower) - start < 0.0005


def test_lids_meet_in_a_blink(rig: Any) -> None:
    rest = places(rig)
    shut = places(rig, eyeBlinkLeft=1.0)

    for upper, lower in (("001", "003"), ("002", "002"), ("003", "001")):
        lids = f"DEF-lid.T.L.{upper}", f"DEF-lid.B.L.{lower}"
        assert abs(gap(shut, *lids)) < 0.08 * gap(rest, *lids)
    right = "DEF-lid.T.R.002", "DEF-lid.B.R.002"
    assert gap(shut, *right) == pytest.approx(gap(rest, *right), abs=1e-5)


def test_a_pucker_narrows_and_a_smile_widens(rig: Any) -> None:
    corner = next(name for name in ("lips.L", "lip_end.L.001") if name in rig.pose.bones)
    rest, pucker = places(rig)[corner], places(rig, mouthPucker=1.0)
    smile = places(rig, mouthSmileLeft=1.0)[corner]

    assert pucker[corner][0] < 0.75 * rest[0]
    assert pucker["lip.T"][1] < -0.178  # forward: it rests at -.171
    assert smile[0] > 1.25 * rest[0]
    assert smile[2] > rest[2] + 0.007


def test_brows_go_up_and_down(rig: Any) -> None:
    rest = places(rig)["brow.T.L.003"][2]

    assert places(rig, browInnerUp=1.0)["brow.T.L.003"][2] > rest + 0.01
    assert places(rig, browDownLeft=1.0)["brow.T.L.003"][2] < rest - 0.008


@pytest.mark.parametrize(("channel", "degrees"), [("eyeLookUpLeft", 25), ("eyeLookOutLeft", 30)])
def test_eyes_turn_to_where_they_are_aimed(rig: Any, channel: str, degrees: float) -> None:
    def looks() -> Any:
        posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        return posed["MCH-eye.L"].y_axis.copy()

    places(rig)
    ahead = looks()
    places(rig, **{channel: 1.0})

    assert np.degrees(ahead.angle(looks())) == pytest.approx(degrees, abs=1.0)


def test_looks_start_at_the_eyeballs(rig: Any) -> None:
    from emotalk.addon.bridge.keying.eyes import find_eyes
    from emotalk.addon.bridge.keying.skeletons import skeleton_of
    from emotalk.emotalk_core.retarget import binding_of

    gazer = find_eyes([], rig, binding_of({}, skeleton_of(rig, use_poses=True)))

    assert gazer is not None
    np.testing.assert_allclose(gazer.eyes.middle, [0.0, -0.1209, 1.8941], atol=1e-3)
