"""Characters without shape keys: pose assets and Actions of one frame move their faces by bones."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Quaternion

from tests.addon.layouts import Layout, context_of
from tests.addon.pose_scenes import Bones, activate, add_pose, make_rig
from tests.addon.scenes import fcurves, make_head, tick

OPEN: Bones = {"jaw": {"rotation_euler": (0.4, 0.0, 0.0)}}
SHUT: Bones = {"lip": {"location": (0.0, 0.02, 0.0), "rotation_quaternion": (0.8, 0.6, 0.0, 0.0)}}


def curve_of(rig: Any, path: str, index: int) -> np.ndarray:
    """The values of one curve of the rig's Action."""
    return np.array([key.co[1] for key in fcurves(rig)[path, index].keyframe_points])


@pytest.fixture
def rig(ready: Any) -> Any:
    """A face of two bones, and the poses of an open jaw and of lips that meet."""
    rig = make_rig("jaw", "lip")
    add_pose(rig, "jawOpen", OPEN)
    add_pose(rig, "mouthClose", SHUT)
    ready.rig.character = rig
    return rig


def test_a_face_of_bones_speaks_by_its_poses(ready: Any, rig: Any) -> None:
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    jaw = curve_of(rig, 'pose.bones["jaw"].rotation_euler', 0)
    lip = curve_of(rig, 'pose.bones["lip"].location', 1)
    assert ready.rig.notes.startswith("2 poses:")
    assert "jawOpen" not in ready.rig.missing
    assert 0.02 < jaw.max() <= 0.4
    assert 0.0 < lip.max() <= 0.02
    turn = 2 * np.arcsin(curve_of(rig, 'pose.bones["lip"].rotation_quaternion', 1))
    share = lip / 0.02  # of the same pose: its turn has the same share of its angle
    np.testing.assert_allclose(turn, share * 2 * np.arcsin(0.6), atol=1e-4)


def test_the_panel_says_what_bones_move(ready: Any, rig: Any) -> None:
    bpy.ops.emotalk.find_rig()

    layout = Layout()
    bpy.types.EMOTALK_PT_speech.draw(SimpleNamespace(layout=layout), context_of(300))

    assert "Bones, 2 of 52 channels" in layout.labels


def test_remove_gives_the_bones_back(ready: Any, rig: Any) -> None:
    rig.pose.bones["lip"].location = (0.0, 0.5, 0.0)
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.clear()

    assert tuple(rig.pose.bones["lip"].location) == (0.0, 0.5, 0.0)
    assert rig.animation_data is None or rig.animation_data.action is None


def test_a_mesh_without_keys_stands_for_its_armature(ready: Any, rig: Any) -> None:
    face = make_head("Face", ())
    face.shape_key_clear()
    face.modifiers.new("Armature", "ARMATURE").object = rig
    ready.rig.character = face

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert fcurves(rig)


def test_poses_can_be_left_out(ready: Any, rig: Any) -> None:
    ready.rig.use_poses = False

    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    paths = {path for path, _index in fcurves(rig)}
    assert paths == {'pose.bones["jaw"].rotation_euler'}  # the jaw bone by its name


def test_what_moves_or_is_of_other_bones_is_no_pose(ready: Any, rig: Any) -> None:
    add_pose(rig, "mouthSmileLeft", {"lip": {"location": (1.0, 0.0, 0.0)}}, frames=(1.0, 20.0))
    other = make_rig("jaw", "cheek")
    add_pose(other, "cheekPuff", {"cheek": {"location": (1.0, 0.0, 0.0)}})

    bpy.ops.emotalk.find_rig()

    assert ready.rig.notes.startswith("2 poses:")
    assert {"mouthSmileLeft", "cheekPuff"} <= set(ready.rig.missing.split(", "))


def test_an_asset_counts_by_its_first_frame(ready: Any, rig: Any) -> None:
    bones = {"lip": {"location": (0.01, 0.0, 0.0)}}
    add_pose(rig, "mouthSmileLeft", bones, frames=(1.0, 20.0)).asset_mark()

    bpy.ops.emotalk.find_rig()

    assert ready.rig.notes.startswith("3 poses:")


def test_keys_go_before_poses(ready: Any, rig: Any) -> None:
    face = make_head("Face")
    face.parent = rig
    ready.rig.character = face

    bpy.ops.emotalk.find_rig()

    assert "poses:" not in ready.rig.notes


def test_a_body_plays_on_below(ready: Any, rig: Any) -> None:
    head = {"lip": {"location": (0.5, 0.0, 0.0)}, "jaw": {"rotation_euler": (0.0, 0.0, 0.3)}}
    walk = add_pose(rig, "Walk", head, frames=(1.0, 200.0))
    activate(rig, walk)
    bpy.ops.emotalk.animate()
    curve = fcurves(rig)['pose.bones["jaw"].rotation_euler', 0]
    frame, opened = max(((k.co[0], k.co[1]) for k in curve.keyframe_points), key=lambda k: k[1])

    bpy.context.scene.frame_set(round(frame))

    bones = rig.pose.bones
    assert bones["jaw"].rotation_euler[:] == pytest.approx((opened, 0.0, 0.3), abs=1e-5)
    assert bones["lip"].location[0] == pytest.approx(0.5)


def test_a_pose_that_is_the_active_action_does_not_stay_on_the_face(ready: Any, rig: Any) -> None:
    pose = bpy.data.actions["jawOpen"]
    activate(rig, pose)

    bpy.ops.emotalk.animate()

    assert not rig.animation_data.nla_tracks
    bpy.ops.emotalk.clear()
    assert rig.animation_data.action == pose


