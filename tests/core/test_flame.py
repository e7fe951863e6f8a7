"""FLAME heads: bones, expression matrices."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.errors import EmoTalkError, InputError, RigError
from emotalk_core.retarget import (
    Binding,
    BoneAngles,
    BoneRest,
    BoneTarget,
    Driven,
    ExpressionMatrix,
    Skeleton,
    binding_of,
    match_bones,
    match_keys,
    read_expression_matrix,
    retarget,
)

OFFICIAL = ["Base", *(f"Shape{n}" for n in range(1, 4)), *(f"Exp{n}" for n in range(1, 6))]
SMPLX = ["Base", *(f"Shape{n:03d}" for n in range(3)), *(f"Exp{n:03d}" for n in range(5))]

# Joints of the mean FLAME head in metres, rounded: +X is its left, +Y up, +Z forward.
JOINTS = {
    "root": (0.0, -0.16, -0.04),
    "neck": (0.0, -0.02, -0.02),
    "jaw": (0.0, 0.0, 0.0),
    "left_eye": (0.03, 0.03, 0.06),
    "right_eye": (-0.03, 0.03, 0.06),
}


def bones(**names: str) -> list[BoneRest]:
    return [BoneRest(names.get(n, n), np.array(at), np.eye(3)) for n, at in JOINTS.items()]


def clip_with(**channels: float) -> Clip:
    names = (*arkit.CHANNELS, *arkit.HEAD_CHANNELS)
    values = np.zeros((1, len(names)), np.float32)
    for name, value in channels.items():
        values[0, names.index(name)] = value
    return Clip(values, names, Fraction(30))


def turned(
    binding: Binding, bone: str, vector: tuple[float, float, float], clip: Clip
) -> np.ndarray:
    """Where `vector` of a bone points after the first key, worked out from the quaternion keys."""
    tables = retarget(clip, binding, rate=Fraction(30), start_frame=1)
    path = f'pose.bones["{bone}"].rotation_quaternion'
    w, *axis = (float(table.values[0]) for table in tables if table.data_path == path)
    cross = 2 * np.cross(axis, vector)
    return np.asarray(vector) + w * cross + np.cross(axis, cross)


def flame(**options: object) -> Binding:
    return binding_of({"Face": match_keys(OFFICIAL)}, Skeleton("Rig", bones()), **options)


@pytest.mark.parametrize("names", [OFFICIAL, SMPLX])
def test_flame_keys_are_recognised_and_bones_alone_are_said(names: list[str]) -> None:
    matching = match_keys(names)

    assert (matching.convention, matching.channels) == ("flame", {})
    assert "5 expression keys" in matching.notes[0]
    assert "bones" in matching.notes[0]


def test_the_jaw_opens_downwards_by_the_documented_angle() -> None:
    chin = turned(flame(), "jaw", (0.0, 0.0, 1.0), clip_with(jawOpen=1.0))

    assert chin == pytest.approx([0.0, -np.sin(0.42), np.cos(0.42)], abs=1e-6)


def test_the_angle_of_the_jaw_can_be_set() -> None:
    binding = flame(angles=BoneAngles(jaw_open=0.2))

    assert turned(binding, "jaw", (0.0, 0.0, 1.0), clip_with(jawOpen=1.0))[1] < -0.19


def test_without_lip_keys_mouth_close_shuts_the_jaw() -> None:
    pressed = clip_with(jawOpen=0.4, mouthClose=0.4)

    assert turned(flame(), "jaw", (0.0, 0.0, 1.0), pressed) == pytest.approx([0, 0, 1])


def test_lids_with_keys_leave_closing_the_lips_to_the_jaw() -> None:
    lids = {"Lashes": match_keys(["eyeBlinkLeft", "eyeBlinkRight"])}
    binding = binding_of(lids, Skeleton("Rig", bones()))
    pressed = clip_with(jawOpen=0.4, mouthClose=0.4)

    assert turned(binding, "jaw", (0.0, 0.0, 1.0), pressed) == pytest.approx([0, 0, 1])


@pytest.mark.parametrize(
    ("bone", "channel", "towards"),
    [
        ("left_eye", "eyeLookOutLeft", (1, 0, 0)),
        ("left_eye", "eyeLookInLeft", (-1, 0, 0)),
        ("right_eye", "eyeLookOutRight", (-1, 0, 0)),
        ("right_eye", "eyeLookInRight", (1, 0, 0)),
        ("left_eye", "eyeLookUpLeft", (0, 1, 0)),
        ("right_eye", "eyeLookDownRight", (0, -1, 0)),
        ("neck", "headYaw", (1, 0, 0)),
        ("neck", "headPitch", (0, 1, 0)),
    ],
)
def test_eyes_and_neck_turn_the_right_way(bone: str, channel: str, towards: tuple) -> None:
    gaze = turned(flame(), bone, (0.0, 0.0, 1.0), clip_with(**{channel: 0.5}))

    assert np.dot(gaze, towards) > 0.2


def test_a_head_that_is_left_alone_changes_nothing_else() -> None:
    with_head, without = flame(), flame(use_head=False)

    assert set(without.driven) < set(with_head.driven)
    left_out = {name for d in set(with_head.driven) - set(without.driven) for name, _ in d.sources}
    assert left_out == set(arkit.HEAD_CHANNELS)


def test_a_positive_roll_leans_to_the_left_shoulder() -> None:
    crown = turned(flame(), "neck", (0.0, 1.0, 0.0), clip_with(headRoll=0.3))

    assert crown == pytest.approx([np.sin(0.3), np.cos(0.3), 0.0], abs=1e-6)


def test_blender_bones_that_point_up_turn_the_same_way() -> None:
    """Bone axes: x is the face's left, y points up, z forward; armature space has +Z up and -Y
    forward.
    """
    rest = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]).T
    head = BoneRest("head", np.zeros(3), rest)
    binding = binding_of({"Face": match_keys(["jawOpen"])}, Skeleton("Rig", [head]))

    forward = rest.T @ np.array([0.0, -1.0, 0.0])
    lifted = rest @ turned(binding, "head", tuple(forward), clip_with(headPitch=0.3))

    assert lifted == pytest.approx([0.0, -np.cos(0.3), np.sin(0.3)], abs=1e-6)


@pytest.mark.parametrize(
    "names",
    [
        {"left_eye": "left_eye_smplhf", "right_eye": "right_eye_smplhf"},
        {"left_eye": "eyeball.L", "right_eye": "eyeball.R", "jaw": "Jaw"},
        {"left_eye": "LeftEye", "right_eye": "RightEye"},
        {"left_eye": "mixamorig:l_eye", "right_eye": "mixamorig:r_eye", "neck": "Neck"},
        {"left_eye": "left_eyeball", "right_eye": "right_eyeball"},
    ],
)
def test_bones_are_found_in_usual_spellings(names: dict[str, str]) -> None:
    roles = match_bones(bones(**names))

    assert {role: bone.name for role, bone in roles.items()} == {
        role: names.get(role, role) for role in ("jaw", "neck", "left_eye", "right_eye")
    }


@pytest.mark.parametrize(
    ("head", "neck"),
    [
        ("J_Bip_C_Head", "J_Bip_C_Neck"),
        ("c_head.x", "c_neck.x"),
        ("head.x", "neck.x"),
        ("Bip01 Head", "Bip01 Neck"),
        ("DEF-head", "DEF-neck"),
        ("頭", "首"),
        ("CC_Base_Head", "CC_Base_NeckTwist01"),
        ("Head_M", "Neck_M"),
    ],
)
def test_heads_of_usual_rigs_are_found(head: str, neck: str) -> None:
    rest = [BoneRest(name, np.zeros(3), np.eye(3)) for name in ("Hips", head, neck)]

    roles = match_bones(rest)

    assert {role: bone.name for role, bone in roles.items()} == {"head": head, "neck": neck}


@pytest.mark.parametrize(
    ("jaw", "left_eye", "right_eye"),
    [
        ("c_jawbone.x", "c_eye.l", "c_eye.r"),
        ("Jaw_M", "Eye_L", "Eye_R"),
        ("FACIAL_C_Jaw", "FACIAL_L_Eye", "FACIAL_R_Eye"),
        ("jaw_master", "eye.L", "eye.R"),
        ("DEF-jaw", "DEF-eye.L", "DEF-eye.R"),
        ("lowerJaw", "lEye", "rEye"),
        ("CC_Base_JawRoot", "CC_Base_L_Eye", "CC_Base_R_Eye"),
    ],
)
def test_faces_of_usual_bone_rigs_are_found(jaw: str, left_eye: str, right_eye: str) -> None:
    names = {"jaw": jaw, "left_eye": left_eye, "right_eye": right_eye}

    roles = match_bones([BoneRest(name, np.zeros(3), np.eye(3)) for name in names.values()])

    assert {role: bone.name for role, bone in roles.items()} == names


def test_of_a_jaw_that_is_moved_too_the_control_is_turned() -> None:
    rest = [BoneRest(n, np.zeros(3), np.eye(3)) for n in ("DEF-jaw", "jawbone.x", "c_jawbone.x")]

    assert match_bones(rest)["jaw"].name == "c_jawbone.x"


def test_of_a_control_and_what_it_moves_the_control_is_turned() -> None:
    rest = [BoneRest(name, np.zeros(3), np.eye(3)) for name in ("head.x", "c_head.x", "DEF-head")]

    assert match_bones(rest)["head"].name == "c_head.x"


def test_a_mouth_with_keys_keeps_its_jaw_bone_still() -> None:
    binding = binding_of({"Face": match_keys(["jawOpen"])}, Skeleton("Rig", bones()))

    assert "jaw" not in {d.target.bone for d in binding.driven if isinstance(d.target, BoneTarget)}


def test_eyeballs_with_keys_keep_their_bones_still() -> None:
    meshes = {
        "Eye": match_keys(["eyeLookUpLeft", "eyeLookDownLeft"]),
        "Face": match_keys(["jawOpen"]),
    }

    binding = binding_of(meshes, Skeleton("Rig", bones()))

    turning = {d.target.bone for d in binding.driven if isinstance(d.target, BoneTarget)}
    assert turning == {"neck"}


def matrix(keys: tuple[str, ...] = ("Exp1", "Exp3")) -> ExpressionMatrix:
    values = np.array([[2.0, -1.5], [0.0, 9.0]], np.float32)
    return ExpressionMatrix(("mouthSmileLeft", "mouthPucker"), keys, values)


def test_a_matrix_drives_expression_keys_within_the_slider_range() -> None:
    tables = retarget(
        clip_with(mouthSmileLeft=0.5, mouthPucker=1.0),
        flame(expressions=matrix()),
        rate=Fraction(30), start_frame=1,
    )  # fmt: skip

    values = {t.data_path: float(t.values[0]) for t in tables if t.block == "shape_keys"}
    assert values == {'key_blocks["Exp1"].value': 1.0, 'key_blocks["Exp3"].value': 3.0}


def test_limits_tell_which_sliders_must_widen() -> None:
    keys = [item for item in flame(expressions=matrix()).driven if hasattr(item.target, "key")]

    assert {(item.lower, item.upper) for item in keys} == {(-3.0, 3.0)}


def test_the_other_numbering_is_understood() -> None:
    binding = binding_of({"Face": match_keys(SMPLX)}, expressions=matrix(("Exp1", "Exp3")))

    # A matrix without an index 0 counts from one: its Exp1 is the mesh's Exp000.
    assert [item.target.key for item in binding.driven] == ["Exp000", "Exp002"]


@pytest.mark.parametrize(("own", "n"), [("jawOpen", 2), ("mouthSmileLeft", 1)])
def test_a_matrix_moves_expressions_for_what_no_other_key_does(own: str, n: int) -> None:
    binding = binding_of({"Face": match_keys([*OFFICIAL, own])}, expressions=matrix())

    assert [item.target.key for item in binding.driven] == [own, *("Exp1", "Exp3")[-n:]]


def test_keys_that_the_mesh_lacks_are_named() -> None:
    with pytest.raises(RigError, match="Exp77"):
        flame(expressions=matrix(("Exp1", "Exp77")))


def test_matrix_files_of_both_kinds_give_the_same(tmp_path: Path) -> None:
    m = matrix()
    np.savez(tmp_path / "m.npz", channels=m.channels, keys=m.keys, values=m.values)
    (tmp_path / "m.csv").write_text(
        "channel,Exp1,Exp3\nmouthSmileLeft,2,-1.5\n\nmouthPucker, 0, 9.0\n", encoding="utf-8"
    )

    for name in ("m.npz", "m.csv"):
        read = read_expression_matrix(tmp_path / name)
        assert (read.channels, read.keys) == (m.channels, m.keys)
        assert np.array_equal(read.values, m.values)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("channel,Exp1\nmouthSmirk,1\n", "mouthSmirk"),
        ("channel,smile\njawOpen,1\n", "smile"),
        ("channel;Exp1\njawOpen;1\n", "with commas between"),
        ("channel,Exp1,Exp1\njawOpen,1,1\n", "twice"),
        ("channel,Exp1\njawOpen,1\njawOpen,2\n", "twice"),
        ("channel,Exp1,Exp001\njawOpen,1,1\n", "two ways"),
        ("channel,Exp9999999999\njawOpen,1\n", "none of FLAME's"),
        ("channel,Exp1\njawOpen,much\n", "no number: 'jawOpen, Exp1: much'"),
        ("channel,Exp1,Exp2\njawOpen,1,\n", "no number: 'jawOpen, Exp2: an empty cell'"),
        ("channel,Exp1\njawOpen,nan\n", "no number: 'jawOpen, Exp1: nan'"),
        ("channel,Exp1\njawOpen,1e39\n", "no number: 'jawOpen, Exp1: inf'"),
        ("channel,Exp1,Exp2\njawOpen,1\n", "3 cells, row 2 has 2"),
    ],
)
def test_wrong_matrices_say_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=told):
        read_expression_matrix(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.npz", b"PK"),
        ("m.npz", b""),
        ("m.npz", b"channel,Exp1"),
        ("m.csv", b"\xff\xfe\x00"),
        ("m.txt", b""),
        ("gone.csv", None),
    ],
)
def test_unreadable_matrices_raise_our_own_error(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(EmoTalkError) as caught:
        read_expression_matrix(tmp_path / name)

    assert "pickle" not in str(caught.value)


def test_unknown_rotation_modes_are_refused() -> None:
    target = BoneTarget("Rig", "jaw", rotation_mode="SPIN")

    with pytest.raises(RigError, match="SPIN"):
        retarget(
            clip_with(), Binding((Driven(target, (("jawOpen", 1.0),)),)),
            rate=Fraction(30), start_frame=1,
        )  # fmt: skip
