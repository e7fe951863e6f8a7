"""Faces of bones that are known by their controls' names: what each channel does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.retarget import (
    BoneRest,
    BoneTarget,
    PosedBone,
    Skeleton,
    binding_of,
    match_keys,
)
from emotalk_core.rigs.bones import face_directions
from emotalk_core.rigs.known_faces import known_face
from emotalk_core.rigs.poses import match_skeleton
from tests.core.rigify_bones import MODULAR, SUPER_FACE, Rests, rests

both_systems = pytest.mark.parametrize("table", [SUPER_FACE, MODULAR], ids=["super", "modular"])

Poses = Mapping[str, Sequence[PosedBone]]

CORNERS = {id(SUPER_FACE): "lips.L", id(MODULAR): "lip_end.L.001"}


def moves(bones: Sequence[BoneRest], poses: Poses, channel: str) -> dict[str, np.ndarray]:
    """By bone, where a channel at 1 moves it, in the armature's space."""
    by_name = {bone.name: bone for bone in bones}
    return {posed.bone: by_name[posed.bone].rest @ posed.move for posed in poses[channel]}


@both_systems
def test_all_channels_are_known_of_both_systems(table: Rests) -> None:
    poses = known_face(rests(table)).poses

    assert set(poses) == set(arkit.CHANNELS)
    assert all(poses.values())


def test_other_bones_are_no_known_face() -> None:
    spine = [bone for bone in rests(SUPER_FACE) if bone.name in {"head", "neck", "jaw"}]

    assert not known_face(spine).poses
    assert not known_face([]).poses


@both_systems
def test_a_smile_pulls_its_corner_out_and_up(table: Rests) -> None:
    bones = rests(table)

    corner = moves(bones, known_face(bones).poses, "mouthSmileLeft")[CORNERS[id(table)]]

    assert corner[0] > 0.008
    assert corner[2] > 0.006
    assert corner[1] > 0.0  # round the teeth: back


@both_systems
@pytest.mark.parametrize("channel", ["mouthSmile", "eyeBlink", "browDown", "eyeLookIn"])
def test_the_right_is_the_left_in_a_mirror(table: Rests, channel: str) -> None:
    bones = rests(table)
    left, right = (
        moves(bones, known_face(bones).poses, f"{channel}{side}") for side in ("Left", "Right")
    )

    assert len(left) == len(right) > 0
    for name, move in left.items():
        mirrored = right[name.replace(".L", ".R")]
        np.testing.assert_allclose(mirrored, move * [-1.0, 1.0, 1.0], atol=1e-9)


@both_systems
def test_lids_meet_in_a_blink(table: Rests) -> None:
    bones = rests(table)
    at = {bone.name: bone.head for bone in bones}

    blink = moves(bones, known_face(bones).poses, "eyeBlinkLeft")

    upper, lower = (at[name] + blink[name] for name in ("lid.T.L.002", "lid.B.L.002"))
    np.testing.assert_allclose(upper, lower, atol=1e-6)
    assert abs(blink["lid.T.L.002"][2]) > 5 * abs(blink["lid.B.L.002"][2])


def test_what_takes_a_lid_along_is_not_done_twice() -> None:
    bones = rests(SUPER_FACE)
    at = {bone.name: bone.head for bone in bones}

    blink = moves(bones, known_face(bones).poses, "eyeBlinkLeft")

    middle = blink["lid.T.L.002"]  # Rigify gives .6 of it to its neighbours
    opening = at["lid.B.L.001"] - at["lid.T.L.003"]
    np.testing.assert_allclose(blink["lid.T.L.003"] + 0.6 * middle, 0.9 * opening, atol=1e-6)


@both_systems
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_lips_that_close_make_up_for_the_jaw(table: Rests, share: float) -> None:
    bones = rests(table)
    by_name = {bone.name: bone for bone in bones}
    poses = known_face(bones).poses
    (jaw,) = poses["jawOpen"]
    hinge = by_name["jaw_master"]
    arm = by_name["lip.B"].head - hinge.head
    moved = share * moves(bones, poses, "mouthClose")["lip.B"]

    lower = turned(arm + moved, hinge.rest @ jaw.turn, share) - arm

    alone = turned(arm, hinge.rest @ jaw.turn, share) - arm
    assert alone[2] < -0.008  # the jaw opens the mouth
    assert 0.0 > lower[2] > 0.25 * alone[2]


def turned(arm: np.ndarray, turn: np.ndarray, share: float) -> np.ndarray:
    """`arm` turned about the x axis by a share of a turn about it."""
    np.testing.assert_allclose(turn[1:], 0.0, atol=1e-9)
    c, s = np.cos(share * turn[0]), np.sin(share * turn[0])
    return np.array([arm[0], c * arm[1] - s * arm[2], s * arm[1] + c * arm[2]])


@both_systems
def test_gaze_moves_what_eyes_are_aimed_at(table: Rests) -> None:
    bones = rests(table)
    at = {bone.name: bone.head for bone in bones}
    face = known_face(bones)

    up = moves(bones, face.poses, "eyeLookUpLeft")["eye.L"]

    far = np.linalg.norm(at["eye.L"] - face.eyes["left_eye"].head)
    assert up[2] / far == pytest.approx(np.tan(np.radians(25.0)), abs=1e-3)


def test_moves_grow_with_the_face() -> None:
    small, large = rests(SUPER_FACE), rests(SUPER_FACE, size=10.0)

    for channel in ("mouthPucker", "eyeBlinkLeft", "browInnerUp", "eyeLookInLeft", "mouthClose"):
        few, many = (moves(bones, known_face(bones).poses, channel) for bones in (small, large))
        for name, move in few.items():
            np.testing.assert_allclose(many[name], 10.0 * move, atol=1e-9)
    assert known_face(small).poses["jawOpen"][0].turn == known_face(large).poses["jawOpen"][0].turn


