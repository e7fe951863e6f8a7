"""Bad input through the button: one line with the value and the remedy, the scene as it was."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.bridge.keying.plans import check_at_once
from emotalk.addon.operators import watched

from tests.addon.layouts import Layout
from tests.addon.scenes import (
    add_strip,
    fcurves,
    keys_of,
    linked,
    make_head,
    needs_sound,
    put_bones_under,
    state,
    voice_of,
)


def assert_refused(match: str) -> None:
    before = state()
    with pytest.raises(RuntimeError, match=match) as caught:
        bpy.ops.emotalk.animate()
    assert "Unexpected" not in str(caught.value)
    assert str(caught.value).strip().count("\n") == 0
    assert state() == before


def test_linked_character_is_refused_before_anything_is_heard(
    ready: Any, head: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ready.rig.character] = linked(tmp_path / "library.blend", head)
    heard = list[object]()
    monkeypatch.setattr(watched, "animate", lambda *asked: heard.append(asked))

    assert_refused(r"Linked data cannot be animated: 'Head'. Make a library override of its mesh")

    assert not heard


def test_drivers_of_linked_keys_may_leave_nothing_to_write(head: Any, tmp_path: Path) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    linked(tmp_path / "library.blend", head)

    check_at_once(["Head", "of nobody"])


def test_linked_armature_of_a_local_face_is_refused(ready: Any, head: Any, tmp_path: Path) -> None:
    [head.parent] = linked(tmp_path / "library.blend", put_bones_under(head))

    assert_refused(r"Linked data cannot be animated: 'Armature'.*in Rig, and Use Poses")


@pytest.mark.parametrize(
    "name", ["animate", "refresh", "clear", "find_rig", "add_demo_character", "import_clip"]
)
def test_a_linked_scene_is_left_alone(ready: Any, tmp_path: Path, name: str) -> None:
    bpy.ops.emotalk.animate()
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library), copy=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, into):
        into.scenes = ["Scene"]
    bpy.context.window.scene = into.scenes[0]
    before = state()

    with pytest.raises(RuntimeError, match="This scene is linked from another file"):
        getattr(bpy.ops.emotalk, name)()

    assert state() == before


def test_an_instance_of_a_collection_is_told_as_that(ready: Any, head: Any) -> None:
    faces = bpy.data.collections.new("Faces")
    faces.objects.link(head)
    instance = bpy.data.objects.new("Instance", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", faces
    bpy.context.scene.collection.objects.link(instance)
    ready.rig.character = instance

    assert_refused(r"Only an instance of a collection: 'Instance'. Choose a face of that")


def test_mesh_in_tweak_mode_is_refused(ready: Any, head: Any) -> None:
    data = head.data.shape_keys.animation_data_create()
    action = bpy.data.actions.new("Mine")
    data.nla_tracks.new().strips.new("Mine", 1, action)
    data.nla_tracks[0].is_solo = False
    data.use_tweak_mode = True
    if not data.use_tweak_mode:
        pytest.skip("this Blender enters tweak mode only with a selected strip")

    assert_refused(r"An NLA strip is being edited: 'Head'. Leave tweak mode")


def test_no_character_and_no_sound_are_told_by_the_grey_button(ready: Any, head: Any) -> None:
    ready.rig.character = None
    bpy.context.view_layer.objects.active = None
    assert_refused("Choose a character, or add the demo character")

    ready.rig.character, ready.filepath = head, ""
    assert_refused("Pick a sound file")

    ready.source = "SPEAKER"
    assert_refused("Pick a Speaker object")


@needs_sound
def test_strip_that_is_gone_is_named_with_those_there(ready: Any, speech: Path) -> None:
    add_strip(speech)
    ready.source, ready.strip = "STRIP", "Line 7"

    assert_refused(r"No sound strip of this name: 'Line 7'. Sound strips in the scene: speech")


@pytest.mark.parametrize("config", [None, "{", '{"format_version": 99}'])
def test_missing_or_damaged_model_is_one_line(
    addon: ModuleType,
    head: Any,
    speech: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str | None,
) -> None:
    from emotalk.addon.bridge.asked import prepared
    from emotalk.addon.bridge.jobs.work import EngineSettings

    folder = tmp_path / "my model"
    if config is not None:
        folder.mkdir()
        (folder / "config.json").write_text(config)
    monkeypatch.setattr(prepared.settings, "engine_settings", lambda: EngineSettings(folder))
    ours = bpy.context.scene.emotalk
    ours.source, ours.filepath, ours.rig.character = "FILE", str(speech), head

    assert_refused("my model|format version of a model folder: 99")


@needs_sound
def test_full_disk_while_unpacking_is_one_line(
    ready: Any, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = add_strip(speech)
    strip.sound.pack()
    speech.unlink()
    ready.source = "STRIP"

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    assert_refused(r"Cannot write \(No space left on device\): .*emotalk_.*Free disk space")


def test_cache_that_cannot_be_written_costs_nothing(
    ready: Any, head: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.asked import prepared
    from emotalk.addon.bridge.jobs.work import EngineSettings

    (tmp_path / "file").write_text("a file where the folder should be")
    settings = EngineSettings(tmp_path, cache=tmp_path / "file" / "cache")
    monkeypatch.setattr(prepared.settings, "engine_settings", lambda: settings)

    assert bpy.ops.emotalk.animate() == {"FINISHED"}
    assert len(voice_of(head, "jawOpen")[0]) == 73


def flame_head() -> Any:
    """A FLAME head as importers make it: expression keys, and an armature with its bones."""
    bpy.ops.object.armature_add(enter_editmode=True)
    armature = bpy.context.object
    armature.name = "Flame"
    bones = armature.data.edit_bones
    bones[0].name = "root"
    for name, parent, z in (
        ("neck", "root", 1.0),
        ("jaw", "neck", 1.1),
        ("left_eye", "neck", 1.2),
        ("right_eye", "neck", 1.2),
    ):
        bone = bones.new(name)
        bone.head, bone.tail, bone.parent = (0, 0, z), (0, -0.1, z), bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    face = make_head("Face", ("Exp1", "Exp2", "Exp3"))
    face.parent = armature
    return face


def test_flame_head_without_a_matrix_moves_its_bones_and_says_so(ready: Any) -> None:
    face = flame_head()
    ready.rig.character = face

    bpy.ops.emotalk.animate()

    paths = {path for path, _ in fcurves(face.parent)}
    assert any('"jaw"' in path for path in paths)
    assert any('"left_eye"' in path for path in paths)
    assert not fcurves(face.data.shape_keys)
    assert "FLAME head with 3 expression keys" in ready.takes[0].warnings


def test_a_matrix_file_is_offered_to_flame_heads_alone(ready: Any, head: Any) -> None:
    from emotalk.addon.ui.rig import _draw_flame

    def labels(face: Any) -> list[str]:
        layout = Layout()
        ready.rig.character = face
        _draw_flame(layout, bpy.context)
        return layout.labels

    assert labels(head) == []
    assert labels(flame_head()) == ["FLAME matrix file"]
    ready.rig.matrix_path = "matrix.csv"  # so that it can be taken away again
    assert labels(head) == ["FLAME matrix file"]


@pytest.mark.parametrize("with_teeth", [False, True])
def test_flame_head_without_a_matrix_moves_its_bones_when_it_was_listed(
    ready: Any, *, with_teeth: bool
) -> None:
    face = flame_head()
    ready.rig.character = face
    if with_teeth:  # they speak, and hang on no bones
        face.modifiers.new("Bones", "ARMATURE").object = face.parent
        top = face.parent = bpy.data.objects.new("Top", None)
        bpy.context.scene.collection.objects.link(top)
        make_head("Teeth", ("jawOpen",)).parent = top
    bpy.ops.emotalk.find_rig()

    bpy.ops.emotalk.animate()

    paths = {path for path, _ in fcurves(bpy.data.objects["Flame"])}
    assert any('"left_eye"' in path for path in paths)


def test_flame_head_that_was_listed_gets_its_matrix_later(ready: Any, tmp_path: Path) -> None:
    face = flame_head()
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("channel,Exp1,Exp2\njawOpen,1.0,-0.5\n")
    ready.rig.character = face
    bpy.ops.emotalk.find_rig()
    ready.rig.targets[0].use = False  # as an earlier version left it
    ready.rig.matrix_path = str(matrix)

    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    assert np.ptp(keys_of(face, "Exp1")[1]) > 0.1
    ready.rig.targets[0].use = False
    bpy.ops.emotalk.find_rig()
    assert not ready.rig.targets[0].use


def test_flame_head_with_a_matrix_moves_its_expressions(ready: Any, tmp_path: Path) -> None:
    face = flame_head()
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("channel,Exp1,Exp2\njawOpen,1.0,-0.5\n")
    ready.rig.character, ready.rig.matrix_path = face, str(matrix)

    bpy.ops.emotalk.animate()

    first, second = keys_of(face, "Exp1")[1], keys_of(face, "Exp2")[1]
    assert np.ptp(first) > 0.1
    np.testing.assert_allclose(second, -0.5 * first, atol=1e-6)
    assert face.data.shape_keys.key_blocks["Exp2"].slider_min <= second.min()
    assert "FLAME" not in ready.takes[0].warnings


def test_bad_flame_matrix_is_one_line(ready: Any, tmp_path: Path) -> None:
    ready.rig.character = flame_head()
    ready.rig.matrix_path = str(tmp_path / "none.csv")

    assert_refused("none.csv")


def test_a_matrix_for_more_keys_than_the_face_has_is_told(ready: Any, tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("channel,Exp1,Exp9\njawOpen,1.0,-0.5\n")
    ready.rig.character, ready.rig.matrix_path = flame_head(), str(matrix)

    assert_refused(r"lacks an expression key of the matrix: 'Exp9'.*has 3")


def test_a_flame_head_that_nothing_can_move_is_told_as_that(ready: Any) -> None:
    ready.rig.character = make_head("Face", ("Exp1", "Exp2"))

    assert_refused(r"FLAME head without bones and matrix: 'Face'.*FLAME Matrix")
