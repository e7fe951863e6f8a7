"""A talking character in the files that other programs read, written as the manual says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np
import pytest
from emotalk.addon.demo import character

from tests.addon.copy_scenes import APART
from tests.addon.pose_scenes import add_pose, make_rig
from tests.addon.scenes import fcurves, make_head, push_down, put_bones_under

END = 160  # the scene's last frame
FRAMES = range(1, END + 1, 3)


@dataclass(frozen=True)
class Way:
    """A kind of file, and what the manual says has to be set for it."""

    suffix: str
    exporter: str
    importer: str
    settings: Mapping[str, Any]
    add_on: str = ""  # that both are in
    earlier: int = 0  # frames by which all comes sooner
    reading: Mapping[str, Any] = field(default_factory=dict)

    def pass_on(self, folder: Path, **others: Any) -> None:
        """The open scene into a file, and that file alone out of it."""
        path = str(folder / f"talk{self.suffix}")
        _operator(self.exporter)(filepath=path, **{**self.settings, **others})
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.enable()
        _operator(self.importer)(filepath=path, **self.reading)

    def there(self, frames: Sequence[int]) -> list[int]:
        """Where these frames are in it."""
        return [frame - self.earlier for frame in frames]

    def enable(self) -> None:
        """The add-on that has the operators."""
        if self.add_on:
            addon_utils.enable(self.add_on)


def _operator(path: str) -> Any:
    group, name = path.split(".")
    return getattr(getattr(bpy.ops, group), name)


GLTF = Way(
    ".glb",
    "export_scene.gltf",
    "import_scene.gltf",
    {
        "export_animation_mode": "SCENE",
        "export_anim_scene_split_object": False,
        "export_anim_slide_to_zero": True,
    },
    add_on="io_scene_gltf2",
    earlier=1,  # the scene's first frame is second 0
)
FBX = Way(
    ".fbx",
    "export_scene.fbx",
    "import_scene.fbx",
    {
        "use_mesh_modifiers": False,
        "bake_anim_use_nla_strips": False,
        "bake_anim_use_all_actions": False,
        "bake_anim_simplify_factor": 0.0,
    },
    add_on="io_scene_fbx",
    reading={"anim_offset": 0.0},
)
USD = Way(".usdc", "wm.usd_export", "wm.usd_import", {"export_animation": True})
ALEMBIC = Way(
    ".abc",
    "wm.alembic_export",
    "wm.alembic_import",
    {"apply_subdiv": True},
    reading={"as_background_job": False},
)


@pytest.fixture(params=[GLTF, FBX, USD], ids=["gltf", "fbx", "usd"])
def way(request: pytest.FixtureRequest) -> Any:
    """Each way in which keys arrive as keys."""
    way = request.param
    if way.add_on and way.add_on not in {module.__name__ for module in addon_utils.modules()}:
        pytest.skip(f"this wheel comes without {way.add_on}")
    way.enable()
    return way


@pytest.fixture
def talker(ready: Any, head: Any, second: str) -> None:
    """An armature that walks and nods by an Action of its own, with a face and teeth on it that say
    two takes; the face is subdivided.
    """
    armature = put_bones_under(head)
    for part in (head, make_head("Teeth", ("jawOpen", "mouthClose"))):
        bend(part, armature)
    subdivision = head.modifiers.new("Subdivision", "SUBSURF")
    subdivision.levels = subdivision.render_levels = 1
    bone = armature.pose.bones["head"]
    for frame, turn, x in ((1, 0.0, 0.0), (END, 0.5, 2.0)):
        bone.rotation_quaternion = (np.cos(turn), np.sin(turn), 0.0, 0.0)
        bone.keyframe_insert("rotation_quaternion", frame=frame)
        armature.location.x = x
        armature.keyframe_insert("location", frame=frame)
    ready.rig.character = armature
    bpy.ops.emotalk.animate()
    ready.filepath, ready.start_frame = second, APART
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_end = END


@pytest.fixture
def bone_face(ready: Any) -> None:
    """A mesh without keys that speaks by poses of the bones that bend it."""
    rig = make_rig("jaw", "lip")
    add_pose(rig, "jawOpen", {"jaw": {"rotation_euler": (0.4, 0.0, 0.0)}})
    add_pose(rig, "mouthClose", {"lip": {"location": (0.0, 0.0, 0.3)}})
    mesh = make_head("Bent")
    mesh.shape_key_clear()
    bend(mesh, rig)
    ready.rig.character = rig
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_end = END


talks = pytest.mark.usefixtures("talker")
"""Not by arguments: what they point to is gone with the file, and pytest would show it."""


def bend(mesh: Any, armature: Any) -> None:
    """Let a mesh hang on an armature and follow all of its bones."""
    mesh.parent = armature
    mesh.modifiers.new("Armature", "ARMATURE").object = armature
    for bone in armature.data.bones:
        group = mesh.vertex_groups.new(name=bone.name)
        group.add(range(len(mesh.data.vertices)), 1.0 / len(armature.data.bones), "REPLACE")


def mesh_of(name: str) -> Any:
    """The mesh of this name, whatever number it has come with."""
    return next(o for o in bpy.data.objects if o.name.startswith(name) and o.type == "MESH")


def played(frames: Sequence[int], *keys: tuple[str, str]) -> np.ndarray:
    """Values (T, K) of these keys of meshes; USD numbers those of one name on several meshes."""
    blocks = [key_of(mesh, name) for mesh, name in keys]
    rows = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        rows.append([block.value for block in blocks])
    return np.array(rows)


def key_of(mesh: str, name: str) -> Any:
    """A mesh's shape key of this name, perhaps with a number behind it."""
    blocks = mesh_of(mesh).data.shape_keys.key_blocks
    return next(block for block in blocks if block.name.rstrip("0123456789") == name)