@both_systems
@pytest.mark.parametrize("degrees", [90.0, 180.0, -90.0, 30.0])
def test_moves_turn_with_the_body(table: Rests, degrees: float) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    ahead = rests(table)
    aside = [replace(b, head=about @ b.head, rest=about @ b.rest) for b in ahead]
    faces = known_face(ahead), known_face(aside)

    for channel in faces[0].poses:
        expected, found = (faces[i].poses[channel] for i in (0, 1))
        assert [posed.bone for posed in found] == [posed.bone for posed in expected]
        for here, there in zip(expected, found, strict=True):
            np.testing.assert_allclose(there.move, here.move, atol=1e-9)
            np.testing.assert_allclose(there.turn, here.turn, atol=1e-9)


@pytest.mark.parametrize("degrees", [90.0, 180.0])
def test_head_and_eyes_turn_with_the_body(degrees: float) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    places = {"left_eye": (0.032, -0.1, 1.7), "right_eye": (-0.031, -0.1, 1.7), "head": (0, 0, 1.6)}
    roles = {
        role: BoneRest(role, about @ np.array(place), np.eye(3)) for role, place in places.items()
    }

    directions = face_directions(roles)

    expected = about @ [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    np.testing.assert_allclose(directions, expected.T, atol=1e-9)


def test_what_is_missing_is_left_out() -> None:
    poses = known_face(rests(SUPER_FACE, without=("tongue", "lid.T", "ORG-eye", "brow"))).poses

    names = {posed.bone for some in poses.values() for posed in some}
    assert {"tongueOut", "browInnerUp", "eyeWideLeft"}.isdisjoint(poses)
    assert "eye.L" not in names
    assert {"jawOpen", "mouthClose", "mouthSmileLeft"} <= set(poses)


def test_no_bone_is_moved_twice() -> None:
    bones = rests(SUPER_FACE)

    binding = binding_of({}, Skeleton("rig", bones, known=known_face(bones).poses))

    rows = [item for item in binding.driven if isinstance(item.target, BoneTarget)]
    bones_turned = {row.target.bone for row in rows if row.target.kind == "turn"}
    assert bones_turned == {"jaw_master", "head", "neck"}  # not what eyes are aimed at, nor a chin


def made(*names: str) -> Poses:
    """Poses that somebody has made and called so."""
    return {name: (PosedBone("lip.T", move=(0.0, 1.0, 0.0)),) for name in names}


def channels(poses: Poses, moved: Sequence[str] = ()) -> set[str]:
    """What poses move of a Rigify face on which somebody has made some."""
    known = known_face(rests(SUPER_FACE)).poses
    return set(match_skeleton(Skeleton("rig", poses=poses, known=known), moved).channels)


def test_own_poses_go_before() -> None:
    poses = made("Mouth_Smile_L")
    skeleton = Skeleton("rig", poses=poses, known=known_face(rests(SUPER_FACE)).poses)

    found = match_skeleton(skeleton)

    assert found.channels["mouthSmileLeft"] == (("Mouth_Smile_L", 1.0),)
    assert set(found.channels) == set(arkit.CHANNELS)
    assert not found.missing


@pytest.mark.parametrize(
    "names",
    [
        ("viseme_aa", "viseme_PP", "viseme_E", "viseme_U", "viseme_FF"),
        ("aa", "ih", "ou", "ee", "oh", "blink", "happy", "angry", "sad", "surprised", "relaxed"),
    ],
    ids=["visemes", "vrm"],
)
def test_where_visemes_or_vowels_are_posed_they_speak_alone(names: tuple[str, ...]) -> None:
    found = channels(made(*names))

    assert any(name.startswith(("viseme.", "vowel.")) for name in found)
    assert not any(name.startswith(("mouth", "jaw")) for name in found)
    assert "eyeLookUpLeft" in found


def test_feelings_that_are_posed_stand_for_their_brows() -> None:
    found = channels(made("aa", "ih", "ou", "ee", "oh", "happy", "angry", "sad", "surprised"))

    assert "feeling.happy" in found
    assert "browInnerUp" not in found
    assert "eyeBlinkLeft" in found


def test_keys_go_before() -> None:
    found = channels({}, moved=["jawOpen", "browInnerUp"])

    assert not any(name.startswith(("mouth", "jaw")) for name in found)
    assert "browInnerUp" not in found
    assert {"browDownLeft", "eyeBlinkLeft"} <= found


def test_eyes_are_aimed_where_the_keys_of_a_face_look_with_its_lids() -> None:
    bones = rests(SUPER_FACE)
    face = known_face(bones)
    skeleton = Skeleton("rig", bones, known=face.poses, aims=face.aims)
    keys = {"Face": match_keys(arkit.CHANNELS)}

    of_face, of_eyes = (
        {row.target.bone for row in binding_of(found, skeleton, use_head=False).driven
         if isinstance(row.target, BoneTarget)}
        for found in (keys, {**keys, "Eye": match_keys(["eyeLookUpLeft"])})
    )  # fmt: skip

    assert of_face == {"eye.L", "eye.R"}
    assert not of_eyes  # a mesh that looks by itself


def test_what_eyes_are_aimed_at_is_not_turned() -> None:
    bones = rests(SUPER_FACE)
    skeleton = Skeleton("rig", bones, aims=known_face(bones).aims)

    binding = binding_of({}, skeleton)

    turned_bones = {row.target.bone for row in binding.driven if isinstance(row.target, BoneTarget)}
    assert turned_bones == {"jaw_master", "head", "neck"}
