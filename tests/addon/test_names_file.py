"""Keys with names of their own, by a file that says what drives each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import fcurves, keys_of, make_head


def rows_of(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of a names file by key."""
    rows = json.loads(path.read_text(encoding="utf-8"))["driven"]
    return {row.get("key", row.get("bone")): row for row in rows}


def save_names(folder: Path, **sources: dict[str, float]) -> Path:
    """The character's names file, with `sources` filled in for some keys."""
    path = folder / "names.json"
    bpy.ops.emotalk.save_names(filepath=str(path))
    document = json.loads(path.read_text(encoding="utf-8"))
    for row in document["driven"]:
        row["sources"] = sources.get(row["key"], row["sources"])
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def robot(ready: Any) -> Any:
    """A face whose keys nobody knows."""
    robot = make_head("Robot", ("Klappe", "Blende"))
    ready.rig.character = robot
    return robot


def test_unknown_names_are_listed_to_fill_in(robot: Any, tmp_path: Path) -> None:
    path = save_names(tmp_path)

    assert {key: row["sources"] for key, row in rows_of(path).items()} == {
        "Klappe": {},
        "Blende": {},
    }


def test_a_face_speaks_by_names_of_its_own(ready: Any, robot: Any, tmp_path: Path) -> None:
    ready.rig.names_path = str(save_names(tmp_path, Klappe={"jawOpen": 2.0}))

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    _, values = keys_of(robot, "Klappe")
    assert np.ptp(values) > 0.1
    assert {path for path, _ in fcurves(robot.data.shape_keys)} == {'key_blocks["Klappe"].value'}


def test_without_a_file_the_way_is_told(robot: Any) -> None:
    with pytest.raises(RuntimeError, match=r"'Robot'.*Names File"):
        bpy.ops.emotalk.animate()


def test_the_files_rows_go_before_what_is_found(ready: Any, head: Any, tmp_path: Path) -> None:
    path = save_names(tmp_path, jawOpen={}, mouthPucker={"jawOpen": 1.0})
    ready.rig.names_path = str(path)

    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    assert ('key_blocks["jawOpen"].value', 0) not in fcurves(head.data.shape_keys)
    assert np.ptp(keys_of(head, "mouthPucker")[1]) > 0.1
    assert np.ptp(keys_of(head, "mouthSmileLeft")[1]) >= 0.0


def test_a_take_keeps_its_names_for_the_sliders(ready: Any, robot: Any, tmp_path: Path) -> None:
    ready.rig.names_path = str(save_names(tmp_path, Blende={"mouthSmileLeft": 1.0}))
    bpy.ops.emotalk.animate()
    ready.rig.names_path = ""

    ready.takes[0].controls.happy = 1.0
    bpy.ops.emotalk.refresh()

    assert keys_of(robot, "Blende")[1].mean() > 0.3


def test_find_face_meshes_counts_them(ready: Any, robot: Any, tmp_path: Path) -> None:
    ready.rig.names_path = str(save_names(tmp_path, Klappe={"jawOpen": 1.0}))

    bpy.ops.emotalk.find_rig()

    item = ready.rig.targets[0]
    assert (item.use, item.label, item.n_found) == (True, "Names file", 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"object": "Somebody"}, "of another character: 'Somebody'"),
        ({"sources": {"jawOpne": 1.0}}, "jawOpne"),
        ({"key": "Gone", "sources": {"jawOpen": 1.0}}, "key is gone: 'Robot: Gone'.*names file"),
        ({"key": "Basis", "sources": {"jawOpen": 1.0}}, "A shape key is gone: 'Robot: Basis'"),
        ({"bone": "jaw", "sources": {"jawOpen": 1.0}}, "A bone is gone: 'Robot: jaw'"),
        ({"sources": {}}, r"drives nothing: '.*names\.json'. Fill in the sources"),
        ({"sources": ["jawOpen"]}, "'row 1'. sources need braces"),
        ({"lower": 2.0}, r"wrong way round: 'row 1: \(2.0, 1.0\)'"),
        ({"gain": float("nan")}, "no number: 'row 1: nan"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(
    ready: Any, robot: Any, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    path = save_names(tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["driven"] = [document["driven"][0] | change]
    path.write_text(json.dumps(document), encoding="utf-8")
    ready.rig.names_path = str(path)

    with pytest.raises(RuntimeError, match=told):
        bpy.ops.emotalk.animate()

    assert robot.data.shape_keys.animation_data is None


def test_a_bone_that_is_not_there_is_told_before_the_first_change(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    bpy.ops.object.armature_add()
    bpy.context.object.name = "Arm"
    head.parent = bpy.context.object
    ready.rig.character = head
    path = tmp_path / "names.json"
    bpy.ops.emotalk.save_names(filepath=str(path))
    document = json.loads(path.read_text(encoding="utf-8"))
    document["driven"].append({"object": "Arm", "bone": "Bonee", "sources": {"jawOpen": 1}})
    path.write_text(json.dumps(document), encoding="utf-8")
    ready.rig.names_path = str(path)

    with pytest.raises(RuntimeError, match="A bone is gone"):
        bpy.ops.emotalk.animate()

    assert head.data.shape_keys.animation_data is None


def test_a_names_file_of_another_is_not_saved_over_what_is_known(
    ready: Any, head: Any, tmp_path: Path
) -> None:
    path = save_names(tmp_path)
    ready.rig.names_path = str(path)
    head.name = "Somebody"

    with pytest.raises(RuntimeError, match="of another character"):
        bpy.ops.emotalk.save_names(filepath=str(tmp_path / "again.json"))