def corners(mesh: str, frames: Sequence[int]) -> np.ndarray:
    """Where a mesh's vertices are in the world (T, N, 3), as keys, bones and modifiers put them."""
    rows = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        shown = mesh_of(mesh).evaluated_get(bpy.context.evaluated_depsgraph_get())
        rows.append([shown.matrix_world @ vertex.co for vertex in shown.to_mesh().vertices])
    return np.array(rows)


KEYS = (("Head", "jawOpen"), ("Head", "mouthClose"), ("Teeth", "jawOpen"), ("Teeth", "mouthClose"))


@talks
def test_all_frames_of_both_takes_arrive_on_all_meshes(way: Way, tmp_path: Path) -> None:
    values = played(FRAMES, *KEYS)
    assert np.ptp(values, axis=0).min() > 1e-3

    way.pass_on(tmp_path)

    assert played(way.there(FRAMES), *KEYS) == pytest.approx(values, abs=1e-6)


@talks
def test_face_goes_along_with_nods_on_top_of_the_bodys_own_action(way: Way, tmp_path: Path) -> None:
    body = bpy.data.objects["Armature"]
    assert body.animation_data.nla_tracks
    assert fcurves(body)
    places = corners("Teeth", FRAMES)

    way.pass_on(tmp_path)

    assert corners("Teeth", way.there(FRAMES)) == pytest.approx(places, abs=1e-4)


@talks
def test_takes_that_were_pushed_down_arrive(way: Way, tmp_path: Path) -> None:
    for mesh in ("Head", "Teeth"):
        push_down(mesh_of(mesh).data.shape_keys)
    values = played(FRAMES, *KEYS)
    assert np.ptp(values, axis=0).min() > 1e-3

    way.pass_on(tmp_path)

    assert played(way.there(FRAMES), *KEYS) == pytest.approx(values, abs=1e-6)


@pytest.mark.usefixtures("bone_face")
def test_bones_that_poses_move_arrive(way: Way, tmp_path: Path) -> None:
    places = corners("Bent", FRAMES)
    assert np.ptp(places, axis=0).max() > 1e-2

    way.pass_on(tmp_path)

    assert corners("Bent", way.there(FRAMES)) == pytest.approx(places, abs=1e-5)


@talks
def test_alembic_shows_the_same_face(tmp_path: Path) -> None:
    places = corners("Head", FRAMES)

    ALEMBIC.pass_on(tmp_path)

    assert corners("Head", FRAMES) == pytest.approx(places, abs=1e-5)
    assert mesh_of("Head").data.shape_keys is None


def test_demo_character_arrives_in_usd_with_her_bones(tmp_path: Path) -> None:
    rig = character.build(bpy.context.scene).root
    bones = {bone.name.replace(".", "_") for bone in rig.data.bones}

    USD.pass_on(tmp_path)

    (there,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    assert {bone.name for bone in there.data.bones} == bones


@talks
@pytest.mark.parametrize("way", [FBX], indirect=True, ids=["fbx"])
def test_fbx_with_modifiers_applied_loses_a_subdivided_faces_keys(way: Way, tmp_path: Path) -> None:
    way.pass_on(tmp_path, use_mesh_modifiers=True)

    assert mesh_of("Head").data.shape_keys is None
    assert mesh_of("Teeth").data.shape_keys is not None