def test_sliders_move_posed_faces(ready: Any, rig: Any) -> None:
    add_pose(rig, "mouthSmileLeft", {"lip": {"scale": (1.0, 2.0, 1.0)}})
    bpy.ops.emotalk.animate()
    before = curve_of(rig, 'pose.bones["lip"].scale', 1)

    ready.takes[0].controls.happy = 1.0
    tick()

    assert curve_of(rig, 'pose.bones["lip"].scale', 1).max() > before.max() + 0.3


def test_how_far_eyes_turn_is_read_off_their_poses(ready: Any) -> None:
    from emotalk.addon.bridge.keying.eyes import turns_of
    from emotalk.addon.bridge.keying.rigs import rig_of
    from emotalk.emotalk_core.shaping.look import EyeTurns

    rig = make_rig("jaw", "ball", "lid", "aim")
    turn = {"ball": {"rotation_quaternion": tuple(Quaternion((0, 0, 1), 0.7))}}
    lid = {"lid": {"rotation_quaternion": tuple(Quaternion((1, 0, 0), 0.1))}}
    add_pose(rig, "eyeLookOutLeft", {**lid, **turn})
    add_pose(rig, "eyeLookUpLeft", {"aim": {"location": (0.0, 0.0, 0.2)}})
    ready.rig.character = rig

    turns = turns_of([], rig_of(ready.rig, rig)[1].binding)

    assert turns.outward == pytest.approx(0.7, abs=1e-4)
    assert turns.up == EyeTurns().up  # a target's move tells no angle


def test_a_viseme_that_is_the_active_action_does_not_stay_on_the_face(ready: Any) -> None:
    rig = make_rig("jaw", "lip")
    for name in ("viseme_aa", "viseme_PP", "viseme_E", "viseme_U", "viseme_FF"):
        add_pose(rig, name, OPEN)
    ready.rig.character = rig
    activate(rig, bpy.data.actions["viseme_PP"])

    bpy.ops.emotalk.animate()

    assert not rig.animation_data.nla_tracks


def test_each_character_has_poses_by_its_own_convention(ready: Any, rig: Any) -> None:
    from emotalk.emotalk_core.arkit import CHANNELS

    for name in CHANNELS:
        add_pose(rig, name, {"lip": {"location": (0.0, 0.1, 0.0)}})
    other = make_rig("jaw", "mouth")
    for name in ("aa", "ih", "ou", "ee", "oh"):
        add_pose(other, name, {"mouth": {"location": (0.0, 0.1, 0.0)}})

    ready.rig.character = other
    bpy.ops.emotalk.find_rig()

    assert ready.rig.notes.startswith("5 poses: VRM")


def test_names_that_another_character_has_already_are_numbered(ready: Any, rig: Any) -> None:
    other = make_rig("jaw", "mouth")
    for thing, bone in ((rig, "lip"), (other, "mouth")):
        pose = add_pose(thing, "mouthPucker", {bone: {"location": (0.0, 0.1, 0.0)}})
    ready.rig.character = other

    bpy.ops.emotalk.find_rig()

    assert pose.name == "mouthPucker.001"
    assert "mouthPucker" not in ready.rig.missing


def test_a_pose_turns_a_bone_the_short_way(ready: Any) -> None:
    from emotalk.addon.bridge.keying.pose_actions import face_poses

    rig = make_rig("jaw", "lip")
    long_way = -3.0 * Quaternion((1, 0, 0), 0.4)
    add_pose(rig, "mouthClose", {"lip": {"rotation_quaternion": tuple(long_way)}})

    assert face_poses(rig)["mouthClose"][0].turn == pytest.approx((0.4, 0.0, 0.0), abs=1e-5)


def test_what_visemes_stand_for_is_not_missing(ready: Any) -> None:
    rig = make_rig("jaw", "lip")
    for name in ("viseme_aa", "viseme_PP", "viseme_E", "viseme_U", "viseme_FF"):
        add_pose(rig, name, OPEN)
    ready.rig.character = rig

    bpy.ops.emotalk.find_rig()

    assert "eyeBlinkLeft" in ready.rig.missing
    assert "mouthPucker" not in ready.rig.missing


def test_muted_curves_of_a_pose_move_nothing(ready: Any, rig: Any) -> None:
    from emotalk.addon.bridge.compat import curves_of_poses
    from emotalk.addon.bridge.keying.pose_actions import face_poses

    for curve in curves_of_poses(bpy.data.actions["mouthClose"]):
        curve.mute = curve.data_path.endswith("location")

    (lip,) = face_poses(rig)["mouthClose"]
    assert any(lip.turn)
    assert not any(lip.move)


def test_a_slider_that_is_dragged_reads_no_pose_again(
    ready: Any, rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat

    bpy.ops.emotalk.animate()
    read: list[str] = []
    curves_of = compat.curves_of_poses
    monkeypatch.setattr(
        compat, "curves_of_poses", lambda action: read.append(action.name) or curves_of(action)
    )
    for happy in (0.2, 0.4):
        read.clear()
        ready.takes[0].controls.happy = happy
        tick()
    assert not read  # the second time

    bpy.data.actions["jawOpen"].name = "mouthFunnel"  # another pose now
    ready.takes[0].controls.happy = 0.5
    tick()
    bpy.ops.emotalk.refresh()

    assert read.count("mouthFunnel") >= 2


def test_an_import_warns_of_no_pose_that_was_found(
    ready: Any, rig: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "clip.npz")
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.export_clip(filepath=path)
    bpy.ops.emotalk.clear()
    capfd.readouterr()

    bpy.ops.emotalk.import_clip(filepath=path)

    assert "Warning" not in capfd.readouterr().out
    assert "2 poses: ARKit names." in ready.takes[0].warnings
