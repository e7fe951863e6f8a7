"""Faces made of bones: poses with known names move them, as shape keys would move a mesh."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.errors import InputError
from emotalk_core.retarget import (
    BakeOptions,
    Binding,
    BoneRest,
    BoneTarget,
    KeyTable,
    PosedBone,
    Skeleton,
    binding_of,
    match_keys,
    read_binding,
    retarget,
    write_binding,
)
from emotalk_core.rigs.matching import is_known
from emotalk_core.rigs.poses import match_poses

JAW = PosedBone("jaw", turn=(0.4, 0.0, 0.0), rotation_mode="XYZ")
LIP = PosedBone("lip", move=(0.0, 0.02, 0.0), scale=(0.5, 0.0, 0.0))
OPENS = (("jawOpen", 1.0), ("mouthClose", -1.0))
POSES = {
    "jawOpen": (JAW, PosedBone("lip", move=(0.0, -0.01, 0.0))),
    "mouthPucker": (LIP,),
    "Walk": (PosedBone("hip", move=(1.0, 0.0, 0.0)),),
}


def clip(**channels: float) -> Clip:
    """One second of a face that stands still."""
    values = np.zeros((30, arkit.N_CHANNELS), np.float32)
    for name, value in channels.items():
        values[:, arkit.index(name)] = value
    return Clip(values, arkit.CHANNELS, Fraction(30))


def keyed(binding: Binding, **channels: float) -> dict[tuple[str, int], float]:
    """The first key of each curve, by data path and array index."""
    tables: list[KeyTable] = retarget(clip(**channels), binding, rate=Fraction(24), start_frame=1.0)
    return {(table.data_path, table.array_index): float(table.values[0]) for table in tables}


def test_poses_with_known_names_add_up_on_their_bones() -> None:
    binding = binding_of({}, Skeleton("Rig", poses=POSES))

    values = keyed(binding, jawOpen=0.5, mouthPucker=1.0)

    assert values[('pose.bones["jaw"].rotation_euler', 0)] == pytest.approx(0.2)
    assert values[('pose.bones["lip"].location', 1)] == pytest.approx(0.02 - 0.005)
    assert values[('pose.bones["lip"].scale', 0)] == pytest.approx(1.5)
    assert not any("hip" in path for path, _index in values)


def test_only_what_some_pose_moves_is_keyed() -> None:
    values = keyed(binding_of({}, Skeleton("Rig", poses=POSES)))

    assert sorted(index for path, index in values if path.endswith("location")) == [1]
    assert sorted(index for path, index in values if path.endswith("scale")) == [0]
    assert values[('pose.bones["lip"].scale', 0)] == 1.0


def test_visemes_can_be_poses() -> None:
    names = ("viseme_aa", "viseme_PP", "viseme_E", "viseme_U", "viseme_FF")
    poses = {name: (PosedBone("mouth", move=(0.0, 0.1, 0.0)),) for name in names}

    binding = binding_of({}, Skeleton("Rig", poses=poses))

    sources = {name for item in binding.driven for name, _weight in item.sources}
    assert sources == {"viseme.aa", "viseme.PP", "viseme.E", "viseme.ou", "viseme.FF"}


def test_keys_go_before_poses() -> None:
    face = {"Face": match_keys(["jawOpen", "mouthSmileLeft"])}
    poses = {**POSES, "browInnerUp": (PosedBone("brow", move=(0.0, 0.0, 0.1)),)}

    binding = binding_of(face, Skeleton("Rig", poses=poses))

    moved = {item.target.bone for item in binding.driven if isinstance(item.target, BoneTarget)}
    assert moved == {"brow"}  # a mouth that keys move would open twice


def test_a_jaw_that_a_pose_opens_is_not_turned_besides() -> None:
    jaw = BoneRest("jaw", np.zeros(3), np.eye(3), "XYZ")
    eyes = [BoneRest(f"eye.{side}", np.zeros(3), np.eye(3)) for side in "LR"]
    looks = {"eyeLookUpLeft": (PosedBone("eyes", move=(0.0, 0.1, 0.0)),)}

    binding = binding_of({}, Skeleton("Rig", [jaw, *eyes], {**POSES, **looks}))

    rows = [item for item in binding.driven if isinstance(item.target, BoneTarget)]
    assert [row.sources for row in rows if row.target.bone == "jaw"] == [OPENS]
    assert not any(row.target.bone.startswith("eye.") for row in rows)


def test_lips_meet_by_the_jaw_where_no_pose_shuts_them() -> None:
    binding = binding_of({}, Skeleton("Rig", poses={"jawOpen": (JAW,)}))

    assert keyed(binding, jawOpen=0.5, mouthClose=0.5) == {
        ('pose.bones["jaw"].rotation_euler', i): pytest.approx(0.0) for i in range(3)
    }


def test_what_moves_by_millimetres_keeps_its_keys_when_these_are_thinned() -> None:
    values = np.zeros((30, arkit.N_CHANNELS), np.float32)
    values[:, arkit.index("mouthPucker")] = np.sin(np.linspace(0.0, np.pi, 30))
    purse = Clip(values, arkit.CHANNELS, Fraction(30))
    binding = binding_of({}, Skeleton("Rig", poses={"mouthPucker": (LIP,)}))

    tables = retarget(
        purse, binding, rate=Fraction(30), start_frame=1.0, options=BakeOptions(max_error=0.01)
    )

    moved = next(table for table in tables if table.data_path.endswith("location"))
    where = np.interp(np.arange(1.0, 31.0), moved.frames, moved.values)
    assert 3 <= len(moved.frames) < 30
    np.testing.assert_allclose(where, 0.02 * values[:, arkit.index("mouthPucker")], atol=2.1e-4)


def test_rows_of_poses_come_back_from_a_file(tmp_path: Path) -> None:
    binding = binding_of({}, Skeleton("Rig", poses=POSES))
    write_binding(binding, tmp_path / "rig.json")

    assert read_binding(tmp_path / "rig.json") == binding


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rig.json"
    write_binding(binding_of({}, Skeleton("Rig", poses=POSES)), file)
    file.write_text(file.read_text().replace('"kind": "turn"', '"kind": "spin"'))

    with pytest.raises(InputError, match="spin"):
        read_binding(file)


def test_faces_that_feel_by_their_keys_do_not_feel_by_poses_besides() -> None:
    names = ("aa", "ih", "ou", "ee", "oh", "happy", "sad")

    assert not match_poses(names, arkit.CHANNELS).channels
    assert "feeling.happy" in match_poses(names, ["jawOpen"]).channels


@pytest.mark.parametrize(
    "name", ["aa", "viseme_PP", "happy", "MBP", "まばたき", "JawOpen", "blink"]
)
def test_names_that_mean_something_only_together_are_known(name: str) -> None:
    assert is_known(name)


@pytest.mark.parametrize("name", ["Walk", "aa.walk", ""])
def test_other_names_are_not_known(name: str) -> None:
    assert not is_known(name)


def test_a_head_that_poses_turn_too_nods_from_where_it_was_put() -> None:
    tilted = (np.cos(0.1), np.sin(0.1), 0.0, 0.0)
    head = BoneRest("head", np.zeros(3), np.eye(3), "XYZ", tilted)
    poses = {"mouthPucker": (PosedBone("head", turn=(0.3, 0.0, 0.0), rotation_mode="XYZ"),)}

    values = keyed(binding_of({}, Skeleton("Rig", [head], poses)))

    assert values[('pose.bones["head"].rotation_euler', 0)] == pytest.approx(0.2, abs=1e-5)
